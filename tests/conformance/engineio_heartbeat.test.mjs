// The heartbeat: the server pings, the client answers, and who does not is gone (Engine.IO v4).
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { openWebSocket, PollingSession, textFrame } from "../support/engineio.mjs";
import { expected, forEachServer } from "../support/examples.mjs";
import { frame } from "../support/websocket.mjs";

// Of the examples: a ping after 300 ms, a pong within 200.
const interval = 300;
const timeout = 200;

forEachServer("conformance", "Engine.IO heartbeat", (server, name) => {
  test("polling: pings come, and pongs keep the session", async () => {
    const client = await PollingSession.open(server().echo);
    const begin = performance.now();
    for (let i = 0; i < 3; ++i) {
      assert.deepEqual((await client.poll()).packets, ["2"]);
      assert.equal((await client.post("3")).body, "ok");
    }
    assert.ok(performance.now() - begin > 3 * interval - 20, "pings came too early");
  });

  test("polling: no pong, and the session is gone when the timeout is over", async () => {
    const client = await PollingSession.open(server().echo);
    assert.deepEqual((await client.poll()).packets, ["2"]);
    const begin = performance.now();
    const last = await client.poll();
    assert.deepEqual([last.status, last.body], [200, "1"]);
    assert.ok(performance.now() - begin > timeout - 20, "the session ended too early");
    assert.equal((await client.poll()).status, 400);
  });

  test("polling: a client that never polls is forgotten", async () => {
    const client = await PollingSession.open(server().echo);
    await sleep(interval + timeout + 100); // A busy machine's timers are late.
    assert.equal((await client.poll()).status, 400);
  });

  test("WebSocket: pings come, and pongs keep the session", async () => {
    const socket = await openWebSocket(server().echo);
    for (let i = 0; i < 3; ++i) {
      assert.equal(String((await socket.nextFrame()).payload), "2");
      await socket.send(textFrame("3"));
    }
    await socket.send(textFrame("4here"));
    assert.deepEqual(await socket.next(), ["text", "4here"]);
    socket.destroy();
  });

  test("WebSocket: no pong, and the server closes", async () => {
    const socket = await openWebSocket(server().echo);
    const begin = performance.now();
    assert.equal(String((await socket.nextFrame()).payload), "2");
    assert.deepEqual(await socket.next(), ["close", null]);
    const elapsed = performance.now() - begin;
    assert.ok(elapsed > interval + timeout - 20, `closed after ${elapsed} ms`);
    assert.ok(await socket.connection.untilClosed());
  });

  test("WebSocket: ping and pong frames of RFC 6455 are not the heartbeat", async () => {
    const socket = await openWebSocket(server().echo);
    assert.equal(String((await socket.nextFrame()).payload), "2");
    await socket.send(frame("pong"), frame("ping", "alive"));
    assert.deepEqual(await socket.next(), ["pong", Buffer.from("alive").toString("hex")]);
    assert.deepEqual(await socket.next(), ["close", null]);
  });

  test("WebSocket: a client that pings is speaking revision 3, and is closed", async () => {
    const socket = await openWebSocket(server().echo);
    await socket.send(textFrame("2"));
    const [end] = await socket.next(interval);
    assert.ok(["close", "end"].includes(end), end);
    await socket.connection.untilClosed();
  });

  test("WebSocket: a close packet closes", async () => {
    const socket = await openWebSocket(server().echo);
    const begin = performance.now();
    await socket.send(textFrame("1"));
    let last;
    do last = (await socket.nextFrame()).opcode; while (last === "text"); // Node goes on pinging.
    assert.ok(["close", "end"].includes(last), last);
    // Node lets such a client run into the timeout of its heartbeat.
    const longest = expected(name, { coterie: interval - 20, node: 2000, why: "nothing to wait for" });
    assert.ok(performance.now() - begin < longest);
  });
});
