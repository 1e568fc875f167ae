// SIGTERM: what was taken on is finished, clients come back by themselves, the end is a good one.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";

import { startMariadb } from "../support/backends/mariadb.mjs";
import { binary, surroundings, temporaryFolder, withServer } from "../support/coterie.mjs";
import { RawConnection, request } from "../support/http.mjs";
import { Child, until } from "../support/process.mjs";
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

// Of those that wait for somebody who is silent: ten seconds are promised, and the machine may be
// slow. Prints how long it was, and returns what the log says of it.
async function stopsAllTheSame(server, context) {
  const begin = performance.now();
  const end = await server.child.stop("SIGTERM", 60_000);
  const seconds = (performance.now() - begin) / 1000;
  assert.deepEqual(end, { code: 0, signal: null }, server.log);
  context.diagnostic(`gone ${seconds.toFixed(1)} s after SIGTERM`);
  assert.ok(seconds < 15, `${seconds} s\n${server.log}`);
  return /given up after 9 s of stopping: (.*)/.exec(server.log)?.[1];
}

test("a database that is silent does not keep it: who waits is told, and nothing is half stored",
  { timeout: 120_000 },
  async (context) => {
    const mariadb = await startMariadb();
    mariadb.sql("CREATE DATABASE chat");
    try {
      await withServer({ env: mariadb.settings("chat") }, async (server) => {
        const alice = await server.user("alice1");
        const group = await server.rest.group(alice);
        const socket = await connectSocket(server.url, { auth: { token: alice.token } });
        const send = (content) => server.rest.post("/api/conversation/group/message/text", {
          token: alice.token, json: { groupId: group.id, content }, timeout: 60_000 });
        assert.equal((await send("before")).status, 201);
        mariadb.child.signal("SIGSTOP");
        const waiting = Promise.all(Array.from({ length: 40 }, (_, i) => send(`meanwhile ${i}`)));
        await server.rest.get("/healthz"); // They have come: each loop answers behind them.
        const left = await stopsAllTheSame(server, context);
        assert.match(left, /^calls that wait, \d+ in db$/);
        for (const { status, body, text } of await waiting) {
          assert.deepEqual([status, body.code], [503, "busy"], text);
        }
        const [reason] = await socket.event("disconnect");
        assert.equal(reason, "transport close");
        mariadb.child.signal("SIGCONT");
        await server.startAgain();
        const stored = mariadb.sql("SELECT content FROM group_message", "chat").trim().split("\n");
        assert.equal(new Set(stored).size, stored.length, "nothing is there twice");
        assert.ok(stored.includes("before"));
        assert.equal((await send("afterwards")).status, 201);
      });
    } finally {
      closeSockets();
      await mariadb.remove();
    }
  });

test("a mail server that says nothing does not keep it", { timeout: 60_000 }, async (context) => {
  const sockets = [];
  const silent = createServer((socket) => sockets.push(socket.on("error", () => {})));
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  const env = { EMAIL_HOST: "127.0.0.1", EMAIL_PORT: `${silent.address().port}`, EMAIL_SECURE: "false",
                EMAIL_FROM: "chat@example.com", EMAIL_TIMEOUT: "60" };
  try {
    await withServer({ env }, async (server) => {
      const letters = Promise.all([1, 2].map((i) => server.rest.post("/api/auth/sendCode", {
        json: { email: `reader${i}@example.com` }, timeout: 60_000 })));
      await until(() => sockets.length === 2, () => server.log);
      assert.match(await stopsAllTheSame(server, context), /^calls that wait, 2 in files$/);
      for (const { status, body } of await letters) assert.deepEqual([status, body.code], [503, "busy"]);
    });
  } finally {
    for (const socket of sockets) socket.destroy();
    silent.close();
  }
});

test("a database that is silent from the start does not keep it either", { timeout: 60_000 },
  async (context) => {
    const sockets = [];
    const silent = createServer((socket) => sockets.push(socket.on("error", () => {})));
    silent.listen(0, "127.0.0.1");
    await once(silent, "listening");
    const env = { ...surroundings, DB_TYPE: "mysql", DB_HOST: "127.0.0.1", DB_DATABASE: "chat",
                  DB_PORT: `${silent.address().port}`, DB_USERNAME: "chat", DB_PASSWORD: "secret" };
    const child = new Child(binary(), ["serve", "--port", "0", "--data", temporaryFolder()], { env });
    try {
      await until(() => child.log.includes("waiting for"), () => child.log);
      const begin = performance.now();
      assert.equal((await child.stop("SIGTERM", 60_000)).code, 1, child.log);
      const seconds = (performance.now() - begin) / 1000;
      context.diagnostic(`gone ${seconds.toFixed(1)} s after SIGTERM`);
      assert.ok(seconds < 15, `${seconds} s`);
    } finally {
      for (const socket of sockets) socket.destroy();
      silent.close();
    }
  });
