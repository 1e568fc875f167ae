// socket.io-client 2, where old clients are allowed: Socket.IO as it was before revision 5.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import io from "socket.io-client-2";

import { expected, forEachServer } from "../support/examples.mjs";
import { request } from "../support/http.mjs";

const ways = { websocket: ["websocket"], polling: ["polling"], upgrade: ["polling", "websocket"] };

forEachServer("options_server", "socket.io-client 2", (server, name) => {
  const connect = (transports, nsp = "", more = {}) =>
    io(`${server().url}${nsp}`, { transports, forceNew: true, reconnection: false, ...more });

  for (const [way, transports] of Object.entries(ways)) {
    test(`${way}: connects by itself, and talks`, async () => {
      const socket = connect(transports);
      const auth = once(socket, "auth");
      await once(socket, "connect");
      assert.deepEqual(await auth, [{}]);
      socket.emit("message", 1, "zwei", { drei: [null, true, "€😀"] });
      assert.deepEqual(await once(socket, "message-back"),
                       [1, "zwei", { drei: [null, true, "€😀"] }]);
      const answer = await new Promise((resolve) =>
        socket.emit("message-with-ack", "a", { b: 2 }, (...args) => resolve(args)));
      assert.deepEqual(answer, ["a", { b: 2 }]);
      socket.close();
    });

    test(`${way}: binary there and back`, async () => {
      const socket = connect(transports);
      await once(socket, "connect");
      for (const size of [0, 3, 70_000]) {
        const sent = Buffer.alloc(size, "abc");
        socket.emit("message", { deep: [sent] }, sent);
        const [{ deep: [inner] }, outer] = await once(socket, "message-back");
        assert.deepEqual([Buffer.from(inner), Buffer.from(outer)], [sent, sent]);
      }
      socket.close();
    });

    test(`${way}: a namespace's query is its auth`, async () => {
      const socket = connect(transports, "/custom?token=abc&token=d%20e&x=%C3%A4");
      assert.deepEqual(await once(socket, "auth"), [{ token: "d e", x: "ä" }]);
      socket.close();
    });

    test(`${way}: hundreds of messages keep their order`, async () => {
      const socket = connect(transports);
      await once(socket, "connect");
      const got = [];
      const all = new Promise((resolve) =>
        socket.on("message-back", (i) => got.push(i) === 300 && resolve()));
      for (let i = 0; i < 300; ++i) {
        socket.emit("message", i);
        if (i % 50 === 0) await sleep(5);
      }
      await all;
      assert.deepEqual(got, Array.from({ length: 300 }, (_, i) => i));
      socket.close();
    });
  }

  test("two namespaces over one connection, left one by one", async () => {
    const manager = new io.Manager(server().url, { reconnection: false, transports: ["websocket"] });
    const main = manager.socket("/");
    const custom = manager.socket("/custom");
    await Promise.all([once(main, "auth"), once(custom, "auth")]);
    main.emit("message", "main");
    assert.deepEqual(await once(main, "message-back"), ["main"]);
    main.close();
    await sleep(50);
    custom.emit("message", "custom");
    assert.deepEqual(await once(custom, "message-back"), ["custom"]);
    custom.close();
  });

  const refusals = [
    ["/nowhere", { coterie: "Invalid namespace", node: { message: "Invalid namespace" },
                   why: "as it was in the days of these clients" }],
    ["/no", "not you"],
    ["/no-data", { why: "no reason" }],
  ];
  for (const [nsp, reason] of refusals) {
    test(`${nsp} is refused in the old words`, async () => {
      const socket = connect(["websocket"], nsp);
      const wanted = nsp === "/nowhere" ? expected(name, reason) : reason;
      assert.deepEqual(await once(socket, "error"), [wanted]);
      socket.close();
    });
  }

  test("the first poll brings the open packet and, soon, the connection", async () => {
    const url = `${server().url}/socket.io/?EIO=3&transport=polling&b64=1`;
    const opening = (await request(url)).body;
    const { sid } = JSON.parse(/\{.*?\}/.exec(opening)[0]);
    let text = opening;
    while (!text.includes("auth")) text += (await request(`${url}&sid=${sid}`)).body;
    assert.ok(text.endsWith('2:4013:42["auth",{}]'), text);
    assert.equal((await request(`${url}&sid=${sid}`, { method: "POST", body: "2:41" })).body, "ok");
  });
});
