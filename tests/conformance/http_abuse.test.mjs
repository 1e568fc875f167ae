// HTTP that nobody should send: it ends in a clear error or a close, and the server stays well.
//
// What matters most are shapes by which a proxy in front and the server could disagree about where
// a request ends: such a request must be refused and its connection closed.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";

import { PollingSession } from "../support/engineio.mjs";
import { expected, forEachServer } from "../support/examples.mjs";
import { RawConnection } from "../support/http.mjs";
import { upgradeRequest } from "../support/websocket.mjs";

const target = "/engine.io/?EIO=4&transport=polling";
const get = (more = "", version = "1.1") =>
  `GET ${target} HTTP/${version}\r\nHost: x\r\n${more}\r\n`;
// POSTs go to an unknown session: a well-formed one gets 400 "Session ID unknown" and may go on.
const known = "/engine.io/?EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAAAAAA";
const post = (fields, body = "") => `POST ${known} HTTP/1.1\r\nHost: x\r\n${fields}\r\n${body}`;
const chunked = "Transfer-Encoding: chunked\r\n";
const lines = (count) => Array.from({ length: count }, (_, i) => `X-${i}: ${i}\r\n`).join("");

// Refused, and the connection closed: [what, bytes, status].
const refused = [
  ["no HTTP at all", "hello\r\n\r\n", 400],
  ["a request line of one word", "GET\r\n\r\n", 400],
  ["no version", `GET ${target}\r\n\r\n`,
   { coterie: 400, node: 200, why: "HTTP/0.9 is long gone" }],
  ["HTTP/9.9", get("", "9.9"), 400],
  ["HTTP/2 at once", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400],
  ["a TLS greeting", Buffer.from("16030100a5010000a10303", "hex"), 400],
  ["binary", Buffer.from(Array.from({ length: 256 }, (_, i) => i)), 400],
  ["a method in small letters with a tab", `get\t${target} HTTP/1.1\r\nHost: x\r\n\r\n`, 400],
  ["a space in the target", "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", 400],
  ["a field without a colon", get("Nonsense\r\n"), 400],
  ["a space before the colon", get("X : y\r\n"), 400],
  ["a field without a name", get(": y\r\n"), 400],
  ["a NUL in a value", get("X: a\0b\r\n"), 400],
  ["a carriage return in a value", get("X: a\rb\r\n"), 400],
  ["a folded field", get("X: a\r\n b\r\n"),
   { coterie: [200, 400], node: 400, why: "RFC 9112 5.2 leaves it to us: refuse, or a space" }],
  ["bare line feeds", `GET ${target} HTTP/1.1\nHost: x\n\n`, 400],
  ["no Host", `GET ${target} HTTP/1.1\r\n\r\n`, 400],
  ["two Hosts", get("Host: y\r\n"),
   { coterie: 400, node: 200, why: "RFC 9112 3.2: more than one Host MUST be refused" }],
  ["a target without a slash", "GET x HTTP/1.1\r\nHost: x\r\n\r\n", 400],

  ["both lengths", post(`Content-Length: 3\r\n${chunked}`, "0\r\n\r\n"), 400],
  ["both lengths the other way round", post(`${chunked}Content-Length: 3\r\n`, "0\r\n\r\n"), 400],
  ["two lengths", post("Content-Length: 3\r\nContent-Length: 4\r\n", "abcd"), 400],
  ["two equal lengths", post("Content-Length: 3\r\nContent-Length: 3\r\n", "abc"), 400],
  ["a list of lengths", post("Content-Length: 3, 3\r\n", "abc"), 400],
  ...["-1", "+3", "3x", "0x3", "3 3", "3.0", "", "99999999999999999999", "１"].map((length) =>
    [`the length “${length}”`, post(`Content-Length: ${length}\r\n`, "abc"), 400]),
  ["an unknown transfer encoding", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"),
   { coterie: 501, node: 400, why: "RFC 9112 6.1 asks for 501" }],
  ["chunked, and something else behind", post("Transfer-Encoding: chunked, identity\r\n",
                                              "0\r\n\r\n"),
   { coterie: 501, node: 400, why: "RFC 9112 6.1 asks for 501" }],
  ["chunked twice", post(`${chunked}${chunked}`, "0\r\n\r\n"), [400, 501]],
  ["a chunk's size that is none", post(chunked, "zz\r\nabc\r\n0\r\n\r\n"), 400],
  ["a negative chunk", post(chunked, "-1\r\nabc\r\n0\r\n\r\n"), 400],
  ["a chunk's size of forty digits", post(chunked, `${"f".repeat(40)}\r\nabc`), [400, 413]],
  ["a chunk that is longer than it says", post(chunked, "3\r\nabcdef\r\n0\r\n\r\n"), 400],
  ["a chunk behind a bare line feed", post(chunked, "3\nabc\r\n0\r\n\r\n"), 400],

  ["3000 fields", get(lines(3000)), 431],
  ["200 fields", get(lines(200)),
   { coterie: 431, node: 200, why: "no client needs so many" }],
  ["a head of 17 KiB", get(`X: ${"x".repeat(17 * 1024)}\r\n`), 431],
  ["a head of a megabyte", get(`X: ${"x".repeat(1 << 20)}\r\n`), 431],
  ["a target of 100 KB", `GET /${"x".repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, [414, 431]],
  ["a field's name of 100 KB", get(`${"x".repeat(100_000)}: y\r\n`), 431],
  ["an expectation nobody can meet", post("Expect: miracles\r\nContent-Length: 3\r\n", "abc"), 417],
];

// Unusual, and fine: [what, bytes, status].
const accepted = [
  ["empty lines before the request", `\r\n\r\n${get()}`, 200],
  ["HTTP/1.0", get("", "1.0"), 200],
  ["HTTP/1.0 without Host", `GET ${target} HTTP/1.0\r\n\r\n`, 200],
  ["field names in any case", `GET ${target} HTTP/1.1\r\nhOsT: x\r\n\r\n`, 200],
  ["spaces around a value", get("X: \t a \t \r\n"), 200],
  ["an empty value", get("X:\r\n"), 200],
  ["bytes beyond ASCII in a value", get("X: é\r\n"), 200],
  ["100 fields", get(lines(100)), 200],
  ["a head of 15 KiB", get(`X: ${"x".repeat(15 * 1024)}\r\n`), 200],
  ["trailers", post(chunked, "3\r\nabc\r\n0\r\nX: y\r\n\r\n"), 400],
  ["a chunk's extension", post(chunked, "3;x=y;z=\"a b\"\r\nabc\r\n0\r\n\r\n"), 400],
  ["a chunk's size in capitals and zeros", post(chunked, "0003\r\nabc\r\n0\r\n\r\n"), 400],
  ["an unknown method", `FOO ${target} HTTP/1.1\r\nHost: x\r\n\r\n`,
   { coterie: 400, node: 400, why: "a bad handshake method here, no method at all there" }],
  ["an Upgrade to something else", get("Connection: Upgrade\r\nUpgrade: h2c\r\n"),
   { coterie: 400, node: 400, why: "an upgrade that is no WebSocket" }],
];

// Node 18, Debian's own, lets pass some of what Node 20 and we refuse.
const peerIsStrict = Number(process.versions.node.split(".")[0]) >= 20;

const statusIs = (seen, wanted) =>
  Array.isArray(wanted) ? assert.ok(wanted.includes(seen), `${seen} of ${wanted}`)
                        : assert.equal(seen, wanted);

forEachServer("conformance", "HTTP abuse", (server, name) => {
  const isWell = () => PollingSession.open(server().echo);

  for (const [what, bytes, same] of refused) {
    test(`refuses ${what}`, async () => {
      const connection = await RawConnection.open(server().echo.port);
      connection.socket.write(bytes);
      const wanted = expected(name, same);
      assert.ok(await connection.untilResponses(1), `no answer: ${connection.text}`);
      const { status } = connection.responses()[0];
      if (name === "coterie" || peerIsStrict) statusIs(status, wanted);
      const isClosing = status !== 200 && (name === "coterie" || status !== 417);
      if (isClosing && (name === "coterie" || peerIsStrict)) {
        assert.ok(await connection.untilClosed(), "the connection stays open");
      }
      connection.destroy();
      await isWell();
    });
  }

  for (const [what, bytes, same] of accepted) {
    test(`understands ${what}`, async () => {
      const connection = await RawConnection.open(server().echo.port);
      connection.socket.write(bytes);
      assert.ok(await connection.untilResponses(1), `no answer: ${connection.text}`);
      statusIs(connection.responses()[0].status, expected(name, same));
      connection.destroy();
    });
  }

  test("what follows a refused request is never taken for one", async () => {
    const hidden = "GET /engine.io/?EIO=4&transport=smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
    for (const bytes of [
      post(`Content-Length: 5\r\n${chunked}`, `0\r\n\r\n${hidden}`),
      post(`Content-Length: 0\r\nContent-Length: ${hidden.length}\r\n`, hidden),
      post("Transfer-Encoding: xchunked\r\n", `0\r\n\r\n${hidden}`),
      post(chunked, `0\n\n${hidden}`),
    ]) {
      const connection = await RawConnection.open(server().echo.port);
      connection.socket.write(bytes);
      assert.ok(await connection.untilClosed());
      assert.ok(connection.responses().length <= 1, connection.text);
      assert.ok(!connection.text.includes("Transport unknown"), connection.text);
    }
  });

  test("a hundred requests in one segment are answered in order", async () => {
    const connection = await RawConnection.open(server().echo.port);
    const requests = Array.from({ length: 100 }, (_, i) =>
      `GET ${i % 2 ? target : "/engine.io/?EIO=4"} HTTP/1.1\r\nHost: x\r\n\r\n`);
    connection.socket.write(requests.join(""));
    assert.ok(await connection.untilResponses(100), `${connection.responses().length} answers`);
    assert.deepEqual(connection.responses().map(({ status }) => status),
                     Array.from({ length: 100 }, (_, i) => (i % 2 ? 200 : 400)));
    connection.destroy();
  });

  test("a request that comes byte by byte is a request", async () => {
    const connection = await RawConnection.open(server().echo.port);
    for (const byte of Buffer.from(get())) await connection.send(Buffer.of(byte));
    assert.ok(await connection.untilResponses(1));
    assert.equal(connection.responses()[0].status, 200);
    connection.destroy();
  });

  test("100-continue is said before the body is sent", async () => {
    const connection = await RawConnection.open(server().echo.port);
    const { sid } = await PollingSession.open(server().echo);
    await connection.send(`POST ${target}&sid=${sid} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n` +
                          "Expect: 100-continue\r\n\r\n");
    assert.ok(await connection.until(() => connection.text.startsWith("HTTP/1.1 100 ")));
    await connection.send("4x");
    assert.ok(await connection.untilResponses(1));
    assert.equal(connection.responses()[0].body, "ok");
    connection.destroy();
  });

  test("a client that has said all it has to say is still answered", async () => {
    const connection = await RawConnection.open(server().echo.port, { allowHalfOpen: true });
    connection.socket.end("GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n");
    assert.ok(await connection.untilResponses(1));
    assert.equal(connection.responses()[0].status, 404);
    assert.ok(await connection.untilClosed());
  });

  test("connections that say nothing, half a request, or go at once", async () => {
    const silent = await Promise.all(
      Array.from({ length: 100 }, () => RawConnection.open(server().echo.port)));
    silent.forEach((connection, i) => {
      if (i % 3 === 0) connection.socket.write("GET /engine.io/?EI");
      if (i % 3 === 1) connection.socket.write(get());
      if (i % 2) connection.reset();
      else connection.destroy();
    });
    await isWell();
  });

  test("POSTs whose clients leave half way, fifty times", async () => {
    for (let i = 0; i < 50; ++i) {
      const { sid } = await PollingSession.open(server().echo);
      const connection = await RawConnection.open(server().echo.port);
      await connection.send(`POST ${target}&sid=${sid} HTTP/1.1\r\nHost: x\r\n` +
                            "Content-Length: 1000\r\n\r\n4abc");
      if (i % 2) connection.reset();
      else connection.destroy();
    }
    await isWell();
  });
});

forEachServer("conformance", "odd WebSocket requests", (server) => {
  const place = "/engine.io/?EIO=4&transport=websocket";
  const answerTo = async (bytes) => {
    const connection = await RawConnection.open(server().echo.port);
    connection.socket.write(bytes);
    await connection.until(() => connection.text.includes("\r\n\r\n"));
    const status = Number(connection.text.slice(9, 12));
    connection.destroy();
    return status;
  };

  for (const [what, headers, status = 101] of [
    ["Connection as a list", { Connection: "keep-alive, Upgrade" }],
    ["names in small letters", { Connection: "upgrade", Upgrade: "WebSocket" }],
    ["an extension called constructor", { "Sec-WebSocket-Extensions": "constructor" }],
    ["an extension called __proto__", { "Sec-WebSocket-Extensions": "__proto__; a=b" }],
    ["compression on offer", { "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits" }],
    ["a key that is too short", { "Sec-WebSocket-Key": "c2hvcnQ=" }, 400],
    ["two versions", { "Sec-WebSocket-Version": "13, 8" }, 400],
  ]) {
    test(`${what}: ${status}`, async () => {
      assert.equal(await answerTo(upgradeRequest(place, { headers })), status);
    });
  }

  test("an upgrade by POST is refused", async () => {
    assert.equal(await answerTo(upgradeRequest(place, { method: "POST" })), 400);
  });

  test("a subprotocol of twelve thousand spaces is answered at once (CVE-2021-32640)", async () => {
    const headers = { "Sec-WebSocket-Protocol": `b${" ".repeat(12_000)}x` };
    const begin = performance.now();
    assert.ok([101, 400].includes(await answerTo(upgradeRequest(place, { headers }))));
    assert.ok(performance.now() - begin < 1000);
  });

  test("thousands of fields do not hide the upgrade (CVE-2024-37890)", async () => {
    const headers = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`X-${i}`, "x"]));
    assert.ok([400, 431].includes(await answerTo(upgradeRequest(place, { headers }))));
    await PollingSession.open(server().echo);
  });
});
