// SIGTERM: what was taken on is finished, clients come back by themselves, the end is a good one.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";

import { withServer } from "../support/coterie.mjs";
import { RawConnection, request } from "../support/http.mjs";
import { until } from "../support/process.mjs";
import { pictureOf } from "../support/rest.mjs";
import { closeSockets, connectSocket } from "../support/sockets.mjs";

const secondsMax = 10;

// Stops the server and insists on a good end in good time.
async function stops(server) {
  const begin = performance.now();
  const end = await server.child.stop("SIGTERM", 2 * secondsMax * 1000);
  assert.deepEqual(end, { code: 0, signal: null }, server.log);
  assert.ok(performance.now() - begin < secondsMax * 1000, "it took too long");
}

test("messages being sent are answered: what was stored was said to be stored", async () => {
  await withServer({}, async (server) => {
    const alice = await server.user("alice1");
    const group = await server.rest.group(alice);
    const answered = new Set();
    const writers = Array.from({ length: 16 }, async (_, writer) => {
      for (let i = 0; ; ++i) {
        const content = `${writer}/${i}`;
        const answer = await server.rest.post("/api/conversation/group/message/text", {
          token: alice.token, json: { groupId: group.id, content },
        }).catch(() => undefined);
        if (answer?.status !== 201) return answer?.status;
        answered.add(content);
      }
    });
    await until(() => answered.size > 100);
    await stops(server);
    for (const status of await Promise.all(writers)) assert.ok(!status || status === 503, status);
    const stored = server.sql("SELECT content FROM group_message").map(({ content }) => content);
    assert.deepEqual(new Set(stored), answered);
    assert.equal(stored.length, answered.size);
    await server.startAgain();
  });
});

test("a log-in that is being checked is answered", async () => {
  await withServer({ env: { COTERIE_PASSWORD_COST: "standard" } }, async (server) => {
    await server.user("alice1");
    await server.rest.get("/api/auth/catpcha?uid=u1");
    const login = server.rest.post("/api/auth/login", {
      json: { loginName: "alice1", password: "Passw0rd!", code: server.captchaText("u1"), uid: "u1" },
    });
    // The captcha is used up when the password's turn comes.
    await until(() => server.captchaText("u1") === undefined);
    await stops(server);
    assert.equal((await login).status, 201);
    await server.startAgain();
  });
});

test("a download that a slow client has begun comes whole", async () => {
  await withServer({}, async (server) => {
    const alice = await server.user("alice1");
    const size = 9_000_000;
    const group = await server.rest.group(alice);
    await server.rest.data("POST", "/api/conversation/group/message/image", {
      token: alice.token, form: [["file", pictureOf(size)], ["groupId", `${group.id}`]],
    });
    const [{ file }] = await server.rest.data(
      "GET", `/api/conversation/group/message/list?groupId=${group.id}`, { token: alice.token });
    const { pathname, search } = new URL(file.url);
    const slow = await RawConnection.open(server.port);
    await slow.send(`GET ${pathname}${search} HTTP/1.1\r\nHost: x\r\n\r\n`);
    assert.ok(await slow.until(({ received }) => received.length > 1000));
    slow.socket.pause();
    const stopped = stops(server);
    await until(() => server.log.includes("stopping"));
    slow.socket.resume();
    assert.ok(await slow.untilClosed());
    assert.equal(slow.responses()[0].body.length, size);
    await stopped;
    await server.startAgain();
  });
});

test("sockets hear that the transport closes, and so come back by themselves", async () => {
  await withServer({}, async (server) => {
    const alice = await server.user("alice1");
    const sockets = [];
    for (const transports of [["websocket"], ["polling"]]) {
      sockets.push(await connectSocket(server.url, {
        auth: { token: alice.token }, transports,
        reconnection: true, reconnectionDelay: 20, reconnectionDelayMax: 100,
      }));
    }
    await stops(server);
    // Who polls may be between two polls just then, and finds nobody at the next.
    const [[spoken], [polled]] = await Promise.all(sockets.map((socket) => socket.event("disconnect")));
    assert.equal(spoken, "transport close");
    assert.match(polled, /^transport (close|error)$/);
    await server.startAgain();
    for (const socket of sockets) await socket.event("connect", 1);
    await closeSockets();
  });
});

test("while a call is being finished, the server lives but is not ready", async () => {
  await withServer({}, async (server) => {
    const alice = await server.user("alice1");
    const group = await server.rest.group(alice);
    // Somebody else holds the database's lock, for as long as we like.
    const holder = spawn("sqlite3", [join(server.data, "coterie.db")]);
    try {
      holder.stdin.write("BEGIN IMMEDIATE;\nSELECT 'held';\n");
      await once(holder.stdout, "data");
      const open = await RawConnection.open(server.port);
      const statusOf = async (path, count) => {
        await open.send(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
        assert.ok(await open.untilResponses(count), path);
        return open.responses()[count - 1].status;
      };
      assert.equal(await statusOf("/readyz", 1), 200);
      const sent = server.rest.text(alice.token, group.id, "last words");
      // Two that come behind it, on either shard: so it has begun.
      for (let i = 0; i < 2; ++i) await server.rest.get("/api/user", { token: alice.token });
      server.child.signal("SIGTERM");
      await until(() => server.log.includes("stopping"));
      assert.equal(await statusOf("/readyz", 2), 503);
      assert.equal(await statusOf("/healthz", 3), 200);
      holder.stdin.end("ROLLBACK;\n");
      assert.equal((await sent).content, "last words");
      await stops(server);
    } finally {
      holder.kill();
    }
    await server.startAgain();
  });
});
