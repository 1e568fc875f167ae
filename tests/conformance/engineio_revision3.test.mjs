// Clients of revision 3, where they are allowed: payloads, heartbeat, upgrade (Engine.IO v3).
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { openWebSocket, textFrame } from "../support/engineio.mjs";
import { expected, forEachServer } from "../support/examples.mjs";
import { request } from "../support/http.mjs";
import { RawWebSocket, frame } from "../support/websocket.mjs";

class OldSession {
  static async open(server, { path = "three", more = "&b64=1" } = {}) {
    const place = `${server().url}/${path}/?EIO=3&transport=polling`;
    const opening = await request(`${place}${more}`);
    assert.equal(opening.status, 200, opening.body);
    const [, length, json] = /^(\d+):0(.*)$/.exec(opening.body);
    assert.equal(json.length + 1, Number(length));
    return new OldSession(server, path, opening, JSON.parse(json));
  }

  constructor(server, path, opening, handshake) {
    Object.assign(this, { server, opening, handshake });
    this.query = `/${path}/?EIO=3&sid=${handshake.sid}&transport=`;
    this.url = `${server().url}${this.query}polling`;
  }

  poll = () => request(this.url);
  post = (body, type = "text/plain;charset=UTF-8") =>
    request(this.url, { method: "POST", body, headers: { "Content-Type": type } });
  websocket = () => RawWebSocket.open(this.server().port, `${this.query}websocket`);
  isAlive = async () => (await this.post("1:6")).status === 200;
}

const bytes = (...values) => Buffer.from(values);
const item = (kind, text) => Buffer.concat([
  bytes(kind, ...[...String(Buffer.byteLength(text))].map(Number), 255), Buffer.from(text)]);

// [what, POST body, what comes back].
const echoed = [
  ["one packet", "6:4hello", "6:4hello"],
  ["an empty message", "1:4", "1:4"],
  ["several packets", "4:4one4:4two", "4:4one4:4two"],
  ["digits and colons", "8:4a:6:4bc5:41:12", "8:4a:6:4bc5:41:12"],
  ["lengths in UTF-16 code units", "2:4€3:4😀4:4äöü", "2:4€3:4😀4:4äöü"],
  ["binary as base64", "10:b4AQIDBA==", "10:b4AQIDBA=="],
  ["text and binary in order", "2:4a6:b4AAEC2:4b", "2:4a6:b4AAEC2:4b"],
  ["packets that mean nothing here", "1:61:51:02:4x", "2:4x"],
];

const refused = { coterie: 400, node: 200, why: "a client should hear that its packet was refused" };
const broken = [
  "abc", "", "6:4hell", "5:4hello", ":4x", "4x", "a:4x", "-1:4x", "1", "2:4x1", "1:7", "2:4x9:4y",
];
const brokenHere = ["0:", "3:4😀x", "2:4😀", "6:b4*!==", "99999999999:4x", "2:b2"];

