// Old wounds of Socket.IO servers, tried on ours: see docs/security-history.md.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { useServer } from "../support/coterie.mjs";
import { PollingSession } from "../support/engineio.mjs";
import { forEachServer } from "../support/examples.mjs";
import { until } from "../support/process.mjs";
import { RawClient } from "../support/socketio.mjs";
import { ask, closeSocketsAfterEach, connectSocket } from "../support/sockets.mjs";
import { frame } from "../support/websocket.mjs";

const megabyte = 1 << 20;
const place = (num) => `{"_placeholder":true,"num":${num}}`;
const nested = "[".repeat(400_000) + "]".repeat(400_000);
const nestedObjects = `${'{"a":'.repeat(150_000)}1${"}".repeat(150_000)}`;

closeSocketsAfterEach();

forEachServer("conformance", "Socket.IO advisories", (server) => {
  const isWell = async () => {
    const client = await RawClient.connect(server());
    await client.send('2["message","well"]');
    assert.equal(await client.next(), '2["message-back","well"]');
    client.destroy();
  };

  test("CVE-2017-16031: a thousand sids are chance, letter by letter", async () => {
    const counts = new Map();
    const sids = new Set();
    for (let i = 0; i < 1000; ++i) sids.add((await PollingSession.open(server().echo)).sid);
    assert.equal(sids.size, 1000);
    // The first two letters name the shard.
    for (const letter of [...sids].map((sid) => sid.slice(2)).join("")) {
      counts.set(letter, (counts.get(letter) ?? 0) + 1);
    }
    assert.equal(counts.size, 64);
    // 281 each on average; six times the deviation of chance is 100.
    for (const [letter, times] of counts) {
      assert.ok(times > 181 && times < 381, `${letter} occurs ${times} times in 18000`);
    }
  });

  for (const [what, packet] of [
    ["an event that is relayed", `2["message",${nested}]`],
    ["an event of nested objects", `2["message",${nestedObjects}]`],
    ["an ack", `21["message-with-ack",${nested}]`],
    ["an answer to nothing", `31[${nested}]`],
    ["a packet with attachments", `51-["message",${nested}]`],
    ["the auth of a CONNECT", `0/custom,{"a":${nested}}`],
    ["unfinished arrays", `2["message",${"[".repeat(800_000)}`],
  ]) {
    test(`N1: nesting without end in ${what} ends the connection and nothing else`, async () => {
      const begin = performance.now();
      const client = await RawClient.connect(server());
      await client.send(packet);
      assert.equal(await client.next(), "closed");
      const polling = await PollingSession.open({ ...server(), path: "/socket.io/" });
      await polling.post("40");
      await polling.post(`4${packet}`);
      await until(async () => (await polling.poll()).status === 400);
      assert.ok(performance.now() - begin < 10_000);
      await isWell();
    });
  }

  test("CVE-2026-33151, CVE-2026-48804: blobs behind a broken count are not kept", async () => {
    const before = server().child.memory();
    const blob = frame("binary", Buffer.alloc(500_000));
    for (const head of ['5999999999-["a"]', '511-["a"]', '50-["a"]', '500-["a"]', '5-["a"]']) {
      const client = await RawClient.connect(server());
      await client.send(head);
      for (let i = 0; i < 30 && !client.socket.connection.isClosed; ++i) client.socket.send(blob);
      assert.equal(await client.next(), "closed", head);
      client.destroy();
    }
    assert.ok(server().child.memory() - before < 32 * megabyte);
    await isWell();
  });

  test("GHSA-55mf-67qm-4wpg: who has not been let in makes us keep no attachments", async () => {
    for (const head of [`51-["a",${place(0)}]`, `61-1[${place(0)}]`, `51-/custom,["a"]`]) {
      const client = await RawClient.open(server());
      await client.send(head);
      assert.equal(await client.next(), "closed", head);
    }
    await isWell();
  });
}, ["coterie"]);

