// The examples of the library do what they say, and what Node's server does in their place.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { expected, forEachServer } from "../support/examples.mjs";
import { anyTime, assertShape } from "../support/shapes.mjs";
import { ask, closeSocketsAfterEach, connectSocket } from "../support/sockets.mjs";

const ways = {
  polling: { transports: ["polling"] },
  websocket: { transports: ["websocket"] },
  upgrade: {},
};
closeSocketsAfterEach();

forEachServer("rooms", "rooms", (server) => {
  const member = (g, options) => connectSocket(server().url, { query: { g }, ...options });

  for (const [way, options] of Object.entries(ways)) {
    test(`${way}: a message reaches its room, the sender included, and no other`, async () => {
      const sender = await member("7", options);
      const other = await member("7", options);
      const stranger = await member("8", options);
      const roomless = await connectSocket(server().url, options);
      sender.emit("send", { g: 7, t: 123.5, text: "hi 你好" });
      for (const socket of [sender, other]) {
        const [message] = await socket.event("group-message:7");
        assertShape(message, {
          id: message.id, type: 0, content: "hi 你好", userId: 7, groupId: 7, createAt: anyTime,
          updateAt: anyTime, fileId: null, coverId: null, file: null, cover: null, t: 123.5,
          user: { id: 7, username: "sender", nickname: "Sender", avatar: null },
        });
      }
      stranger.emit("send", { g: "8", t: 0, text: "there" });
      await stranger.event("group-message:8");
      for (const socket of [stranger, roomless]) {
        assert.deepEqual(socket.events("group-message:7"), []);
      }
    });
  }

  test("who was not in a room may send to it", async () => {
    const listener = await member("9");
    const outsider = await connectSocket(server().url);
    outsider.emit("send", { g: 9, t: 1, text: "from outside" });
    const [message] = await listener.event("group-message:9");
    assert.equal(message.content, "from outside");
  });

  test("thirty members on three transports hear three hundred messages in one order", async () => {
    const all = Object.values(ways);
    const members = await Promise.all(
      Array.from({ length: 30 }, (_, i) => member("10", all[i % all.length])));
    for (let i = 0; i < 300; ++i) members[i % 5].emit("send", { g: 10, t: i, text: `${i}` });
    const orders = await Promise.all(members.map(async (socket) => {
      await socket.event("group-message:10", 299);
      return socket.events("group-message:10").map(([{ id }]) => id);
    }));
    for (const order of orders) {
      assert.equal(new Set(order).size, 300);
      assert.deepEqual(order, orders[0]);
    }
  });

  test("who leaves and comes back hears the room again", async () => {
    const socket = await member("11", ways.websocket);
    socket.disconnect();
    await sleep(20);
    socket.connect();
    await socket.event("connect", 1);
    socket.emit("send", { g: 11, t: 0, text: "again" });
    await socket.event("group-message:11");
    assert.equal(socket.events("group-message:11").length, 1);
  });
});

forEachServer("acks", "acks", (server, name) => {
  for (const [way, options] of Object.entries(ways)) {
    test(`${way}: the client asks, the server answers`, async () => {
      const socket = await connectSocket(server().url, options);
      assert.deepEqual(await ask(socket, "sum", 2, 3), [5]);
      assert.deepEqual(await ask(socket, "sum", 0.5, -1), [-0.5]);
    });

    test(`${way}: the server asks, the client answers`, async () => {
      const socket = await connectSocket(server().url, options);
      socket.on("question", (text, answer) => answer(`you said: ${text}`));
      socket.emit("ask-me");
      const [answer] = await socket.event("answered");
      assert.deepEqual(Array.isArray(answer) ? answer : [answer],
                       ["you said: What is your name?"]);
    });
  }

  test("a question that nobody answers ends in time, and a late answer is ignored", async () => {
    const socket = await connectSocket(server().url);
    let answer;
    socket.on("question", (text, respond) => (answer = respond));
    socket.emit("ask-me");
    const begin = performance.now();
    assert.deepEqual(await socket.event("unanswered"), ["timeout"]);
    assert.ok(performance.now() - begin > 1800);
    answer("too late");
    assert.deepEqual(await ask(socket, "sum", 1, 1), [2]);
    assert.deepEqual(socket.events("answered"), []);
  });

  test("who leaves with a question open harms nobody", async () => {
    for (const options of Object.values(ways)) {
      const socket = await connectSocket(server().url, options);
      socket.emit("ask-me");
      await socket.event("question");
      socket.disconnect();
    }
    const socket = await connectSocket(server().url);
    assert.deepEqual(await ask(socket, "sum", 1, 1), [2]);
  });

  if (name === "coterie") {
    test("what is no number is told so (JavaScript adds anything)", async () => {
      const socket = await connectSocket(server().url);
      const [answer] = await ask(socket, "sum", "a", {});
      assert.deepEqual(answer, expected(name, { coterie: { error: "two numbers, please" },
                                                node: {}, why: "an example need not be the same" }));
    });
  }
});

forEachServer("echo", "echo", (server) => {
  test("everyone in the lobby but the speaker hears what is said, and the speaker its ack",
    async () => {
      const sockets = await Promise.all(
        Object.values(ways).map((options) => connectSocket(server().url, options)));
      for (const speaker of sockets) {
        assert.deepEqual(await ask(speaker, "say", { text: "hello" }), ["ok"]);
      }
      for (const socket of sockets) {
        await socket.event("said", sockets.length - 2);
        assert.equal(socket.events("said").length, sockets.length - 1);
      }
    });

  test("an event without an ack callback is an event", async () => {
    const [speaker, listener] = [await connectSocket(server().url), await connectSocket(server().url)];
    speaker.emit("say", "no callback");
    assert.deepEqual(await listener.event("said"), ["no callback"]);
  });
});
