// The official clients, old and new, over each transport: what they do with Node's server they do
// with ours.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { forEachServer } from "../support/examples.mjs";
import { until } from "../support/process.mjs";
import { ask, clients, closeSocketsAfterEach, connectSocket, openSocket } from "../support/sockets.mjs";

const ways = {
  polling: { transports: ["polling"] },
  websocket: { transports: ["websocket"] },
  upgrade: {},
};
const transportOf = (socket) => socket.io.engine.transport.name;

closeSocketsAfterEach();

for (const [version, io] of Object.entries(clients)) {
  forEachServer("conformance", `socket.io-client ${version}`, (server) => {
    for (const [way, options] of Object.entries(ways)) {
      const connect = (more, nsp = "") =>
        connectSocket(server().url + nsp, { io, ...options, ...more });

      test(`${way}: connects, and ends up where it should`, async () => {
        const socket = await connect();
        assert.match(socket.id, /^[A-Za-z0-9_-]{20}$/);
        assert.notEqual(socket.id, socket.io.engine.id);
        const wanted = way === "polling" ? "polling" : "websocket";
        for (let i = 0; transportOf(socket) !== wanted && i < 100; ++i) await sleep(20);
        assert.equal(transportOf(socket), wanted);
        assert.deepEqual(await ask(socket, "message-with-ack", "there"), ["there"]);
      });

      test(`${way}: the auth payload arrives`, async () => {
        const socket = await connect({ auth: { token: "abc", list: [1, { a: null }] } });
        assert.deepEqual(await socket.event("auth"), [{ token: "abc", list: [1, { a: null }] }]);
        const asked = await connect({ auth: (answer) => answer({ by: "function" }) }, "/custom");
        assert.deepEqual(await asked.event("auth"), [{ by: "function" }]);
      });

      test(`${way}: an unknown namespace is a connect_error`, async () => {
        const socket = openSocket(`${server().url}/nowhere`, { io, ...options });
        assert.deepEqual(await socket.event("connect_error"), ["Invalid namespace"]);
      });

      test(`${way}: events, in every script`, async () => {
        const socket = await connect();
        const args = [1, -0.5, true, null, "你好", "Привет", "é̂", "😀", "\u2028", "\0",
                      { deep: [{ list: [] }] }, ["a", ["b"]]];
        socket.emit("message", ...args);
        assert.deepEqual(await socket.event("message-back"), args);
      });

      test(`${way}: acks answer their own questions`, async () => {
        const socket = await connect();
        const answers = await Promise.all(
          Array.from({ length: 50 }, (_, i) => ask(socket, "message-with-ack", i, `${i}`)));
        assert.deepEqual(answers, Array.from({ length: 50 }, (_, i) => [i, `${i}`]));
      });

      test(`${way}: binary goes there and back`, async () => {
        const socket = await connect();
        const bytes = Buffer.from([0, 1, 2, 253, 254, 255]);
        const [answer] = await ask(socket, "message-with-ack", { deep: [bytes, "text", bytes] });
        assert.ok(Buffer.from(answer.deep[0]).equals(bytes));
        assert.equal(answer.deep[1], "text");
        assert.ok(Buffer.from(answer.deep[2]).equals(bytes));
      });

      test(`${way}: two namespaces over one connection`, async () => {
        const socket = await connect();
        const custom = socket.io.socket("/custom", {});
        custom.connect();
        await until(() => custom.connected);
        assert.notEqual(custom.id, socket.id);
        custom.disconnect();
        assert.deepEqual(await ask(socket, "message-with-ack", 1), [1]);
      });

      test(`${way}: two hundred events while it connects and upgrades, in order, none lost`,
        async () => {
          const socket = openSocket(server().url, { io, ...options });
          for (let i = 0; i < 100; ++i) socket.emit("message", i);
          for (let i = 100; i < 200; ++i) {
            socket.emit("message", i);
            if (i % 5 === 0) await sleep(1);
          }
          await socket.until((got) => got.filter(([name]) => name === "message-back").length >= 200);
          assert.deepEqual(socket.events("message-back").map(([i]) => i),
                           Array.from({ length: 200 }, (_, i) => i));
        });

      test(`${way}: the largest message passes, one byte more ends the connection`, async () => {
        const socket = await connect();
        // With the 4 of Engine.IO in front: the bound is one million bytes.
        const overhead = '42["message",""]'.length;
        const largest = "x".repeat(1_000_000 - overhead);
        socket.emit("message", largest);
        const [back] = await socket.event("message-back").catch(() => [""]);
        // The answer is five bytes longer; there is no bound on what a server sends.
        assert.ok(back === largest, `${back.length} bytes came back`);
        const other = await connect();
        other.emit("message", `${largest}x`);
        const [reason] = await other.event("disconnect");
        assert.ok(["transport close", "transport error"].includes(reason), reason);
      });

      test(`${way}: who disconnects has left`, async () => {
        const socket = await connect();
        socket.disconnect();
        assert.deepEqual(await socket.event("disconnect"), ["io client disconnect"]);
        await sleep(50); // Clients before 4.1 trip over themselves when they return at once.
        socket.connect();
        await socket.event("connect", 1);
        assert.deepEqual(await ask(socket, "message-with-ack", 2), [2]);
      });
    }

    test("the heartbeat keeps idle clients", async () => {
      const sockets = await Promise.all(
        Object.values(ways).map((options) => connectSocket(server().url, { io, ...options })));
      await sleep(1200); // Twice what a silent client is given.
      for (const socket of sockets) {
        assert.ok(socket.connected);
        assert.deepEqual(socket.events("disconnect"), []);
      }
    });
  });
}

forEachServer("conformance", "socket.io-client reconnects", (server) => {
  for (const [way, options] of Object.entries(ways)) {
    test(`${way}: by itself, when the server was killed and is back`, async () => {
      const socket = await connectSocket(server().url, {
        ...options, reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 200,
      });
      const before = socket.id;
      await server().crash();
      await socket.event("disconnect");
      await server().restart();
      await socket.event("connect", 1);
      assert.notEqual(socket.id, before);
      assert.deepEqual(await ask(socket, "message-with-ack", "back"), ["back"]);
    });

    test(`${way}: what is said while it is away is sent when it is back, in order`, async () => {
      const socket = await connectSocket(server().url, {
        ...options, reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 200,
      });
      await server().crash();
      await socket.event("disconnect");
      for (let i = 0; i < 10; ++i) socket.emit("message", i);
      await server().restart();
      await socket.event("message-back", 9);
      assert.deepEqual(socket.events("message-back").map(([i]) => i),
                       Array.from({ length: 10 }, (_, i) => i));
    });
  }

  test("a server that stops says so to its clients", async () => {
    const sockets = [];
    for (const options of Object.values(ways)) {
      sockets.push(await connectSocket(server().url, options));
    }
    await server().child.stop();
    for (const socket of sockets) {
      const [reason] = await socket.event("disconnect");
      const told = ["transport close", "transport error", "io server disconnect"];
      assert.ok(told.includes(reason), reason);
    }
    await server().restart();
  });
});
