// From long-polling to WebSocket under a live session: nothing lost, nothing twice (Engine.IO v4).
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { openWebSocket, PollingSession, textFrame } from "../support/engineio.mjs";
import { forEachServer } from "../support/examples.mjs";
import { RawConnection } from "../support/http.mjs";
import { until } from "../support/process.mjs";
import { RawWebSocket, frame, upgradeRequest } from "../support/websocket.mjs";

async function upgraded(server) {
  const client = await PollingSession.open(server().echo);
  const socket = await client.websocket();
  await socket.send(textFrame("2probe"));
  assert.deepEqual(await socket.next(), ["text", "3probe"]);
  await socket.send(textFrame("5"));
  await socket.send(textFrame("4there"));
  assert.deepEqual(await socket.next(), ["text", "4there"]);
  return { client, socket };
}

const badRequest = [400, '{"code":3,"message":"Bad request"}'];

// First packets on the new WebSocket that are no probe: it is closed, the session goes on.
const notProbes = [
  ["another probe", textFrame("2nope")],
  ["a bare ping", textFrame("2")],
  ["a message", textFrame("4hello")],
  ["a close packet", textFrame("1")],
  ["an unknown type", textFrame("9")],
  ["an empty frame", textFrame("")],
  ["binary", frame("binary", "x")],
];