forEachServer("options_server", "Engine.IO 3 on polling", (server, name) => {
  test("the handshake says what that of revision 4 does", async () => {
    const { handshake, opening } = await OldSession.open(server);
    assert.deepEqual(Object.keys(handshake),
                     ["sid", "upgrades", "pingInterval", "pingTimeout", "maxPayload"]);
    assert.deepEqual(handshake.upgrades, ["websocket"]);
    assert.equal(opening.headers["content-type"], "text/plain; charset=UTF-8");
  });

  for (const [what, body, wanted] of echoed) {
    test(`echoes ${what}`, async () => {
      const session = await OldSession.open(server);
      const posted = await session.post(body);
      assert.deepEqual([posted.status, posted.body], [200, "ok"]);
      assert.equal((await session.poll()).body, wanted);
    });
  }

  test("binary comes as bytes to a client that did not ask for base64", async () => {
    const session = await OldSession.open(server, { more: "" });
    await session.post("2:4€10:b4AQIDBA==");
    const { headers, bytes: got } = await session.poll();
    assert.equal(headers["content-type"], "application/octet-stream");
    assert.deepEqual(got, Buffer.concat([item(0, "4€"), item(1, bytes(4, 1, 2, 3, 4))]));
    await session.post("2:4a");
    const text = await session.poll();
    assert.deepEqual([text.headers["content-type"], text.body],
                     ["text/plain; charset=UTF-8", "2:4a"]);
  });

  test("binary may be posted as bytes", async () => {
    const session = await OldSession.open(server);
    const long = Buffer.alloc(300, 120);
    const body = Buffer.concat([item(0, "4€"), item(1, bytes(4, 1, 2, 255)),
                                item(1, Buffer.concat([bytes(4), long])), item(0, "4b")]);
    assert.equal((await session.post(body, "application/octet-stream")).status, 200);
    const base64 = `b4${long.toString("base64")}`;
    assert.equal((await session.poll()).body, `2:4€6:b4AQL/${base64.length}:${base64}2:4b`);
  });

  const declare = (body, status) =>
    test(`ends at the payload ${JSON.stringify(body)}`, async () => {
      const session = await OldSession.open(server);
      assert.equal((await session.post(body)).status, expected(name, status));
      assert.equal((await session.poll()).status, 400);
    });
  for (const body of broken) declare(body, refused);
  if (name === "coterie") for (const body of brokenHere) declare(body, 400);

  if (name === "coterie") {
    const notBytes = [bytes(2, 1, 255, 0x34), bytes(0, 255), bytes(0, 10, 255, 0x34), bytes(1, 1, 255),
                      bytes(0, 2, 255, 0x34), bytes(1, 1, 255, 5), bytes(0, 2, 255, 0x34, 0xff),
                      bytes(0), bytes(), Buffer.from("2:4a")];
    for (const body of notBytes) {
      test(`ends at the bytes ${body.toString("hex")}`, async () => {
        const session = await OldSession.open(server);
        assert.equal((await session.post(body, "application/octet-stream")).status, 400);
        assert.equal((await session.poll()).status, 400);
      });
    }
  }

  test("the client pings, the server answers", async () => {
    const session = await OldSession.open(server);
    await session.post("1:2");
    assert.equal((await session.poll()).body, "1:3");
  });

  test("a session lives as long as its client pings, and is never pinged", async () => {
    const session = await OldSession.open(server, { path: "three-short" });
    for (let i = 0; i < 3; ++i) {
      await sleep(350);
      await session.post("1:2");
      assert.equal((await session.poll()).body, "1:3");
    }
    const last = await session.poll();
    assert.equal(last.body, "1:1");
    assert.equal((await session.poll()).status, 400);
  });

  test("a pong is the wrong way round", async () => {
    const session = await OldSession.open(server);
    await session.post("1:3");
    assert.equal((await session.poll()).status, 400);
  });

  test("ends as revision 4 does", async () => {
    const session = await OldSession.open(server);
    const waiting = session.poll();
    await sleep(20);
    await session.post("1:1");
    assert.equal((await waiting).body, "1:6");
    const other = await OldSession.open(server);
    const first = other.poll();
    await sleep(20);
    assert.equal((await other.poll()).status, 400);
    assert.equal((await first).body, "1:1");
  });

  test("the revision belongs to the session", async () => {
    const session = await OldSession.open(server);
    const other = await request(session.url.replace("EIO=3", "EIO=4"));
    assert.deepEqual([other.status, other.body], [400, '{"code":3,"message":"Bad request"}']);
    assert.ok(await session.isAlive());
    const newer = await request(`${server().url}/three/?EIO=4&transport=polling`);
    assert.match(newer.body, /^0\{/);
  });

  if (name === "coterie") {
    test("only 3 is 3 (Node takes whatever is not 4)", async () => {
      for (const query of ["EIO=2&", "EIO=&", "", "EIO=03&", "EIO=3.0&"]) {
        const { body } = await request(`${server().url}/three/?${query}transport=polling`);
        assert.equal(body, '{"code":5,"message":"Unsupported protocol version"}');
      }
    });
  }
});

forEachServer("options_server", "Engine.IO 3 on WebSocket", (server, name) => {
  const open = (more = "") => openWebSocket(
    { port: server().port, path: "/three/" }, { query: `EIO=3&transport=websocket${more}` });

  test("text is text; binary begins with its type", async () => {
    const socket = await open();
    await socket.send(textFrame("4hello"), frame("binary", bytes(4, 1, 2, 3)), textFrame("b4AQID"));
    assert.deepEqual(await socket.next(), ["text", "4hello"]);
    assert.deepEqual(await socket.next(), ["binary", "04010203"]);
    assert.deepEqual(await socket.next(), ["binary", "04010203"]);
    socket.destroy();
  });

  test("a client that wants base64 gets it", async () => {
    const socket = await open("&b64=1");
    await socket.send(frame("binary", bytes(4, 1, 2, 3)));
    assert.deepEqual(await socket.next(), ["text", "b4AQID"]);
    socket.destroy();
  });

  test("the client pings, the server answers", async () => {
    const socket = await open();
    await socket.send(textFrame("2"));
    assert.deepEqual(await socket.next(), ["text", "3"]);
    socket.destroy();
  });

  if (name === "coterie") {
    for (const [what, wrong] of [["no type", bytes()], ["another type", bytes(2, 1)]]) {
      test(`binary with ${what} ends the session`, async () => {
        const socket = await open();
        await socket.send(frame("binary", wrong));
        assert.deepEqual(await socket.next(), ["close", null]);
      });
    }

    test("what a client sends before the open packet has come is read behind it", async () => {
      const target = "/three/?EIO=3&transport=websocket";
      const socket = await RawWebSocket.open(server().port, target, { glued: textFrame("4early") });
      assert.match((await socket.next())[1], /^0\{/);
      assert.deepEqual(await socket.next(), ["text", "4early"]);
      socket.destroy();
    });

    test("clients that leave at once leave nothing behind", async () => {
      for (let i = 0; i < 20; ++i) {
        const socket = await RawWebSocket.open(server().port, "/three/?EIO=3&transport=websocket");
        socket.connection[i % 2 ? "destroy" : "reset"]();
      }
      await sleep(50);
      (await open()).destroy();
    });
  }

  test("a session upgrades, and nothing is lost", async () => {
    const session = await OldSession.open(server);
    const waiting = session.poll();
    const socket = await session.websocket();
    await socket.send(textFrame("2probe"));
    assert.deepEqual(await socket.next(), ["text", "3probe"]);
    assert.equal((await waiting).body, "1:6");
    await session.post("2:4a6:b4AAEC");
    await socket.send(textFrame("5"), textFrame("4b"));
    assert.deepEqual(await socket.next(), ["text", "4a"]);
    assert.deepEqual(await socket.next(), ["binary", "04000102"]);
    assert.deepEqual(await socket.next(), ["text", "4b"]);
    assert.equal((await session.poll()).body, '{"code":3,"message":"Bad request"}');
    socket.destroy();
  });
});
