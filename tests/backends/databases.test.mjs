// A chat on MariaDB and on PostgreSQL: many who want the same at once, and a database that is
// killed, or silent, while people send.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { startMariadb } from "../support/backends/mariadb.mjs";
import { startPostgres } from "../support/backends/postgres.mjs";
import { startRedis } from "../support/backends/redis.mjs";
import { startS3 } from "../support/backends/s3.mjs";
import { password, withServer } from "../support/coterie.mjs";
import { Child, until } from "../support/process.mjs";
import { pictureOf } from "../support/rest.mjs";
import { closeSockets, connectSocket } from "../support/sockets.mjs";

const engines = { MariaDB: startMariadb, PostgreSQL: startPostgres };
const many = 16;
const rounds = 3;

async function withEngine(start, use) {
  const database = await start();
  try {
    database.sql("CREATE DATABASE chat");
    await withServer({ env: database.settings("chat") }, (server) => use(server, database));
  } finally {
    closeSockets();
    await database.remove();
  }
}

const together = (make) => Promise.all(Array.from({ length: many }, (_, i) => make(i)));

// One succeeded, all others failed with that code.
function assertOneOf(answers, code) {
  const failed = answers.filter(({ body }) => body.message !== "success");
  assert.equal(failed.length, many - 1, failed[0]?.text);
  for (const { body, text } of failed) assert.equal(body.code, code, text);
}

async function races(server, database) {
  const { rest } = server;
  const count = (what) => Number(database.sql(`SELECT COUNT(*) FROM ${what}`, "chat"));
  const user = database.quote("user");

  const emails = await together((i) => `racer${i}@example.com`);
  for (const email of emails) await rest.data("POST", "/api/auth/sendCode", { json: { email } });
  const codes = await Promise.all(emails.map((email) => server.mailCode(email)));
  assertOneOf(await together((i) => rest.post("/api/auth/register", {
    json: { username: i % 2 ? "Racer_One" : "racer_one", email: emails[i], password, code: codes[i] },
  })), "username_taken");
  assert.equal(count(user), 1);

  const [alice, bobby] = [await server.user("alice1"), await server.user("bobby1")];
  const group = await rest.group(alice);
  assertOneOf(await together(() => rest.get(`/api/group/join/${group.inviteCode}`, bobby)),
              "already_in_group");
  assert.equal(count(database.quote("group_conversation")), 2);

  const cover = await rest.data("POST", "/api/group/cover",
                                { token: alice.token, form: [["file", pictureOf(100)]] });
  assertOneOf(await together((i) => rest.post("/api/group", {
    token: alice.token, json: { name: `Team ${i}`, coverId: cover.id },
  })), "validation_failed");
}

// Sends texts until told to stop; notes what was answered 201, and how else it was answered.
async function write(server, token, groupId, by, log) {
  for (let i = 0; !log.isOver; ++i) {
    const content = `${by}/${i}`;
    const answer = await server.rest.post("/api/conversation/group/message/text",
                                          { token, json: { groupId, content } });
    if (answer.status === 201) {
      log.answered.set(content, answer.body.data.id);
      continue;
    }
    assert.equal(answer.status, 503, answer.text);
    log.refused.set(answer.body.code, (log.refused.get(answer.body.code) ?? 0) + 1);
    await sleep(10); // Who is refused at once need not ask at once.
  }
}

async function outages(server, database, context) {
  const alice = await server.user("alice1");
  const group = await server.rest.group(alice);
  const socket = await connectSocket(server.url, { auth: { token: alice.token } });
  const log = { answered: new Map(), refused: new Map(), isOver: false };
  const writers = together((by) => write(server, alice.token, group.id, by, log));
  const grows = (before, by) => until(() => log.answered.size > before + by,
                                      () => `it goes on:\n${server.log}`, 30_000);
  const refusals = () => [...log.refused.values()].reduce((sum, count) => sum + count, 0);
  for (let round = 0; round < rounds; ++round) {
    await grows(log.answered.size, 50);
    const before = refusals();
    await database.kill();
    await until(() => refusals() > before + many, () => "calls are refused", 30_000);
    await database.start();
  }
  await grows(log.answered.size, 50);
  log.isOver = true;
  await writers;
  assert.ok(log.refused.get("storage_unavailable") > 0);
  for (const code of log.refused.keys()) assert.match(code, /^storage_(unavailable|busy)$/);

  const last = await server.rest.text(alice.token, group.id, "the end");
  const pushes = () => socket.events(`group-message:${group.id}`).map(([message]) => message);
  await until(() => pushes().at(-1)?.id === last.id);
  const stored = database.sql(
    `SELECT id, content, seq FROM group_message ORDER BY id`, "chat").trim().split("\n")
    .map((line) => line.split(/[\t|]/));
  assert.deepEqual(stored.map(([, , seq]) => Number(seq)), stored.map((_, i) => i + 1), "a gap");
  const byContent = new Map(stored.map(([id, content]) => [content, Number(id)]));
  assert.equal(byContent.size, stored.length, "a message is there twice");
  for (const [content, id] of log.answered) {
    assert.equal(byContent.get(content), id, `${content} was answered 201 with id ${id}`);
  }
  const pushed = pushes().map(({ id }) => id);
  assert.deepEqual(pushed, [...pushed].sort((a, b) => a - b), "pushes out of order");
  assert.equal(new Set(pushed).size, pushed.length, "a push came twice");
  for (const { id, content } of pushes()) assert.equal(byContent.get(content), id);
  context.diagnostic(`${log.answered.size} answered, ${stored.length} stored, refused: ` +
                     JSON.stringify(Object.fromEntries(log.refused)));
}

