// Joining and leaving namespaces, and what happens to who joins none (Socket.IO v5).
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { expected, forEachServer } from "../support/examples.mjs";
import { RawClient } from "../support/socketio.mjs";

const welcome = (nsp = "") => new RegExp(`^0${nsp}\\{"sid":"[A-Za-z0-9_-]{20}"\\}$`);

forEachServer("conformance", "Socket.IO namespaces", (server, name) => {
  for (const [what, packet, reply, event] of [
    ["/", "0", welcome(), '2["auth",{}]'],
    ["/ with a payload", '0{"token":"123","b":[1]}', welcome(), '2["auth",{"token":"123","b":[1]}]'],
    ["/ by name", "0/,", welcome(), '2["auth",{}]'],
    ["/custom", "0/custom,", welcome("/custom,"), '2/custom,["auth",{}]'],
    ["/custom without its comma", "0/custom", welcome("/custom,"), '2/custom,["auth",{}]'],
    ["/custom with a payload", '0/custom,{"token":"abc"}', welcome("/custom,"),
     '2/custom,["auth",{"token":"abc"}]'],
  ]) {
    test(`joins ${what}`, async () => {
      const client = await RawClient.open(server());
      await client.send(packet);
      assert.match(await client.next(), reply);
      assert.equal(await client.next(), event);
      client.destroy();
    });
  }

  test("a socket's id is not its session's, and differs between namespaces", async () => {
    const client = await RawClient.open(server());
    const ids = [client.socket.handshake.sid];
    for (const nsp of ["/", "/custom"]) {
      const { reply } = await client.join(nsp);
      ids.push(/"sid":"(.{20})"/.exec(reply)[1]);
    }
    assert.equal(new Set(ids).size, 3);
    client.destroy();
  });

  for (const nsp of ["/random", "/custom?x=1", "/Custom", "/custom/", "/__proto__", "/constructor"]) {
    test(`${nsp} is no namespace; the connection stays`, async () => {
      const client = await RawClient.open(server());
      await client.send(`0${nsp},`);
      assert.equal(await client.next(), `4${nsp},{"message":"Invalid namespace"}`);
      await client.send("0");
      assert.match(await client.next(), welcome());
      client.destroy();
    });
  }

  for (const packet of ['2["message"]', "1", "30[]", "4", "2", "x"]) {
    test(`“${packet}” before CONNECT closes`, async () => {
      const client = await RawClient.open(server());
      await client.send(packet);
      assert.equal(await client.next(2000), "closed");
    });
  }

  test("who joins nothing is closed when the connect timeout is over", async () => {
    const client = await RawClient.open(server());
    const begin = performance.now();
    assert.equal(await client.next(), "closed");
    const elapsed = performance.now() - begin;
    assert.ok(elapsed > 900 && elapsed < 3000, `after ${elapsed} ms`);
  });

  test("a refused namespace does not stop the connect timeout", async () => {
    const client = await RawClient.open(server());
    await client.send("0/random,");
    await client.next();
    assert.equal(await client.next(), "closed");
  });

  test("who has joined and left everything stays connected", async () => {
    const client = await RawClient.connect(server());
    await client.send("1");
    assert.equal(await client.next(1500), "silence");
    await client.send("0");
    assert.match(await client.next(), welcome());
    client.destroy();
  });

  test("leaving one namespace leaves the others alone", async () => {
    const client = await RawClient.connect(server());
    await client.join("/custom");
    await client.send("1/custom,", '2["message",1]');
    assert.equal(await client.next(), '2["message-back",1]');
    client.destroy();
  });

  test("a namespace that was left can be joined again", async () => {
    const client = await RawClient.connect(server(), "/custom");
    await client.send("1/custom,");
    await sleep(20);
    await client.send("0/custom,");
    assert.match(await client.next(), welcome("/custom,"));
    client.destroy();
  });

  test("packets glued to CONNECT", async () => {
    const client = await RawClient.open(server());
    await client.send("0", '2["message",1]');
    const seen = [await client.next(), await client.next(), await client.next()];
    const [first, ...rest] = expected(name, {
      coterie: [welcome(), '2["auth",{}]', '2["message-back",1]'],
      node: [/closed/, "closed", "closed"],
      why: "packets are taken in their order; Node joins later and closes at the event",
    });
    assert.match(seen[0], first);
    assert.deepEqual(seen.slice(1), rest);
    client.destroy();
  });

  if (name === "coterie") {
    test("two CONNECTs in one segment close (Node makes two sockets)", async () => {
      const client = await RawClient.open(server());
      await client.send("0", "0");
      assert.match(await client.next(), welcome());
      assert.equal(await client.next(), '2["auth",{}]');
      assert.equal(await client.next(), "closed");
    });
  }
});
