// A session on long-polling: what goes through, what ends it, and what it answers (Engine.IO v4).
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { PollingSession, separator } from "../support/engineio.mjs";
import { expected, forEachServer } from "../support/examples.mjs";
import { RawConnection, request } from "../support/http.mjs";
import { until } from "../support/process.mjs";

const rs = separator;

// Bodies that are echoed: [what, POST body, packets that come back].
const echoed = [
  ["one packet", "4hello", ["4hello"]],
  ["an empty message", "4", ["4"]],
  ["several packets", `4one${rs}4two${rs}4three`, ["4one", "4two", "4three"]],
  ["characters of one to four bytes", "4aé€😀 你好", ["4aé€😀 你好"]],
  ["binary as base64", "bAQIDBA==", ["bAQIDBA=="]],
  ["text and binary in order", `4a${rs}bAAEC${rs}4b`, ["4a", "bAAEC", "4b"]],
  ["a NUL and other control characters", "4a\u0000b\u0001\r\n\t", ["4a\u0000b\u0001\r\n\t"]],
  ["a thousand packets", Array(1000).fill("4x").join(rs), Array(1000).fill("4x")],
  ["packets that mean nothing here are ignored", `6${rs}5${rs}0${rs}4x`, ["4x"]],
  ["a pong nobody waits for", `3${rs}4x`, ["4x"]],
];

// Bodies that end the session: [what, body, status]; Node answers "ok" whatever happens.
const refused = { coterie: 400, node: 200, why: "a client should hear that its packet was refused" };
const ending = [
  ["an unknown type", "abc", refused],
  ["type 7", "7", refused],
  ["an empty body", "", refused],
  ["a separator alone", rs, refused],
  ["a leading separator", `${rs}4x`, refused],
  ["a trailing separator", `4x${rs}`, refused],
  ["a doubled separator", `4x${rs}${rs}4y`, refused],
  ["a ping: only the server pings", "2", 200],
  ["a probe on the wrong transport", "2probe", 200],
  ["a close packet", "1", 200],
];
const endingHereOnly = [
  ["base64 that is none", "b*!", "Node skips what it cannot read"],
  ["invalid UTF-8", Buffer.from("34ff", "hex"), "Node puts U+FFFD in its place"],
];

const session = (server) => PollingSession.open(server().echo);

forEachServer("conformance", "Engine.IO on polling: messages", (server) => {
  for (const [what, body, packets] of echoed) {
    test(`echoes ${what}`, async () => {
      const client = await session(server);
      const posted = await client.post(body);
      assert.deepEqual([posted.status, posted.body, posted.headers["content-type"]],
                       [200, "ok", "text/html"]);
      const polled = await client.poll();
      assert.equal(polled.status, 200);
      assert.equal(polled.headers["content-type"], "text/plain; charset=UTF-8");
      assert.equal(polled.headers["cache-control"], "no-store");
      assert.deepEqual(polled.packets, packets);
    });
  }

  test("a waiting poll is answered as soon as there is something", async () => {
    const client = await session(server);
    const waiting = client.poll();
    await sleep(50);
    await client.post("4now");
    assert.deepEqual((await waiting).packets, ["4now"]);
  });

  test("what is posted in many TCP segments is one body", async () => {
    const client = await session(server);
    const connection = await RawConnection.open(server().echo.port);
    const head = `POST ${client.target()} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n`;
    for (const byte of Buffer.from(`${head}4€ uro!`)) await connection.send(Buffer.of(byte));
    assert.ok(await connection.untilResponses(1));
    assert.deepEqual((await client.poll()).packets, ["4€ uro!"]);
  });

  test("a chunked body is a body", async () => {
    const client = await session(server);
    const connection = await RawConnection.open(server().echo.port);
    await connection.send(`POST ${client.target()} HTTP/1.1\r\nHost: x\r\n` +
                          "Transfer-Encoding: chunked\r\n\r\n3\r\n4ab\r\n2;x=y\r\ncd\r\n0\r\n\r\n");
    assert.ok(await connection.untilResponses(1));
    assert.deepEqual((await client.poll()).packets, ["4abcd"]);
  });

  test("POST and GET pipelined over one connection are answered in order", async () => {
    const client = await session(server);
    const connection = await RawConnection.open(server().echo.port);
    await connection.send(`POST ${client.target()} HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n` +
                          `4abcGET ${client.target()} HTTP/1.1\r\nHost: x\r\n\r\n`);
    assert.ok(await connection.untilResponses(2));
    assert.deepEqual(connection.responses().map(({ body }) => body), ["ok", "4abc"]);
  });

  test("HTTP/1.0 and Connection: close are served, and the session goes on", async () => {
    const client = await session(server);
    for (const [version, more] of [["1.0", ""], ["1.1", "Connection: close\r\n"]]) {
      const connection = await RawConnection.open(server().echo.port);
      await connection.send(`POST ${client.target()} HTTP/${version}\r\nHost: x\r\n${more}` +
                            "Content-Length: 2\r\n\r\n4x");
      assert.ok(await connection.untilClosed());
      assert.equal(connection.responses()[0].body, "ok");
    }
    assert.deepEqual((await client.poll()).packets, ["4x", "4x"]);
  });

  test("bodies up to the bound pass; one byte more is 413, and the session lives", async () => {
    const client = await session(server);
    const largest = `4${"x".repeat(999_999)}`;
    assert.equal((await client.post(largest)).status, 200);
    assert.equal((await client.poll()).body, largest);
    const tooLarge = await client.post(`${largest}x`);
    assert.deepEqual([tooLarge.status, tooLarge.body], [413, ""]);
    assert.equal((await client.post("4still here")).status, 200);
    assert.deepEqual((await client.poll()).packets.at(-1), "4still here");
  });

  test("a chunked body beyond the bound is 413, too", async () => {
    const client = await session(server);
    const connection = await RawConnection.open(server().echo.port);
    const chunk = `10000\r\n${"4".repeat(0x10000)}\r\n`;
    connection.socket.write(`POST ${client.target()} HTTP/1.1\r\nHost: x\r\n` +
                            `Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(20)}0\r\n\r\n`);
    assert.ok(await connection.untilResponses(1));
    assert.equal(connection.responses()[0].status, 413);
  });
});

