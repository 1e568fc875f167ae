// Crowds: thousands of clients at once, a client that does not read while a group is busy, users in
// thousands of groups and groups of a hundred thousand. Nobody else notices.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { Worker } from "node:worker_threads";

import { password, withServer } from "../support/coterie.mjs";
import { openWebSocket } from "../support/engineio.mjs";
import { until } from "../support/process.mjs";
import { ask, closeSocketsAfterEach, connectSocket } from "../support/sockets.mjs";
import { frame } from "../support/websocket.mjs";

closeSocketsAfterEach();

// Writes to the server's database behind its back.
function write(server, sql) {
  execFileSync("sqlite3", [join(server.data, "coterie.db")],
               { input: `.timeout 20000\n${sql};\n`, encoding: "utf8" });
}

// A client over WebSocket that is not heard of before it is let in.
async function joined(server, token) {
  const socket = await openWebSocket({ port: server.port, path: "/socket.io/" },
                                     { headers: { Authorization: token }, patience: 60_000 });
  await socket.send(frame("text", "40"));
  return { socket, reply: socket.next(60_000) };
}

// Calls one after another, on a thread of their own: the one with the crowd is busy. Ends with how
// long each took, the slowest last.
function caller(server, token) {
  const worker = new Worker(`
    const { parentPort, workerData } = require("node:worker_threads");
    const { get } = require("node:http");
    let isOver = false;
    parentPort.once("message", () => (isOver = true));
    const call = () => new Promise((resolve, reject) => {
      const begin = performance.now();
      get(workerData.url, { headers: workerData.headers, agent: false }, (response) => {
        response.resume().on("end", () => response.statusCode === 200
          ? resolve(performance.now() - begin) : reject(new Error(\`\${response.statusCode}\`)));
      }).on("error", reject);
    });
    (async () => {
      const times = [];
      while (!isOver) times.push(await call());
      parentPort.postMessage(times.sort((a, b) => a - b));
    })();`, { eval: true, workerData: { url: `${server.url}/api/user`,
                                        headers: { Authorization: `Bearer ${token}` } } });
  const calls = new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
  return { calls, stop: () => worker.postMessage("stop") };
}

test("three thousand come at once, and again: all are let in, and REST goes on", async (t) => {
  const hard = Number(execFileSync("sh", ["-c", "ulimit -Hn"], { encoding: "utf8" }));
  const count = Math.min(3000, Math.floor((hard || 1e6) / 2) - 200);
  await withServer({}, async (server) => {
    const users = [];
    for (let i = 0; i < 6; ++i) users.push(await server.user(`guest${i}`));
    await server.rest.group(users[0], users.slice(1));
    for (const round of [1, 2]) {
      const rest = caller(server, users[0].token);
      const begin = performance.now();
      const all = await Promise.all(Array.from({ length: count }, (_, i) =>
        joined(server, users[i % users.length].token)));
      const replies = await Promise.all(all.map(({ reply }) => reply));
      const elapsed = performance.now() - begin;
      rest.stop();
      const times = await rest.calls;
      const welcome = replies.filter(([, text]) => text?.startsWith('40{"sid"')).length;
      t.diagnostic(`round ${round}: ${welcome} in ${elapsed.toFixed()} ms; ${times.length} calls, ` +
                   `median ${times[times.length >> 1].toFixed()} ms, slowest ${times.at(-1).toFixed()} ms`);
      assert.equal(welcome, count, JSON.stringify(replies.find(([, text]) => !text?.startsWith("40"))));
      for (const { socket } of all) socket.destroy();
      if (round === 1) await server.restart();
    }
  });
});

