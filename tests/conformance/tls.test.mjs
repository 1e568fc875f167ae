// The chat server over TLS: https, both transports, certificates that change, and peers that misbehave.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { Agent } from "node:https";
import { test } from "node:test";

import { Certificates, connectTls, greeting } from "../support/certificates.mjs";
import { run, temporaryFolder, useServer, withServer } from "../support/coterie.mjs";
import { RawConnection, parseResponses, request } from "../support/http.mjs";
import { Child, until } from "../support/process.mjs";
import { multipart, picture, png } from "../support/rest.mjs";
import { closeSocketsAfterEach, connectSocket } from "../support/sockets.mjs";

let alice;
let group;
const server = useServer({
  certificates: new Certificates(),
  flags: ["--shards", "3"],
  async setUp(started) {
    alice = await started.user("alice1");
    group = await started.rest.group(alice);
  },
});
closeSocketsAfterEach();

const get = (path, options) =>
  request(server().url + path, { ca: server().certificates.ca, ...options });
const isWell = async () => assert.equal((await get("/healthz")).status, 200);
const ask = (path = "/healthz", more = "") => `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`;

// Everything that a TLS connection brings until it ends.
async function readAll(socket) {
  const pieces = [];
  for await (const piece of socket) pieces.push(piece);
  return Buffer.concat(pieces);
}

const open = (one, options) =>
  connectSocket(one.url, { ca: one.certificates.ca, auth: { token: alice.token }, ...options });
const listen = (options) => open(server(), options);

async function assertHears(one, socket, user, id, text) {
  await one.rest.text(user.token, id, text);
  await socket.until(() =>
    socket.events(`group-message:${id}`).some(([{ content }]) => content === text));
}

// -- what works ---------------------------------------------------------------------------------

for (const version of ["TLSv1.2", "TLSv1.3"]) {
  test(`${version}: requests one after the other on one connection`, async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1, maxVersion: version,
                              minVersion: version });
    for (let i = 0; i < 20; ++i) assert.equal((await get("/healthz", { agent })).status, 200);
    const [socket] = Object.values(agent.freeSockets)[0];
    assert.equal(socket.getProtocol(), version);
    assert.equal(Object.values(agent.freeSockets).flat().length, 1);
    agent.destroy();
  });
}

test("HTTP/1.1 is agreed on; who speaks HTTP/2 only is refused", async () => {
  const socket = await connectTls(server(), { ALPNProtocols: ["h2", "http/1.1"] });
  assert.equal(socket.alpnProtocol, "http/1.1");
  socket.destroy();
  await assert.rejects(connectTls(server(), { ALPNProtocols: ["h2"] }),
                       /no.application.protocol/i);
});

test("sessions are resumed", async () => {
  const first = await connectTls(server());
  const ticket = new Promise((resolve) => first.once("session", resolve));
  first.end(ask());
  await readAll(first);
  const second = await connectTls(server(), { session: await ticket });
  assert.ok(second.isSessionReused());
  second.end(ask());
  assert.match(`${await readAll(second)}`, /^HTTP\/1.1 200 /);
});

for (const [what, options, transport] of [
  ["WebSocket", { transports: ["websocket"] }, "websocket"],
  ["polling", { transports: ["polling"] }, "polling"],
  ["an upgrade", {}, "websocket"],
]) {
  test(`socket.io-client over ${what} hears messages, many at a time`, async () => {
    const sockets = await Promise.all(Array.from({ length: 10 }, () => listen(options)));
    for (const socket of sockets) {
      await until(() => socket.io.engine.transport.name === transport, () => `${what}: no upgrade`);
    }
    const texts = Array.from({ length: 20 }, (_, i) => `${what} ${i} ${"x".repeat(i * 200)}`);
    for (const text of texts) await server().rest.text(alice.token, group.id, text);
    for (const socket of sockets) {
      const heard = () => socket.events(`group-message:${group.id}`).map(([each]) => each.content);
      await socket.until(() => heard().length === texts.length);
      assert.deepEqual(heard(), texts);
    }
  });
}

test("a client that has said all it has to say is still answered", async () => {
  for (let i = 0; i < 10; ++i) {
    const socket = await connectTls(server(), { allowHalfOpen: true });
    socket.end(ask("/api/nothing"));
    assert.match(`${await readAll(socket)}`, /^HTTP\/1.1 404 /);
  }
});