forEachServer("conformance", "Engine.IO on polling: ends", (server, name) => {
  const declare = (what, body, status) =>
    test(`ends at ${what}`, async () => {
      const client = await session(server);
      assert.equal((await client.post(body)).status, expected(name, status));
      assert.equal((await client.poll()).status, 400);
    });
  for (const [what, body, status] of ending) declare(what, body, status);
  if (name === "coterie") for (const [what, body] of endingHereOnly) declare(what, body, 400);

  test("packets before a bad one have been delivered, those behind it have not", async () => {
    const client = await session(server);
    const waiting = client.poll();
    await sleep(20);
    await client.post(`4before${rs}abc${rs}4behind`);
    assert.ok((await waiting).packets.includes("4before"));
    assert.ok(!(await waiting).packets.includes("4behind"));
  });

  test("a close packet ends the waiting poll with a noop", async () => {
    const client = await session(server);
    const waiting = client.poll();
    await sleep(20);
    await client.post(`1${rs}4behind`);
    assert.deepEqual((await waiting).packets, ["6"]);
    assert.equal(JSON.parse((await client.poll()).body).code, 1);
  });

  test("two polls at once: 400 for the second, a close packet for the first", async () => {
    const client = await session(server);
    const first = client.poll();
    await sleep(20);
    const second = await client.poll();
    assert.deepEqual([second.status, second.body], [400, ""]);
    assert.deepEqual([(await first).status, (await first).body], [200, "1"]);
    assert.equal((await client.poll()).status, 400);
  });

  test("a client that gives up its poll has left", async () => {
    const client = await session(server);
    const controller = new AbortController();
    const waiting = client.poll({ signal: controller.signal }).catch(() => "gone");
    await sleep(20);
    controller.abort();
    assert.equal(await waiting, "gone");
    await until(async () => (await client.post("6")).status === 400, undefined, 250);
  });

  test("a client that resets the connection of its POST has left", async () => {
    const client = await session(server);
    const connection = await RawConnection.open(server().echo.port);
    await connection.send(`POST ${client.target()} HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n4`);
    await sleep(20);
    connection.reset();
    await until(async () => (await client.post("6")).status === 400, undefined, 250);
  });

  test("a binary POST of revision 3 is refused, every time", async () => {
    const headers = { "Content-Type": "application/octet-stream" };
    for (let i = 0; i < 100; ++i) {
      const client = await session(server);
      assert.equal((await client.post("4x", { headers })).status, 400);
      assert.equal((await client.poll()).status, 400);
    }
  });

  for (const method of ["PUT", "DELETE", "PATCH"]) {
    test(`${method} with a session is no method`, async () => {
      const client = await session(server);
      assert.equal((await client.request({ method })).status, 500);
    });
  }

  test("a request may not claim another revision than the session has", async () => {
    const client = await session(server);
    for (const revision of ["3", "", "5"]) {
      const target = client.target().replace("EIO=4", `EIO=${revision}`);
      const response = await request(`${server().echo.url}${target}`);
      assert.deepEqual([response.status, response.body],
                       [400, '{"code":3,"message":"Bad request"}']);
    }
  });

  test("a session on polling is not reached by a plain websocket request", async () => {
    const client = await session(server);
    const response = await request(`${server().echo.url}${client.target("websocket")}`);
    assert.deepEqual([response.status, response.body], [400, '{"code":3,"message":"Bad request"}']);
    assert.ok(await client.isAlive());
  });
});
