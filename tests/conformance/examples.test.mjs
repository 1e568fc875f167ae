// The examples of the library do what they say, and what Node's server does in their place.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { expected, forEachServer } from "../support/examples.mjs";
import { anyTime, assertShape } from "../support/shapes.mjs";
import { ask, closeSocketsAfterEach, connectSocket, openSocket } from "../support/sockets.mjs";

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

forEachServer("binary", "binary", (server) => {
  const open = (options) => connectSocket(server().url, options);
  // Every byte there is, in an order that tells where a piece is missing.
  const bytes = (size) => Buffer.from(Array.from({ length: size }, (_, i) => (i * 7 + (i >> 8)) % 256));
  const sizes = [0, 1, 125, 126, 256, 65_535, 65_536, 300_000];

  for (const [way, options] of Object.entries(ways)) {
    test(`${way}: what one uploads, others hear and anyone fetches, byte for byte`, async () => {
      const [speaker, listener] = [await open(options), await open(options)];
      for (const [i, size] of sizes.entries()) {
        const name = `${way} ${size} 文件`;
        assert.deepEqual(await ask(speaker, "upload", name, bytes(size)), [{ size }]);
        assert.deepEqual(await listener.event("uploaded", i), [name, bytes(size)]);
        assert.deepEqual(await ask(listener, "download", name), [bytes(size)]);
      }
      assert.deepEqual(speaker.events("uploaded"), []);
    });

    test(`${way}: the server asks for a file, and the ack brings it`, async () => {
      const [owner, listener] = [await open(options), await open(options)];
      owner.on("send", (name, answer) => answer(new Uint8Array(bytes(1000))));
      owner.emit("offer", `offered ${way}`);
      assert.deepEqual(await owner.event("taken"), [`offered ${way}`, { size: 1000 }]);
      assert.deepEqual(await listener.event("uploaded"), [`offered ${way}`, bytes(1000)]);
    });
  }

  test("fifty uploads during the upgrade arrive once, in their order", async () => {
    const listener = await open(ways.websocket);
    const speaker = await open();
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) =>
      ask(speaker, "upload", "the same", bytes(i * 1000))));
    assert.deepEqual(answers.map(([{ size }]) => size), answers.map((_, i) => i * 1000));
    await listener.event("uploaded", 49);
    assert.deepEqual(listener.events("uploaded").map(([, { length }]) => length),
                     answers.map((_, i) => i * 1000));
    assert.equal(speaker.io.engine.transport.name, "websocket");
  });

  test("what is no file is refused, asked for or not, and a name without a file is null", async () => {
    const socket = await open();
    const error = "a name and its bytes, please";
    assert.deepEqual(await ask(socket, "upload", "text", "no bytes"), [{ error }]);
    assert.deepEqual(await ask(socket, "upload", 7, bytes(1)), [{ error }]);
    socket.on("send", (name, answer) => answer());
    socket.emit("offer", "nothing");
    assert.deepEqual(await socket.event("taken"), ["nothing", { error }]);
    assert.deepEqual(await ask(socket, "download", "nothing"), [null]);
  });

  test("a hundred files are kept, and one more only in the place of another", async () => {
    const socket = await open(ways.websocket);
    let full;
    for (let i = 0; i <= 100 && !full; ++i) {
      const [answer] = await ask(socket, "upload", `file ${i}`, bytes(i));
      if ("error" in answer) full = answer;
      else assert.deepEqual(answer, { size: i });
    }
    assert.deepEqual(full, { error: "full" });
    assert.deepEqual(await ask(socket, "upload", "file 0", bytes(9)), [{ size: 9 }]);
    assert.deepEqual(await ask(socket, "download", "file 0"), [bytes(9)]);
  });
});

