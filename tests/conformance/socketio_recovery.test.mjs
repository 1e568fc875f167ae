// Connection state recovery: what a client missed comes once and in order, on the official client.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { expected, forEachServer } from "../support/examples.mjs";
import * as sockets from "../support/sockets.mjs";

const { connectSocket } = sockets;
sockets.closeSocketsAfterEach();

const ask = async (...args) => (await sockets.ask(...args))[0];
const ways = {
  polling: { transports: ["polling"] },
  websocket: { transports: ["websocket"] },
  upgrade: {},
};

forEachServer("features recovery 3000", "recovery", (server, name) => {
  const client = (options = ways.websocket) => connectSocket(server().url, options);
  // What `socket` has heard of the event "n", without the offsets behind.
  const numbers = (socket) => socket.events("n").map(([n]) => n);
  const upTo = (last) => Array.from({ length: last }, (_, i) => i + 1);

  const upgraded = async (engine) =>
    engine.transport.name === "websocket" || new Promise((done) => engine.once("upgrade", done));

  // The connection breaks without a farewell and is made again after `pause` milliseconds.
  async function interrupt(socket, during = async () => {}) {
    const connects = socket.got.filter(([what]) => what === "connect").length;
    const engine = socket.io.engine;
    const dropped = socket.event("disconnect");
    const { transport } = engine;
    transport.ws ? transport.ws.terminate() : engine.close();
    await dropped;
    await sleep(50); // For the server to notice.
    await during();
    socket.connect();
    await socket.event("connect", connects);
  }

  for (const [way, options] of Object.entries(ways)) {
    test(`${way}: id, rooms, data and missed events come back, in order and once`, async () => {
      const [a, b] = [await client(options), await client()];
      if (way === "upgrade") await upgraded(a.io.engine);
      const { id } = a;
      await ask(a, "join", `room ${way}`);
      await ask(a, "set-data", { name: "a" });
      for (let n = 1; n <= 5; ++n) await ask(b, "send", { rooms: [`room ${way}`] }, "n", n);
      await a.event("n", 4);
      await interrupt(a, async () => {
        for (let n = 6; n <= 20; ++n) {
          const rooms = n % 3 ? [`room ${way}`] : n % 2 ? [id] : [];
          await ask(b, "send", { rooms }, "n", n);
          await ask(b, "send", { rooms: ["elsewhere"] }, "n", 1000);
          await ask(b, "send", { rooms, except: [id] }, "n", 2000);
          await ask(b, "send", { rooms, volatile: true }, "n", 3000);
        }
      });
      assert.equal(a.recovered, true);
      assert.equal(a.id, id);
      for (let n = 21; n <= 25; ++n) await ask(b, "send", { rooms: [`room ${way}`] }, "n", n);
      const facts = await ask(a, "facts");
      assert.deepEqual(facts, { ...facts, id, recovered: true, data: { name: "a" },
                                rooms: [id, `room ${way}`].sort() });
      assert.deepEqual(numbers(a), upTo(25));
    });
  }

  test("again and again, while others talk without a pause", async () => {
    const [a, b] = [await client(), await client()];
    await ask(a, "join", "busy");
    await ask(b, "send", { rooms: ["busy"] }, "n", 1);
    await a.event("n");
    let last = 1;
    let isTalking = true;
    const talk = (async () => {
      while (isTalking) await ask(b, "send", { rooms: ["busy"] }, "n", ++last);
    })();
    for (let i = 0; i < 10; ++i) {
      await interrupt(a);
      assert.equal(a.recovered, true);
    }
    isTalking = false;
    await talk;
    await a.until(() => numbers(a).length >= last);
    assert.deepEqual(numbers(a), upTo(last));
  });

  test("who comes back too late begins anew", async () => {
    const [a, b] = [await client(), await client()];
    const { id } = a;
    await ask(a, "join", "late");
    await ask(b, "send", { rooms: ["late"] }, "n", 1);
    await a.event("n");
    await interrupt(a, () => sleep(3500));
    assert.equal(a.recovered, false);
    assert.notEqual(a.id, id);
    assert.deepEqual((await ask(a, "facts")).rooms, [a.id]);
  });

  test("who has said farewell begins anew", async () => {
    const a = await client();
    a.disconnect();
    a.connect();
    await a.event("connect", 1);
    assert.equal(a.recovered, false);
  });

  test("who has heard nothing yet recovers, too", async () => {
    const [a, b] = [await client(), await client()];
    await ask(b, "send", {}, "before", 0); // Before it is away: not missed.
    const { id } = a;
    await a.event("before");
    const fresh = await client();
    await ask(fresh, "join", "fresh");
    await interrupt(fresh, () => ask(b, "send", { rooms: ["fresh"] }, "n", 1));
    const recovers = expected(name, {
      coterie: true, node: false, why: "the reference wants an offset, which only an event brings" });
    assert.equal(fresh.recovered, recovers);
    assert.deepEqual(numbers(fresh), recovers ? [1] : []);
    assert.notEqual(fresh.id, id);
  });

  test("a text at the end of a volatile event is not taken for an offset", async () => {
    const [a, b] = [await client(), await client()];
    await ask(a, "join", "vol");
    await ask(b, "send", { rooms: ["vol"] }, "n", 1);
    await ask(b, "send", { rooms: ["vol"], volatile: true }, "light", "a text");
    await a.event("light");
    await interrupt(a, () => ask(b, "send", { rooms: ["vol"] }, "n", 2));
    const recovers = expected(name, {
      coterie: true, node: false, why: "the reference's client reads the text as its offset" });
    assert.equal(a.recovered, recovers);
    assert.deepEqual(numbers(a), recovers ? [1, 2] : [1]);
  });

  test("binary events are kept with their attachments", async () => {
    const [a, b] = [await client(), await client()];
    await ask(a, "join", "blobs");
    await ask(b, "send", { rooms: ["blobs"] }, "n", 1);
    await a.event("n");
    await interrupt(a, () => ask(b, "send", { rooms: ["blobs"] }, "n", Buffer.from([1, 2, 3])));
    assert.deepEqual(numbers(a), [1, Buffer.from([1, 2, 3])]);
  });

  test("a stranger's or an invented session is none", async () => {
    const a = await client();
    const own = a._pid;
    assert.equal(own.length, 20);
    for (const auth of [{ pid: "x".repeat(20), offset: "1" }, { pid: own.slice(1), offset: "1" },
                        { pid: 7, offset: "1" }, { pid: "AA" + "x".repeat(18), offset: 5 },
                        { pid: "__proto__", offset: "__proto__" }, { pid: null, offset: null }]) {
      const socket = await connectSocket(server().url, { ...ways.websocket, auth });
      assert.equal(socket.recovered, false);
      assert.equal((await ask(socket, "facts")).recovered, false);
      socket.disconnect();
    }
  });

  test("who turns up while the server still holds the old connection takes its place", async () => {
    const [a, b] = [await client(), await client()];
    const { id } = a;
    await ask(a, "join", "phone");
    await ask(b, "send", { rooms: ["phone"] }, "n", 1);
    await a.event("n");
    const auth = { pid: a._pid, offset: a._lastOffset };
    const again = await connectSocket(server().url, { ...ways.websocket, auth });
    if (name === "node") return assert.equal(again.recovered, false);
    assert.equal(again.id, id);
    assert.equal((await ask(again, "facts")).recovered, true);
    await a.event("disconnect");
    await ask(b, "send", { rooms: ["phone"] }, "n", 2);
    await again.event("n");
    assert.deepEqual(numbers(again), [2]);
  });
});