forEachServer("conformance", "Engine.IO upgrade", (server, name) => {
  test("probe, noop, upgrade: and messages go the new way", async () => {
    const client = await PollingSession.open(server().echo);
    const waiting = client.poll();
    const socket = await client.websocket();
    await socket.send(textFrame("2probe"));
    assert.deepEqual(await socket.next(), ["text", "3probe"]);
    assert.deepEqual((await waiting).packets, ["6"]);
    await socket.send(textFrame("5"), textFrame("4hello"), frame("binary", "\x01\x02"));
    assert.deepEqual(await socket.next(), ["text", "4hello"]);
    assert.deepEqual(await socket.next(), ["binary", "0102"]);
    socket.destroy();
  });

  test("a poll during the probe is answered soon", async () => {
    const client = await PollingSession.open(server().echo);
    const socket = await client.websocket();
    await socket.send(textFrame("2probe"));
    await socket.next();
    const begin = performance.now();
    assert.deepEqual((await client.poll()).packets, ["6"]);
    assert.ok(performance.now() - begin < 200);
    socket.destroy();
  });

  test("what waits when the upgrade comes is sent over the WebSocket, once, in order", async () => {
    const client = await PollingSession.open(server().echo);
    const socket = await client.websocket();
    await socket.send(textFrame("2probe"));
    await socket.next();
    await client.post(Array.from({ length: 20 }, (_, i) => `4${i}`).join("\x1e"));
    await socket.send(textFrame("5"), textFrame("4last"));
    for (let i = 0; i < 20; ++i) assert.deepEqual(await socket.next(), ["text", `4${i}`]);
    assert.deepEqual(await socket.next(), ["text", "4last"]);
    socket.destroy();
  });

  test("polling works on while a probe is under way", async () => {
    const client = await PollingSession.open(server().echo);
    const socket = await client.websocket();
    await socket.send(textFrame("2probe"));
    await socket.next();
    await client.post("4still polling");
    assert.deepEqual((await client.poll()).packets, ["4still polling"]);
    socket.destroy();
    await until(async () => (await client.post("4and now")).status === 200);
    assert.deepEqual((await client.poll()).packets.filter((each) => each !== "6"), ["4and now"]);
  });

  test("a poll that is still waiting at the upgrade is ended", async () => {
    const client = await PollingSession.open(server().echo);
    const socket = await client.websocket();
    await socket.send(textFrame("2probe"));
    await socket.next();
    const connection = await RawConnection.open(server().echo.port);
    await socket.send(textFrame("5"));
    await socket.send(textFrame("4x"));
    await socket.next();
    await connection.send(`GET ${client.target()} HTTP/1.1\r\nHost: x\r\n\r\n`);
    assert.ok(await connection.untilResponses(1));
    assert.equal(connection.responses()[0].status, 400);
    socket.destroy();
  });

  test("HTTP with the sid of an upgraded session is refused, and disturbs nothing", async () => {
    const { client, socket } = await upgraded(server);
    const polled = await client.poll();
    assert.deepEqual([polled.status, polled.body], badRequest);
    const posted = await client.post("4no");
    assert.deepEqual([posted.status, posted.body], badRequest);
    await socket.send(textFrame("4yes"));
    assert.deepEqual(await socket.next(), ["text", "4yes"]);
    socket.destroy();
  });

  test("a second WebSocket for an upgraded session is closed; the first is not", async () => {
    const { client, socket } = await upgraded(server);
    const second = await client.websocket();
    assert.deepEqual(await second.next(), ["close", null]);
    await socket.send(textFrame("4yes"));
    assert.deepEqual(await socket.next(), ["text", "4yes"]);
    socket.destroy();
  });

  test("a second WebSocket while one is probing is closed; the first may finish", async () => {
    const client = await PollingSession.open(server().echo);
    const socket = await client.websocket();
    await socket.send(textFrame("2probe"));
    await socket.next();
    const second = await client.websocket();
    assert.deepEqual(await second.next(), ["close", null]);
    await socket.send(textFrame("5"), textFrame("4yes"));
    assert.deepEqual(await socket.next(), ["text", "4yes"]);
    socket.destroy();
  });

  for (const [what, first] of notProbes) {
    test(`${what} is no probe: that WebSocket is closed, polling goes on`, async () => {
      const client = await PollingSession.open(server().echo);
      const socket = await client.websocket();
      await socket.send(first);
      const [end] = await socket.next();
      assert.ok(["close", "end"].includes(end), end);
      await client.post("4still here");
      assert.deepEqual((await client.poll()).packets, ["4still here"]);
      const { socket: again } = await upgraded(server);
      again.destroy();
    });
  }

  if (name === "coterie") {
    test("an upgrade without a probe is none (Node takes it)", async () => {
      const client = await PollingSession.open(server().echo);
      const socket = await client.websocket();
      await socket.send(textFrame("5"));
      assert.deepEqual(await socket.next(), ["close", null]);
      await client.post("4still here");
      assert.deepEqual((await client.poll()).packets, ["4still here"]);
    });
  }

  test("a probe may be repeated", async () => {
    const client = await PollingSession.open(server().echo);
    const socket = await client.websocket();
    await socket.send(textFrame("2probe"), textFrame("2probe"));
    assert.deepEqual(await socket.next(), ["text", "3probe"]);
    assert.deepEqual(await socket.next(), ["text", "3probe"]);
    socket.destroy();
  });

  test("when the session ends, a probing WebSocket is closed", async () => {
    const client = await PollingSession.open(server().echo);
    const socket = await client.websocket();
    await socket.send(textFrame("2probe"));
    await socket.next();
    await client.post("1");
    const [end] = await socket.next();
    assert.ok(["close", "end"].includes(end), end);
  });

  test("the heartbeat goes on through an upgrade", async () => {
    const { socket } = await upgraded(server);
    for (let i = 0; i < 2; ++i) {
      assert.equal(String((await socket.nextFrame()).payload), "2");
      await socket.send(textFrame("3"));
    }
    await sleep(20);
    await socket.send(textFrame("4alive"));
    assert.deepEqual(await socket.next(), ["text", "4alive"]);
    socket.destroy();
  });

  test("an upgrade may not claim another revision (it killed Node before 6.6.12)", async () => {
    const client = await PollingSession.open(server().echo);
    for (const revision of ["3", ""]) {
      const target = client.target("websocket").replace("EIO=4", `EIO=${revision}`);
      const connection = await RawConnection.open(server().echo.port);
      await connection.send(upgradeRequest(target));
      assert.ok(await connection.untilClosed());
      assert.equal(connection.responses()[0].status, 400);
    }
    assert.ok(await client.isAlive());
  });

  test("an upgrade request that says transport=polling is accepted and closed", async () => {
    const target = "/engine.io/?EIO=4&transport=polling";
    const socket = await RawWebSocket.open(server().echo.port, target);
    assert.deepEqual(await socket.next(), ["close", null]);
  });

  test("bad frames glued to the upgrade request harm nobody (CVE-2022-21676)", async () => {
    const glued = frame("text", "4x", { rsv: 7 });
    const socket = await RawWebSocket.open(server().echo.port,
                                           "/engine.io/?EIO=4&transport=websocket", { glued });
    assert.ok(await socket.connection.untilClosed());
    const client = await PollingSession.open(server().echo);
    const candidate = await client.websocket({ glued });
    assert.ok(await candidate.connection.untilClosed());
    assert.ok(await client.isAlive());
  });

  if (name === "coterie") {
    test("good frames glued to the upgrade request are read (Node drops them)", async () => {
      const glued = textFrame("4early");
      const socket = await openWebSocket(server().echo, { glued });
      assert.deepEqual(await socket.next(), ["text", "4early"]);
      socket.destroy();
    });
  }

  test("when the WebSocket is reset, the session is gone", async () => {
    const { client, socket } = await upgraded(server);
    socket.connection.reset();
    const unknown = '{"code":1,"message":"Session ID unknown"}';
    await until(async () => (await client.poll()).body === unknown, undefined, 250);
  });
});