test("a client that does not read is cut with a reason and catches up; the others miss nothing", async () => {
  await withServer({ env: { COTERIE_LIMIT_SENDS: "0" } }, async (server) => {
    const alice = await server.user("alice1");
    const bobby = await server.user("bobby1");
    await server.command("user", "add", "olga_ops", "--admin", "--password", password,
                         "--email", "olga@example.com");
    const olga = await server.token("olga_ops");
    const group = await server.rest.group(alice, [bobby]);
    const { socket: deaf, reply } = await joined(server, bobby.token);
    await reply;
    deaf.connection.socket.pause();
    const awake = await connectSocket(server.url, { auth: { token: bobby.token } });
    const overview = () => server.rest.data("GET", "/api/admin", { token: olga });
    const content = "字".repeat(5000);
    let sent = 0;
    while (sent < 6000 && (await overview()).slowConsumers === 0) {
      await Promise.all(Array.from({ length: 50 }, () => server.rest.text(alice.token, group.id, content)));
      sent += 50;
    }
    assert.equal((await overview()).slowConsumers, 1, `after ${sent} messages`);
    assert.match(server.log, new RegExp(`slow consumer: a socket of user ${bobby.id} at 127.0.0.1 is cut`));
    deaf.connection.socket.resume();
    assert.ok(await deaf.connection.untilClosed(20_000), "its connection is closed");
    const numbers = Array.from({ length: sent }, (_, i) => i + 1);
    const heard = () => awake.events(`group-message:${group.id}`).map(([{ seq }]) => seq);
    await until(() => heard().length === sent, () => `${heard().length} of ${sent}`, 30_000);
    assert.deepEqual(heard(), numbers);
    const { trouble } = await overview();
    assert.ok(trouble.some(({ text }) => text.includes("slow consumer")), JSON.stringify(trouble));
    const back = await connectSocket(server.url, { auth: { token: bobby.token } });
    const caughtUp = [];
    for (let hasMore = true; hasMore;) {
      const groups = [{ groupId: group.id, afterSeq: caughtUp.length }];
      const [{ groups: [missed] }] = await ask(back, "sync", { groups, limit: 500 });
      caughtUp.push(...missed.messages.map(({ seq }) => seq));
      hasMore = missed.hasMore;
    }
    assert.deepEqual(caughtUp, numbers);
  });
});

test("a user in five thousand groups, and a group of a hundred thousand", async (t) => {
  await withServer({}, async (server) => {
    const alice = await server.user("alice1");
    const bobby = await server.user("bobby1");
    const group = await server.rest.group(alice, [bobby]);
    const numbers = (n) => `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${n})`;
    const now = Date.now();
    write(server, `BEGIN;
      ${numbers(100_000)} INSERT INTO "user" (createAt, updateAt, username, email, password)
        SELECT ${now}, ${now}, 'member' || i, 'member' || i || '@example.com', '-' FROM n;
      INSERT INTO group_conversation (createAt, updateAt, userRole, userId, groupId)
        SELECT ${now}, ${now}, 1, id, ${group.id} FROM "user" WHERE username LIKE 'member%' ORDER BY id;
      ${numbers(5000)} INSERT INTO file (createAt, updateAt, path, type, url, createById)
        SELECT ${now}, ${now}, 'cover/' || i, 'cover', 'http://localhost/' || i, ${alice.id} FROM n;
      INSERT INTO "group" (createAt, updateAt, name, inviteCode, coverId, createById)
        SELECT ${now}, ${now}, 'Team', 'code' || id, id, ${alice.id} FROM file WHERE path LIKE 'cover/%'
          AND id NOT IN (SELECT coverId FROM "group");
      INSERT INTO group_conversation (createAt, updateAt, userRole, userId, groupId)
        SELECT ${now}, ${now}, 0, ${alice.id}, id FROM "group" WHERE id <> ${group.id};
      COMMIT`);
    const timed = async (what, work) => {
      const begin = performance.now();
      const result = await work();
      t.diagnostic(`${what}: ${(performance.now() - begin).toFixed()} ms`);
      return result;
    };
    const before = server.child.memory();
    const socket = await timed("connecting with 5001 groups",
                               () => connectSocket(server.url, { auth: { token: alice.token } }));
    const more = [];
    await timed("and nine times more", async () => {
      for (let i = 0; i < 9; ++i) {
        more.push(await connectSocket(server.url, { auth: { token: alice.token } }));
      }
    });
    t.diagnostic(`memory for ten: ${((server.child.memory() - before) / 1e6).toFixed(1)} MB`);
    const last = server.sql('SELECT max(id) AS id FROM "group"')[0].id;
    for (const id of [group.id, last]) {
      await server.rest.text(alice.token, id, "hello");
      for (const each of [socket, ...more]) await each.event(`group-message:${id}`);
    }
    const list = await timed("its list of conversations", () =>
      server.rest.data("GET", "/api/conversation/list", { token: alice.token }));
    assert.equal(list.length, 5001);

    const detail = (query = "") =>
      server.rest.data("GET", `/api/group/${group.id}${query}`, { token: bobby.token });
    const first = await timed("a group of 100 002", () => detail());
    assert.deepEqual([first.users.length, first.memberCount], [1000, 100_002]);
    assert.deepEqual(first.users.slice(0, 2).map(({ id }) => id), [alice.id, bobby.id]);
    const end = await timed("its last members", () => detail("?skip=100000"));
    assert.deepEqual([end.users.length, end.memberCount], [2, 100_002]);
    assert.deepEqual((await detail("?skip=200000")).users, []);
    const [watched] = await timed("watching it", () => ask(more[0], "watch-presence", { groupId: group.id }));
    assert.deepEqual(watched, { online: [alice.id] });
  });
});