forEachServer("scenario 1000", "Socket.IO advisories: bounds", (server) => {
  test("GHSA-55mf-67qm-4wpg: attachments that do not come are waited for in vain only once",
    async () => {
      const before = server().child.memory();
      const clients = await Promise.all(Array.from({ length: 20 }, () =>
        RawClient.connect(server())));
      const begin = performance.now();
      await Promise.all(clients.map(async (client) => {
        await client.send(`510-["echo",${place(0)}]`, ...Array(9).fill(Buffer.alloc(100_000)));
        assert.equal(await client.next(20_000), "closed");
        client.destroy();
      }));
      assert.ok(performance.now() - begin > 900, "closed before the time was over");
      assert.ok(server().child.memory() - before < 48 * megabyte);
    });

  test("GHSA-55mf-67qm-4wpg: those that come in time are no reason to close", async () => {
    const client = await RawClient.connect(server());
    await client.send(`51-["echo",${place(0)}]`);
    await sleep(100);
    await client.send(Buffer.from([1]));
    assert.equal(await client.next(), `51-["echoed",${place(0)}]`);
    assert.deepEqual(await client.next(), Buffer.from([1]));
    assert.equal(await client.next(1500), "silence");
    client.destroy();
  });

  test("N6: a client joins sixteen namespaces and no more", async () => {
    const client = await RawClient.open(server());
    for (let i = 1; i <= 16; ++i) {
      const { reply } = await client.join(`/${i}`);
      assert.ok(reply.startsWith(`0/${i},{"sid":`), reply);
    }
    await client.send("0/17,");
    assert.equal(await client.next(), "closed");
    await RawClient.connect(server());
  });

  test("N6: namespaces that do not exist leave nothing behind", async () => {
    const client = await RawClient.connect(server());
    const before = server().child.memory();
    for (let i = 0; i < 20_000; i += 1000) {
      const names = Array.from({ length: 1000 }, (_, j) => `/no-${i + j}`);
      await client.send(...names.map((name) => `0${name},`));
      for (const name of names) {
        assert.equal(await client.next(), `4${name},{"message":"Invalid namespace"}`);
      }
    }
    assert.ok(server().child.memory() - before < 16 * megabyte);
    client.destroy();
  });
}, ["coterie"]);

forEachServer("acks", "leaks that other servers had", (server) => {
  test("questions that nobody answers are forgotten when their time is over", async () => {
    const socket = await connectSocket(server().url, { transports: ["websocket"] });
    const round = async (times, already) => {
      for (let i = 0; i < times; ++i) socket.emit("ask-me");
      await socket.event("unanswered", already + times - 1);
    };
    await round(2000, 0);
    const before = server().child.memory();
    await round(2000, 2000);
    assert.ok(server().child.memory() - before < 2 * megabyte, "they are kept");
    assert.deepEqual(await ask(socket, "sum", 1, 2), [3]);
  });

  test("clients that come, ask and go five hundred times leave nothing behind", async () => {
    const visit = async () => {
      const client = await RawClient.open(server());
      await client.send("0");
      await client.next();
      await client.send('2["ask-me"]', '21["sum",1,2]');
      client.destroy();
    };
    for (let i = 0; i < 100; ++i) await visit();
    const before = [server().child.memory(), server().child.descriptors()];
    for (let i = 0; i < 500; ++i) await visit();
    await until(() => server().child.descriptors() <= before[1] + 5,
                () => `${server().child.descriptors()} descriptors, ${before[1]} before`);
    assert.ok(server().child.memory() - before[0] < 16 * megabyte, "memory grows");
  });
}, ["coterie"]);

describe("advisories at the chat server", () => {
  let alice;
  const server = useServer({ setUp: async (started) => (alice = await started.user("alice1")) });

  test("N1: nesting without end is no JSON for REST, with and without a log-in", async () => {
    for (const raw of [nested, `{"username":${nested}}`, nestedObjects, "[".repeat(1_000_000)]) {
      for (const [path, token] of [["/api/auth/login"], ["/api/group", alice.token]]) {
        const headers = { "Content-Type": "application/json" };
        const answer = await server().rest.post(path, { token, raw, headers });
        assert.ok(answer.status >= 400 && answer.status < 500, `${path}: ${answer.status}`);
      }
    }
    const answer = await server().rest.get("/api/user", { token: alice.token });
    assert.equal(answer.status, 200);
  });

  test("N1: nor for its sockets, whether or not they are let in", async () => {
    const place = { url: server().url, port: server().port, path: "/socket.io/" };
    for (const packet of [`0{"token":${nested}}`, `2["x",${nested}]`, `0${nestedObjects}`]) {
      const client = await RawClient.open(place);
      await client.send(packet);
      assert.equal(await client.next(), "closed");
    }
    const answer = await server().rest.get("/api/user", { token: alice.token });
    assert.equal(answer.status, 200);
  });
});