// How many rows MariaDB looks at for one page. Only few people write: with few rows in "user" it
// once began there, read all that they had ever said, and sorted it. And it once walked to a page
// that lies deep in the history from the newest message, over all in between.
async function readsPages(server, mariadb) {
  const alice = await server.user("alice1");
  const group = await server.rest.group(alice);
  const first = await server.rest.text(alice.token, group.id, "the first");
  mariadb.sql(`INSERT INTO group_message (type, content, userId, groupId)
    SELECT '0', CONCAT('message ', seq), ${alice.id}, ${group.id} FROM seq_1_to_5000`, "chat");
  const looked = () => mariadb.sql("SHOW GLOBAL STATUS LIKE 'Handler_read%'").trim().split("\n")
    .reduce((sum, line) => sum + Number(line.split("\t")[1]), 0);
  const page = (last) => server.rest.data("GET", `/api/conversation/group/message/list?` +
    `groupId=${group.id}&size=30&cursorId=${first.id + last + 1}`, { token: alice.token });
  await page(5000); // Looks membership and log-in up, which are remembered.
  for (const last of [5000, 4000, 2500, 1000, 40]) {
    const before = looked();
    const messages = await page(last);
    assert.deepEqual(messages.map(({ content }) => content),
                     Array.from({ length: 30 }, (_, i) => `message ${last - i}`));
    const count = looked() - before;
    assert.ok(count < 200, `${count} rows for a page of 30 up to message ${last}`);
  }
}

// Files of the contract that look into no SQLite themselves.
const contract = ["conversations", "groups", "replay", "sync", "user"].map(
  (name) => fileURLToPath(new URL(`../contract/${name}.test.mjs`, import.meta.url)));

// With log-ins in Redis and files in S3, as a deployment of the system before us has them.
async function keepsTheContract(start, context) {
  const others = [];
  try {
    const database = await start();
    others.push(() => database.remove());
    const redis = await startRedis();
    others.push(() => redis.stop());
    const s3 = await startS3();
    others.push(() => s3.stop());
    const { DB_DATABASE, ...place } = database.settings("one for each server");
    const settings = { ...place, ...redis.settings, ...s3.settings };
    const { NODE_TEST_CONTEXT, ...env } = process.env; // A run of its own.
    env.COTERIE_TEST_SETTINGS = JSON.stringify(settings);
    const run = new Child(process.execPath, ["--test", "--test-reporter=tap", ...contract], { env });
    const { code } = await run.closed;
    const count = (what) => Number(new RegExp(`^# ${what} (\\d+)$`, "m").exec(run.stdout)?.[1]);
    const failures = run.log.split("\n").filter((line) => /^ *not ok /.test(line)).join("\n");
    assert.equal(code, 0, `${failures}\n${run.log.slice(-4000)}`);
    assert.ok(count("pass") >= 50, `${count("pass")} cases`);
    context.diagnostic(`${count("pass")} cases of the contract`);
  } finally {
    for (const end of others) await end();
  }
}

test("MariaDB looks at a few rows for a page of history, however long the history is, and how deep",
  { timeout: 60_000 }, () => withEngine(startMariadb, readsPages));

for (const [engine, start] of Object.entries(engines)) {
  test(`the contract holds on ${engine} with Redis and S3`, { timeout: 300_000 },
    (context) => keepsTheContract(start, context));

  test(`on ${engine} one of many gets what they all want, and the others are told why`,
    { timeout: 120_000 }, () => withEngine(start, races));
}

// The same of MariaDB, and of the other stores, is in fault/outages.
test(`PostgreSQL killed ${rounds} times while ${many} send: named errors, nothing lost or twice`,
  { timeout: 120_000 }, (context) => withEngine(startPostgres, (...all) => outages(...all, context)));