forEachServer("auth", "auth", (server) => {
  const enter = (name, options, space = "/") =>
    connectSocket(server().url + space, { auth: { token: `token-of-${name}` }, ...options });
  const refused = (auth, options, space = "/") =>
    new Promise((resolve) => {
      const socket = openSocket(server().url + space, { auth, ...options });
      socket.on("connect", () => resolve("connected"));
      socket.on("connect_error", ({ message, data }) => resolve({ message, data }));
    });
  const refusal = (code, hint) => ({ message: "not authorized", data: { code, hint } });

  for (const [way, options] of Object.entries(ways)) {
    test(`${way}: who has a token is welcome, by name`, async () => {
      const socket = await enter("bob", options);
      assert.deepEqual(await socket.event("welcome"), [{ name: "bob", role: "member" }]);
    });

    test(`${way}: who has none, or none of ours, is told why`, async () => {
      for (const auth of [undefined, {}, { token: 7 }, { token: null }]) {
        assert.deepEqual(await refused(auth, options), refusal("no_token", "auth: { token }"));
      }
      for (const token of ["", "token-of", "token-of-bob ", "bob"]) {
        assert.deepEqual(await refused({ token }, options),
                         refusal("unknown_token", "log in again"));
      }
    });

    test(`${way}: only an admin gets into /admin`, async () => {
      const admin = await enter("ada", options, "/admin");
      assert.deepEqual(await admin.event("welcome"), [{ name: "ada", role: "admin" }]);
      assert.deepEqual(await refused({ token: "token-of-bob" }, options, "/admin"),
                       refusal("not_admin", "ask an admin"));
      assert.deepEqual(await refused({}, options, "/admin"),
                       refusal("no_token", "auth: { token }"));
    });

    test(`${way}: all devices of a user hear what one is told, and nobody else`, async () => {
      const devices = [await enter("carla", options), await enter("carla", options)];
      const [bob, ada] = [await enter("bob", options), await enter("ada", options)];
      assert.deepEqual(await ask(bob, "tell", "carla", "hi 你好"), ["ok"]);
      for (const device of devices) {
        assert.deepEqual(await device.event("told"), ["bob", "hi 你好"]);
      }
      assert.deepEqual(await ask(ada, "tell", "ada", "a note"), ["ok"]);
      assert.deepEqual(await ada.event("told"), ["ada", "a note"]);
      assert.deepEqual([...bob.events("told"), ...devices.flatMap((each) => each.events("told"))],
                       [["bob", "hi 你好"], ["bob", "hi 你好"]]);
    });

    test(`${way}: an admin ends all connections of a user, and of no other`, async () => {
      const kicked = [await enter("carla", options), await enter("carla", options)];
      const bob = await enter("bob", options);
      const admin = await enter("ada", options, "/admin");
      assert.deepEqual(await ask(admin, "kick", "carla"), ["ok"]);
      for (const socket of kicked) {
        assert.deepEqual(await socket.event("disconnect"), ["io server disconnect"]);
      }
      assert.deepEqual(await ask(bob, "tell", "bob", "still here"), ["ok"]);
    });
  }

  test("a hundred at once are each let in or refused as they deserve", async () => {
    const outcomes = await Promise.all(Array.from({ length: 100 }, (_, i) =>
      refused({ token: i % 2 ? "token-of-bob" : `token-${i}` }, Object.values(ways)[i % 3])));
    outcomes.forEach((outcome, i) =>
      assert.deepEqual(outcome, i % 2 ? "connected" : refusal("unknown_token", "log in again")));
  });

  test("a connection refused in one namespace carries another", async () => {
    const socket = await enter("bob");
    const admin = socket.io.socket("/admin", { auth: { token: "token-of-bob" } });
    const answer = once(admin, "connect_error", { signal: AbortSignal.timeout(10_000) });
    admin.connect();
    const [{ data }] = await answer;
    admin.disconnect(); // Or it would keep their connection open.
    assert.equal(data.code, "not_admin");
    assert.deepEqual(await ask(socket, "tell", "bob", "to myself"), ["ok"]);
    assert.deepEqual(await socket.event("told"), ["bob", "to myself"]);
  });
});