test("a hundred requests in one record are answered in order", async () => {
  const socket = await connectTls(server());
  socket.write(Array.from({ length: 100 }, (_, i) => ask(i % 2 ? "/healthz" : "/api/nothing")).join(""));
  let text = "";
  for await (const piece of socket) {
    text += piece.toString("latin1");
    if (parseResponses(text).length === 100) break;
  }
  assert.deepEqual(parseResponses(text).map(({ status }) => status),
                   Array.from({ length: 100 }, (_, i) => (i % 2 ? 200 : 404)));
});

test("the end of an answer is told from a cut (close_notify)", async () => {
  const { port } = server();
  const client = new Child("openssl", ["s_client", "-connect", `127.0.0.1:${port}`, "-quiet",
                                       "-ign_eof"], { input: ask("/healthz", "Connection: close\r\n") });
  await client.closed;
  assert.match(client.stdout, /^HTTP\/1.1 200 /);
  assert.ok(!client.log.includes("unexpected eof"), client.log);
});

test("ten megabytes up and down again, several at a time", async () => {
  const bytes = Buffer.concat([png, randomBytes(9_900_000)]);
  await Promise.all(Array.from({ length: 3 }, async () => {
    const form = [["file", picture(bytes)], ["groupId", `${group.id}`]];
    const sent = await server().rest.data("POST", "/api/conversation/group/message/image",
                                          { token: alice.token, form });
    const path = `/api/conversation/group/message/list?groupId=${group.id}`;
    const list = await server().rest.data("GET", path, { token: alice.token });
    const { url } = list.find(({ id }) => id === sent.id).file;
    assert.ok(url.startsWith(`https://localhost:${server().port}/`), url);
    const file = await get(url.slice(url.indexOf("/", 8)));
    assert.equal(file.status, 200);
    assert.ok(file.bytes.equals(bytes), `${file.bytes.length} bytes of ${bytes.length}`);
  }));
});

test("an upload is whole when its sender says the end right behind it", async () => {
  const form = multipart([["file", picture(Buffer.concat([png, randomBytes(5_000_000)]))]]);
  const head = `POST /api/user/avatar HTTP/1.1\r\nHost: x\r\nContent-Type: ${form.type}\r\n` +
               `Authorization: Bearer ${alice.token}\r\nContent-Length: ${form.body.length}\r\n\r\n`;
  for (let i = 0; i < 5; ++i) {
    const socket = await connectTls(server(), { allowHalfOpen: true });
    socket.end(Buffer.concat([Buffer.from(head), form.body]));
    assert.match(`${await readAll(socket)}`, /^HTTP\/1.1 201 /);
  }
});

test("a reader that comes back after a while gets every byte of a large answer", async () => {
  const bytes = Buffer.concat([png, randomBytes(4_000_000)]);
  const { url } = await server().rest.data("POST", "/api/user/avatar",
                                           { token: alice.token, form: [["file", picture(bytes)]] });
  const socket = await connectTls(server());
  socket.write(ask(url.slice(url.indexOf("/", 8)), "Connection: close\r\n"));
  socket.pause();
  await isWell();
  const answer = await readAll(socket);
  assert.ok(answer.subarray(-bytes.length).equals(bytes), `${answer.length} bytes`);
});

test("the log says https", () => {
  assert.match(server().log, new RegExp(`serving https://localhost:${server().port} `));
});

// -- certificates -------------------------------------------------------------------------------

async function nameOf(one) {
  const socket = await connectTls(one);
  const { subject: { CN } } = socket.getPeerCertificate();
  socket.destroy();
  return CN;
}

test("SIGHUP: new connections get the new certificate, old ones live on; a bad one changes nothing",
  async () => {
    const certificates = new Certificates("first");
    await withServer({ certificates }, async (one) => {
      const bob = await one.user("bob1");
      const { id } = await one.rest.group(bob);
      const socket = await open(one, { auth: { token: bob.token } });
      const hangUp = async (said) => {
        const before = one.log.length;
        one.child.signal("SIGHUP");
        await until(() => said.test(one.log.slice(before)), () => `${said}: ${one.log}`);
      };
      assert.equal(await nameOf(one), "first");
      certificates.renew("second");
      assert.equal(await nameOf(one), "first");
      await hangUp(/SIGHUP: new connections/);
      assert.equal(await nameOf(one), "second");
      await assertHears(one, socket, bob, id, "over the first certificate");

      writeFileSync(certificates.key, "no key");
      await hangUp(/SIGHUP: the old certificate stays: key .*key\.pem: /);
      assert.equal(await nameOf(one), "second");
      certificates.renew("third");
      await hangUp(/SIGHUP: new connections/);
      assert.equal(await nameOf(one), "third");
      await assertHears(one, socket, bob, id, "still over the first certificate");
      assert.deepEqual(socket.events("disconnect"), []);
    });
  });

