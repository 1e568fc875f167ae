// Old wounds of WebSocket libraries, tried on ours: see docs/security-history.md.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";

import { openWebSocket, textFrame } from "../support/engineio.mjs";
import { forEachServer } from "../support/examples.mjs";
import { frame } from "../support/websocket.mjs";

const megabyte = 1 << 20;

forEachServer("conformance", "WebSocket advisories", (server) => {
  const isWell = async () => {
    const socket = await openWebSocket(server().echo);
    await socket.send(textFrame("4well"));
    assert.deepEqual(await socket.next(), ["text", "4well"]);
    socket.destroy();
  };

  test("CVE-2016-10518: a pong is its ping and not a byte more, at every length", async () => {
    const socket = await openWebSocket(server().echo);
    for (let size = 0; size <= 125; ++size) {
      const payload = Buffer.alloc(size, size);
      await socket.send(frame("ping", payload));
      assert.deepEqual(await socket.next(), ["pong", payload.toString("hex")]);
    }
    await socket.send(frame("ping", Buffer.alloc(126)));
    assert.deepEqual(await socket.next(), ["close", 1002]);
  });

  test("CVE-2016-10542: what frames promise is not reserved before it comes", async () => {
    const before = server().child.memory("VmSize");
    const sockets = await Promise.all(Array.from({ length: 300 }, async (_, i) => {
      const socket = await openWebSocket(server().echo);
      const type = i % 2 ? "text" : "binary";
      await socket.send(frame(type, "4", { form: 64, declared: 1_000_000 }));
      return socket;
    }));
    await isWell(); // By then it has read them.
    const grown = server().child.memory("VmSize") - before;
    assert.ok(grown < 128 * megabyte, `${Math.round(grown / megabyte)} MB were asked for`);
    for (const socket of sockets) socket.destroy();

    const socket = await openWebSocket(server().echo);
    await socket.send(frame("binary", "", { form: 64, declared: 1n << 40n }));
    assert.deepEqual(await socket.next(), ["close", 1009]);
  });

  test("CVE-2026-65623: ten thousand fragments are joined in linear time", async () => {
    const socket = await openWebSocket(server().echo);
    const part = frame("continuation", "x".repeat(90), { fin: false });
    const begin = performance.now();
    await socket.send(frame("text", "4", { fin: false }), ...Array(10_000).fill(part),
                      frame("continuation", "y"));
    const [opcode, payload] = await socket.next(10_000);
    assert.equal(opcode, "text");
    assert.ok(payload === `4${"x".repeat(900_000)}y`, `${payload.length} letters came back`);
    assert.ok(performance.now() - begin < 5000);
    socket.destroy();
  });

  test("CVE-2026-48779: fragments of nothing end, too", async () => {
    const socket = await openWebSocket(server().echo);
    const before = server().child.memory();
    const nothing = Buffer.concat(Array(10_000).fill(frame("continuation", "", { fin: false })));
    await socket.send(frame("text", "4", { fin: false }));
    for (let i = 0; i < 20 && !socket.connection.isClosed; ++i) socket.send(nothing);
    assert.deepEqual(await socket.next(), ["close", 1009]);
    assert.ok(server().child.memory() - before < 16 * megabyte);
    await isWell();
  });

  test("a flood of pings from one that reads no pongs is cut off", async () => {
    const before = server().child.memory();
    const socket = await openWebSocket(server().echo);
    socket.connection.socket.pause();
    const pings = Buffer.concat([...Array(50_000).fill(frame("ping", "x".repeat(125))),
                                 textFrame("3")]);
    const isGone = () => socket.connection.isClosed || socket.connection.error !== undefined;
    for (let i = 0; i < 40 && !isGone(); ++i) {
      await Promise.race([socket.connection.send(pings),
                          socket.connection.until(() => isGone(), 20_000)]);
    }
    assert.ok(isGone(), "it is still being answered");
    assert.ok(server().child.memory() - before < 48 * megabyte);
    socket.destroy();
    await isWell();
  });
}, ["coterie"]);
