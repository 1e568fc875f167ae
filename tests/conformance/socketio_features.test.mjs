// What Socket.IO offers beyond plain events, by official clients, on our server and on Node's.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { forEachServer } from "../support/examples.mjs";
import * as sockets from "../support/sockets.mjs";

const { connectSocket, openSocket } = sockets;
sockets.closeSocketsAfterEach();

const ask = async (...args) => (await sockets.ask(...args))[0];

const ways = {
  polling: { transports: ["polling"] },
  websocket: { transports: ["websocket"] },
  upgrade: {},
};

forEachServer("features", "features", (server) => {
  const client = (path = "", options = ways.websocket) =>
    connectSocket(`${server().url}${path}`, options);
  const crowd = (count) => Promise.all(Array.from({ length: count }, () => client()));
  // What was emitted before is told when a later event has come.
  const heard = async (socket, event) => {
    await ask(socket, "join", "fence");
    return socket.events(event).map(([what]) => what);
  };

  for (const [way, options] of Object.entries(ways)) {
    test(`${way}: rooms are joined and left, and named sorted`, async () => {
      const socket = await client("", options);
      assert.deepEqual(await ask(socket, "join", "b"), [socket.id, "b"].sort());
      assert.deepEqual(await ask(socket, "join", "a"), [socket.id, "a", "b"].sort());
      assert.deepEqual(await ask(socket, "join", "a"), [socket.id, "a", "b"].sort());
      assert.deepEqual(await ask(socket, "leave", "b"), [socket.id, "a"].sort());
      assert.deepEqual(await ask(socket, "leave", "never"), [socket.id, "a"].sort());
    });

    test(`${way}: all clients of a room are asked, and answer`, async () => {
      const all = await Promise.all([1, 2, 3].map(() => client("", options)));
      for (const [i, socket] of all.entries()) {
        await ask(socket, "join", `asked ${way}`);
        socket.on("question", (what, ack) => ack(`${what} ${i}`));
      }
      const answer = await ask(all[0], "ask", { rooms: [`asked ${way}`] }, 5000, "who?");
      assert.deepEqual(answer, { answers: ['"who? 0"', '"who? 1"', '"who? 2"'], isPartial: false });
    });
  }

  test("who is in two rooms hears once, who is in an excepted one not at all", async () => {
    const [a, b, c, d] = await crowd(4);
    for (const room of ["one", "two"]) await ask(a, "join", room);
    await ask(b, "join", "one");
    await ask(c, "join", "two");
    await ask(c, "join", "spared");
    const order = { rooms: ["one", "two"], except: ["spared"] };
    for (const way of [{}, { volatile: true }, { local: true }, { uncompressed: true }]) {
      await ask(d, "send", { ...order, ...way }, "said", Object.keys(way)[0] ?? "plain");
    }
    const all = ["plain", "volatile", "local", "uncompressed"];
    assert.deepEqual(await heard(a, "said"), all);
    assert.deepEqual(await heard(b, "said"), all);
    assert.deepEqual(await heard(c, "said"), []);
    assert.deepEqual(await heard(d, "said"), []);
  });

  test("a socket's own broadcast spares it, and its id is a room", async () => {
    const [a, b, c] = await crowd(3);
    await ask(a, "send", { fromSocket: true, rooms: [b.id] }, "to b", 1);
    await ask(a, "send", { fromSocket: true, rooms: [a.id, c.id] }, "to a and c", 1);
    await ask(a, "send", { fromSocket: true, except: [b.id] }, "not b", 1);
    assert.deepEqual((await heard(a, "to a and c")).length, 0);
    assert.deepEqual((await heard(b, "to b")).length, 1);
    assert.deepEqual((await heard(c, "to a and c")).length, 1);
    assert.deepEqual((await heard(c, "not b")).length, 1);
    assert.deepEqual((await heard(b, "not b")).length, 0);
  });

  test("answers that are late are missing from a partial result", async () => {
    const [a, b, c] = await crowd(3);
    for (const socket of [a, b, c]) await ask(socket, "join", "slow");
    a.on("question", (what, ack) => ack("a"));
    b.on("question", (what, ack) => setTimeout(() => ack("too late"), 900));
    c.on("question", () => {});
    const answer = await ask(a, "ask", { rooms: ["slow"] }, 300, "who?");
    assert.deepEqual(answer, { answers: ['"a"'], isPartial: true });
    await sleep(800); // The late answer does no harm.
    assert.equal((await ask(a, "facts")).id, a.id);
  });

  test("nobody asked, nobody missing", async () => {
    const [a] = await crowd(1);
    const answer = await ask(a, "ask", { rooms: ["empty"] }, 5000, "who?");
    assert.deepEqual(answer, { answers: [], isPartial: false });
    assert.equal(await ask(a, "ask-servers"), 0);
  });

  test("one client is asked, and answers with what it likes, or not in time", async () => {
    const [a, b] = await crowd(2);
    a.on("question", (what, ack) => ack(what, { n: [Buffer.from([1, 2])] }));
    a.emit("ask-me", 5000, "here?");
    assert.deepEqual(await a.event("answered"), ["here?", { n: [Buffer.from([1, 2])] }]);
    b.emit("ask-me", 100, "here?");
    assert.deepEqual(await b.event("unanswered"), ["operation has timed out"]);
  });

  test("sockets are moved between rooms, looked up, and put out", async () => {
    const [a, b, c] = await crowd(3);
    await ask(a, "set-data", { name: "a" });
    for (const socket of [a, b]) await ask(socket, "join", "first");
    await ask(c, "sockets-join", { rooms: ["first"], except: [b.id] }, "second");
    const found = await ask(c, "fetch", { rooms: ["first", "second"] });
    assert.deepEqual(found, [
      { id: a.id, rooms: [a.id, "first", "second"].sort(), data: { name: "a" }, auth: {} },
      { id: b.id, rooms: [b.id, "first"].sort(), data: {}, auth: {} },
    ].sort((x, y) => (x.id < y.id ? -1 : 1)));
    await ask(c, "sockets-leave", { rooms: ["second"] }, "first");
    assert.deepEqual((await ask(c, "fetch", { rooms: ["first"] })).map(({ id }) => id), [b.id]);
    c.emit("sockets-disconnect", { rooms: ["first"] }, false);
    assert.deepEqual(await b.event("disconnect"), ["io server disconnect"]);
    c.emit("sockets-disconnect", { rooms: ["second"] }, true);
    assert.deepEqual(await a.event("disconnect"), ["io server disconnect"]);
    assert.deepEqual(await ask(c, "fetch", { rooms: ["first", "second"] }), []);
  });

  test("every event in and out can be watched, and handlers let go", async () => {
    const [a] = await crowd(1);
    await ask(a, "listen");
    a.emit("unknown", 1, [2], Buffer.from("3"));
    assert.deepEqual(await a.event("any"), ["unknown", 3]);
    a.emit("once");
    a.emit("once");
    a.emit("forgotten");
    a.emit("forget");
    a.emit("forgotten");
    await ask(a, "send", { rooms: [a.id] }, "blob", Buffer.from("x"));
    assert.equal((await heard(a, "once-heard")).length, 1);
    assert.equal((await heard(a, "not-forgotten")).length, 1);
    const outgoing = (await ask(a, "outgoing")).filter((each) => !each.startsWith("any "));
    assert.deepEqual(outgoing, ["once-heard 0 0", "not-forgotten 0 0", "blob 1 1"]);
  });

  test("middlewares of a socket refuse events, delay them, let them pass", async () => {
    const [a] = await crowd(1);
    await ask(a, "filter");
    a.emit("forbidden");
    assert.deepEqual(await a.event("refused"), ["not this event"]);
    a.emit("late");
    a.emit("prompt");
    await a.event("passed", 1);
    assert.deepEqual(a.events("passed"), [["prompt"], ["late"]]);
  });

  test("middlewares of a namespace let in and keep out", async () => {
    const inside = await connectSocket(`${server().url}/guarded`, { auth: { token: "good" } });
    assert.deepEqual(await inside.event("steps"), [2]);
    const refusals = { plain: undefined, bad: { code: 7, hint: "ask again" } };
    for (const [token, data] of Object.entries(refusals)) {
      const outside = openSocket(`${server().url}/guarded`, { auth: { token } });
      const failed = new Promise((resolve) => outside.on("connect_error", resolve));
      const error = await failed;
      assert.equal(error.message, "no entry");
      assert.deepEqual(error.data, data);
    }
  });

  test("namespaces come into being for names that match", async () => {
    const [a, b, c] = await Promise.all(["1", "22", "22"].map((n) => client(`/dynamic-${n}`)));
    await Promise.all([a, b, c].map((socket) => socket.event("hello")));
    b.emit("all", "children");
    for (const socket of [a, b, c]) assert.deepEqual(await socket.event("to-all"), ["children"]);
    const mine = await connectSocket(`${server().url}/for-alice`, { auth: { name: "alice" } });
    await mine.event("hello");
    const others = { "/dynamic-x": {}, "/dynamic-1x": {}, "/for-carol": { name: "bob" } };
    for (const [path, auth] of Object.entries(others)) {
      const socket = openSocket(`${server().url}${path}`, { auth });
      assert.deepEqual(await socket.event("connect_error"), ["Invalid namespace"]);
    }
  });

  test("a namespace that everyone leaves and enters again works as before", async () => {
    for (let i = 0; i < 20; ++i) {
      const all = await Promise.all([1, 2, 3].map(() => client("/dynamic-7")));
      await Promise.all(all.map((socket) => socket.event("hello")));
      for (const socket of all) socket.disconnect();
    }
  });

  test("one connection carries many namespaces", async () => {
    const socket = await client("");
    const spaces = ["/log", "/dynamic-3", "/dynamic-4"].map((path) => socket.io.socket(path));
    await Promise.all(spaces.map((space) => new Promise((resolve) => {
      space.on("connect", resolve);
      space.connect();
    })));
    spaces[1].disconnect();
    const said = new Promise((resolve) => spaces[2].on("to-all", resolve));
    spaces[2].emit("all", "still here");
    assert.equal(await said, "still here");
  });

  test("whoever leaves is told about with a reason, before and after its rooms are gone", async () => {
    const watcher = await client("/log");
    const leave = {
      "client namespace disconnect": (socket) => socket.disconnect(),
      "server namespace disconnect": (socket) => socket.emit("leave-me", false),
      "transport close": (socket) => socket.io.engine.transport.ws.terminate(),
      "parse error": (socket) => socket.io.engine.transport.ws.send("abc"),
      "forced close": (socket) => socket.io.engine.transport.ws.send("4abc"),
    };
    for (const [reason, go] of Object.entries(leave)) {
      const socket = await client();
      const { id } = socket;
      await ask(socket, "join", "somewhere");
      go(socket);
      const of = (event) => watcher.until(() =>
        watcher.events(event).find(([who]) => who === id));
      assert.deepEqual(await of("leaving"), [id, reason, 2]);
      assert.deepEqual(await of("left"), [id, reason, 0]);
    }
  });

  test("a socket knows the facts of its handshake", async () => {
    const [a] = await crowd(1);
    assert.deepEqual(await ask(a, "facts"), {
      id: a.id, data: {}, recovered: false, rooms: [a.id], address: "127.0.0.1",
      url: "/socket.io/",
    });
  });
});