test("SIGHUP means nothing to a server without TLS", async () => {
  await withServer({}, async (one) => {
    one.child.signal("SIGHUP");
    await until(() => one.log.includes("SIGHUP: there is no certificate to reload"),
                () => one.log);
    assert.equal((await one.rest.get("/healthz")).status, 200);
  });
});

test("a start that cannot be is refused with the file and the reason", async () => {
  const certificates = new Certificates();
  const other = new Certificates();
  const data = temporaryFolder();
  for (const [flags, said] of [
    [["--tls-certificate", certificates.certificate], /tls_key \(not set\).*tls_certificate/],
    [["--tls-key", certificates.key], /tls_certificate \(not set\).*tls_key/],
    [["--tls-certificate", "/nowhere.pem", "--tls-key", certificates.key],
     /certificate \/nowhere\.pem: No such file/],
    [["--tls-certificate", certificates.certificate, "--tls-key", "/nowhere.pem"],
     /key \/nowhere\.pem: No such file/],
    [["--tls-certificate", certificates.certificate, "--tls-key", other.key],
     /key .*key\.pem: does not belong to .*chain\.pem/],
  ]) {
    const { code, log } = await run(["serve", "--port", "0", "--data", data, ...flags]);
    assert.equal(code, 1, log);
    assert.match(log, said);
  }
});

// -- peers that misbehave -----------------------------------------------------------------------

test("TLS 1.0 and 1.1 are refused by the server", async () => {
  for (const version of ["TLSv1", "TLSv1.1"]) {
    const options = { minVersion: version, maxVersion: version, ciphers: "DEFAULT@SECLEVEL=0" };
    await assert.rejects(connectTls(server(), options), /alert protocol version/i);
  }
});

for (const [what, bytes] of [
  ["HTTP", ask()],
  ["zeros", Buffer.alloc(100)],
  ["a record that is too long", Buffer.from("160301ffff00", "hex")],
  ["a hundred thousand letters", "x".repeat(100_000)],
  ["half a greeting and then something else", Buffer.from("16030100a5010000a10303ffffffff".padEnd(
    500, "0"), "hex")],
]) {
  test(`${what} instead of TLS is the end of the connection`, async () => {
    const connection = await RawConnection.open(server().port);
    connection.socket.write(bytes);
    assert.ok(await connection.untilClosed(), "the connection stays open");
    assert.ok(!connection.text.includes("HTTP/"), connection.text);
    await isWell();
  });
}

test("two hundred handshakes at once, half of them given up on the way", async () => {
  const hello = await greeting();
  const outcomes = await Promise.all(Array.from({ length: 200 }, async (_, i) => {
    if (i % 2) {
      const socket = await connectTls(server());
      socket.end(ask("/healthz", "Connection: close\r\n"));
      return `${await readAll(socket)}`.slice(0, 12);
    }
    const connection = await RawConnection.open(server().port);
    if (i % 8 === 0) await connection.send(hello.subarray(0, 1 + i));
    if (i % 8 === 2) await connection.send(hello);
    if (i % 8 === 4) {
      await connection.send(hello);
      assert.ok(await connection.until(({ received }) => received.length > 100));
    }
    if (i % 16 < 8) connection.reset();
    else connection.destroy();
    return "given up";
  }));
  assert.equal(outcomes.filter((each) => each === "HTTP/1.1 200").length, 100);
  await isWell();
});

test("a greeting that comes byte by byte is answered", async () => {
  const connection = await RawConnection.open(server().port);
  for (const byte of await greeting()) await connection.send(Buffer.of(byte));
  assert.ok(await connection.until(({ received }) => received.length > 100));
  assert.equal(connection.received[0], 0x16);
  connection.destroy();
});

test("clients that leave without a word over TLS, with requests and sockets open", async () => {
  for (let i = 0; i < 30; ++i) {
    const socket = await connectTls(server());
    socket.write(ask("/socket.io/?EIO=4&transport=polling", i % 2 ? "" : "X: half"));
    if (i % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
    socket.destroy();
  }
  await isWell();
});
