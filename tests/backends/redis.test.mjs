// Log-ins, codes and group_users in a real Redis: the keys as the seed system has them, and what
// happens when Redis is emptied, killed, or does not answer.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { redisCli, startRedis } from "../support/backends/redis.mjs";
import { binary, Coterie, password, run, temporaryFolder } from "../support/coterie.mjs";
import { Child, freePort, until } from "../support/process.mjs";
import { assertFailure } from "../support/rest.mjs";
import { closeSocketsAfterEach, connectSocket, openSocket } from "../support/sockets.mjs";

const day = 86_400;
const secret = "a secret that the seed system knows, too";
const away = (answer) => assertFailure(answer, 503, "log-ins cannot be checked now, please try again",
                                       "sessions_unavailable");

let redis, server, rest;
before(async () => {
  redis = await startRedis();
  server = await Coterie.start({ env: { ...redis.settings, COTERIE_SWEEP_SECONDS: "1",
                                        SERVER_JWT_SECRET: secret } });
  rest = server.rest;
});
after(async () => {
  await server?.remove();
  await redis?.stop();
});
closeSocketsAfterEach();

let count = 0;
const unique = (word) => `${word}${++count}`;
const person = () => server.user(unique("person"));
const whoAmI = (token) => rest.get("/api/user", { token });
const idOf = ({ body }) => body.data.id;
const groupUsersOf = (store, id) => store.members(`group_users:${id}`);
const groupUsers = (group) => groupUsersOf(redis, group.id);

async function captcha(uid = unique("uid")) {
  const answer = await rest.get(`/api/auth/catpcha?uid=${uid}`);
  assert.equal(answer.status, 200, answer.text);
  return { uid, code: redis.cli("GET", `login-code:${uid}`) };
}

// What the seed system gives out and looks for: {"id", "iat"} and no more.
function seedToken(id) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const text = `${part({ alg: "HS256", typ: "JWT" })}.${part({ id, iat: 1_700_000_000 })}`;
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
}

// -- keys ---------------------------------------------------------------------------------------

test("codes, captchas and log-ins lie under the seed system's keys, as long as there", async () => {
  const email = "Alice.New@example.com";
  const username = "alice_new";
  await rest.data("POST", "/api/auth/sendCode", { json: { email } });
  const code = await server.mailCode(email);
  assert.equal(redis.cli("GET", `register-code:${email}`), code);
  assert.ok(redis.left(`register-code:${email}`) > 150 && redis.left(`register-code:${email}`) <= 180);
  assertFailure(await rest.post("/api/auth/sendCode", { json: { email } }), 406,
                "please try again in 1 minutes", "too_soon");
  await rest.data("POST", "/api/auth/register", { json: { username, email, password, code } });
  assert.equal(redis.cli("EXISTS", `register-code:${email}`), "0");

  const shown = await captcha("my uid");
  assert.match(shown.code, /^[0-9A-Za-z]{4}$/);
  assert.ok(redis.left("login-code:my uid") > 150 && redis.left("login-code:my uid") <= 180);
  const { user, token } = await rest.data("POST", "/api/auth/login",
                                          { json: { loginName: username, password, ...shown } });
  assert.equal(redis.cli("EXISTS", "login-code:my uid"), "0");
  assert.equal(redis.cli("GET", token), `${user.id}`);
  assert.ok(redis.left(token) > day - 30 && redis.left(token) <= day);

  await rest.data("GET", "/api/auth/logout", { token });
  assert.equal(redis.cli("EXISTS", token), "0");
});

test("a log-in of the seed system is one here, and ends when the seed system ends it", async () => {
  const { id } = await person();
  const token = seedToken(id);
  assert.equal((await whoAmI(token)).status, 401);
  redis.cli("SET", token, `${id}`, "EX", `${day}`);
  assert.equal(idOf(await whoAmI(token)), id);
  const socket = await connectSocket(server.url, { extraHeaders: { authorization: token } });
  redis.cli("DEL", token);
  await socket.event("disconnect");
  assert.deepEqual(socket.got.slice(-2), [["authFail"], ["disconnect", "io server disconnect"]]);
  assert.equal((await whoAmI(token)).status, 401);
});

test("a code that the seed system has sent is good for registering here", async () => {
  const email = "seed.code@example.com";
  redis.cli("SET", `register-code:${email}`, "123456", "EX", "180");
  await rest.data("POST", "/api/auth/register",
                  { json: { username: "seed_code", email, password, code: "123456" } });
});

test("keys of our own begin with coterie: and every key but group_users expires", async () => {
  const loginName = "nobody-here";
  await rest.post("/api/auth/login",
                  { json: { loginName, password, ...await captcha() } });
  await rest.post("/api/auth/register", { json: { username: "nobody1", email: "n@example.com",
                                                  password, code: "000000" } });
  assert.ok(redis.left(`coterie:attempts:account:${loginName}`) > 800);
  const known = /^(ey[\w-]+\.[\w-]+\.[\w-]+|(register|login)-code:.*|coterie:.*|group_users:\d+)$/;
  for (const key of redis.cli("KEYS", "*").split("\n").filter(Boolean)) {
    assert.match(key, known);
    assert.equal(redis.left(key) > 0, !key.startsWith("group_users:"), key);
  }
});

test("a captcha opens one of many log-ins at once", async () => {
  const { username } = await person();
  const json = { loginName: username, password, ...await captcha() };
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => rest.post("/api/auth/login", { json })));
  assert.deepEqual(answers.map(({ status }) => status).sort(), [201, ...Array(7).fill(406)]);
});

// -- group_users --------------------------------------------------------------------------------

test("group_users knows who makes and who joins a group, at once", async () => {
  const [owner, member, late] = [await person(), await person(), await person()];
  const group = await rest.group(owner, [member]);
  assert.deepEqual(groupUsers(group), [owner.id, member.id]);
  await rest.data("GET", `/api/group/join/${group.inviteCode}`, { token: late.token });
  assert.deepEqual(groupUsers(group), [owner.id, member.id, late.id]);
});

test("group_users is filled again after FLUSHALL, and who was in is out", async () => {
  const [owner, member] = [await person(), await person()];
  const group = await rest.group(owner, [member]);
  const socket = await connectSocket(server.url, { auth: { token: member.token } });
  redis.cli("FLUSHALL");
  await socket.event("authFail");
  await until(() => groupUsers(group).length === 2, () => "the set filled again");
  assert.deepEqual(groupUsers(group), [owner.id, member.id]);
  assert.equal((await whoAmI(member.token)).status, 401);
});

test("group_users is completed when Redis brings an older state back from its disk", async () => {
  const kept = await startRedis("--dir", temporaryFolder());
  const own = await Coterie.start({ env: { ...kept.settings, COTERIE_SWEEP_SECONDS: "1" } });
  const [owner, member] = [await own.user("owner1"), await own.user("member1")];
  const group = await own.rest.group(owner);
  kept.cli("SAVE");
  await own.rest.data("GET", `/api/group/join/${group.inviteCode}`, { token: member.token });
  await kept.kill();
  await kept.start();
  await until(() => groupUsersOf(kept, group.id).length === 2, () => "the member who was lost");
  assert.equal((await own.rest.get("/api/user", { token: member.token })).status, 200);
  await own.remove();
  await kept.stop();
});

test("group_users is filled at start, ten thousand groups in seconds", async () => {
  const data = temporaryFolder();
  const first = await Coterie.start({ data });
  const owner = await first.user("owner1");
  await first.stop();
  const groups = 10_000;
  const members = 10;
  const numbers = (last) =>
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${last})`;
  const sql = `
    BEGIN;
    ${numbers(members)} INSERT INTO user SELECT i + 1000, 0, 0, 'made' || i, 'made' || i, '', NULL,
      NULL, NULL FROM n;
    ${numbers(groups)} INSERT INTO file (id, createAt, updateAt, path, type, url, createById)
      SELECT i, 0, 0, 'cover/' || i, 'cover', '', ${owner.id} FROM n;
    ${numbers(groups)} INSERT INTO "group" (id, createAt, updateAt, name, inviteCode, coverId,
      createById) SELECT i, 0, 0, 'g', 'code' || i, i, ${owner.id} FROM n;
    ${numbers(groups * members)} INSERT INTO group_conversation (createAt, updateAt, userRole,
      userId, groupId) SELECT 0, 0, 1, 1001 + (i - 1) / ${groups}, 1 + (i - 1) % ${groups} FROM n;
    COMMIT;`;
  const child = new Child("sqlite3", [join(data, "coterie.db")], { input: sql });
  assert.equal((await child.closed).code, 0, child.log);

  const other = await startRedis();
  try {
    const again = await Coterie.start({ data, env: other.settings });
    assert.match(again.log, /group_users in Redis: 100000 memberships in \d+ ms/);
    console.log(`# ${/group_users in Redis: .*/.exec(again.log)[0]}`);
    const everyone = Array.from({ length: members }, (_, i) => 1001 + i);
    for (const id of [1, 5000, groups]) assert.deepEqual(groupUsersOf(other, id), everyone);
    assert.equal(other.cli("DBSIZE"), `${groups + 1}`);
    await again.remove();
  } finally {
    await other.stop();
  }
});
// -- outages ------------------------------------------------------------------------------------

test("without Redis: who was in stays in and sends, nobody gets in; then all is well", async () => {
  const [owner, member, joining] = [await person(), await person(), await person()];
  const group = await rest.group(owner, [member]);
  const socket = await connectSocket(server.url, { auth: { token: member.token } });
  for (const { token } of [owner, joining]) assert.equal((await whoAmI(token)).status, 200);
  const late = await server.token(owner.username);
  await redis.kill();

  away(await rest.get("/api/auth/catpcha?uid=x"));
  away(await rest.post("/api/auth/sendCode", { json: { email: "away@example.com" } }));
  away(await rest.post("/api/auth/login",
                       { json: { loginName: "x", password, code: "abcd", uid: "x" } }));
  away(await whoAmI(late));
  const { id } = await rest.text(owner.token, group.id, "Redis is away");
  await socket.until((got) => got.some(([, message]) => message?.id === id));
  await rest.data("GET", `/api/group/join/${group.inviteCode}`, { token: joining.token });
  assert.deepEqual(socket.events("disconnect"), []);

  await redis.start();
  const everyone = [owner.id, member.id, joining.id];
  await until(() => groupUsers(group).length === 3, () => "who joined meanwhile is in the set");
  assert.deepEqual(groupUsers(group), everyone);
  await socket.event("authFail"); // Redis has forgotten who was logged in.
  const { username } = owner;
  const { token } = await rest.data("POST", "/api/auth/login",
                                    { json: { loginName: username, password, ...await captcha() } });
  assert.equal(idOf(await whoAmI(token)), owner.id);
});

test("a Redis that does not answer holds nobody up for long, and clients keep trying", async () => {
  const { token, username } = await person();
  assert.equal((await whoAmI(token)).status, 200);
  const reconnecting = { reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 100 };
  const late = await server.token(username);
  redis.child.signal("SIGSTOP");
  const socket = openSocket(server.url, { auth: { token: late }, ...reconnecting });
  try {
    const ask = async () => [await whoAmI(token), await rest.get("/api/auth/catpcha?uid=y")];
    const answers = await Promise.all(Array.from({ length: 64 }, ask));
    for (const [known, picture] of answers) {
      assert.equal(known.status, 200);
      away(picture);
    }
    const begin = Date.now();
    for (let i = 0; i < 100; ++i) assert.equal((await whoAmI(token)).status, 200);
    assert.ok(Date.now() - begin < 10_000, "a hundred calls, of which few try Redis");
    await socket.until((got) => got.filter(([name]) => name === "disconnect").length >= 2);
  } finally {
    redis.child.signal("SIGCONT");
  }
  await socket.event("connect");
  assert.deepEqual(socket.events("authFail"), []);
  await until(async () => (await rest.get("/api/auth/catpcha?uid=z")).status === 200);
});

test("a connection that Redis closes is replaced without a word", async () => {
  const { token } = await person();
  for (let i = 0; i < 5; ++i) {
    redis.cli("CLIENT", "KILL", "TYPE", "normal");
    const answer = await rest.get(`/api/auth/catpcha?uid=${unique("killed")}`);
    assert.equal(answer.status, 200, answer.text);
  }
  assert.equal((await whoAmI(token)).status, 200);
});

// -- start --------------------------------------------------------------------------------------

test("at start Redis is waited for", async () => {
  const late = await startRedis();
  await late.kill();
  const starting = Coterie.start({ env: late.settings });
  await sleep(500);
  await late.start();
  const started = await starting;
  assert.match(started.log, /waiting for Redis, 30 s at most/);
  assert.match(started.log, /Redis at 127\.0\.0\.1:\d+ is away: Connection refused/);
  await started.remove();
  await late.stop();
});

test("who waits for Redis in vain says so, and can be told to stop", async () => {
  const env = { PATH: process.env.PATH, REDIS_HOST: "127.0.0.1", REDIS_PORT: `${await freePort()}` };
  const child = new Child(binary(), ["serve", "--port", "0", "--data", temporaryFolder()], { env });
  await until(() => child.log.includes("waiting for Redis"), () => child.log);
  assert.equal((await child.stop()).code, 1);
  assert.match(child.log, /coterie: Redis at 127\.0\.0\.1:\d+: Connection refused \(waited for it/);
});

test("a command says at once that Redis is not there", async () => {
  const env = { REDIS_HOST: "127.0.0.1", REDIS_PORT: `${await freePort()}` };
  const data = temporaryFolder();
  const words = ["user", "add", "someone", "--password", password, "--data", data];
  assert.equal((await run(words, { env })).code, 0); // It needs none.
  const { code, log } = await run(["token", "someone", "--data", data], { env });
  assert.equal(code, 1);
  assert.match(log, /Redis at 127\.0\.0\.1:\d+: Connection refused/);
});

test("a user of Redis, a password and a database of its own", async () => {
  const closed = await startRedis("--user default off",
                                  "--user chat on >hidden ~* +@all");
  const env = { ...closed.settings, REDIS_USERNAME: "chat", REDIS_PASSWORD: "hidden", REDIS_DB: "3" };
  const started = await Coterie.start({ env });
  const { token } = await started.user("alice1");
  assert.equal((await started.rest.get("/api/user", { token })).status, 200);
  assert.equal(redisCli({ ...env }, "EXISTS", token), "1");
  for (const [wrong, why] of [[{ REDIS_PASSWORD: "wrong" }, "WRONGPASS"],
                              [{ REDIS_USERNAME: "", REDIS_PASSWORD: "" }, "NOAUTH"]]) {
    const { code, log } = await run(["token", "alice1", "--data", started.data],
                                    { env: { ...env, ...wrong } });
    assert.equal(code, 1);
    assert.match(log, new RegExp(`Redis at 127\\.0\\.0\\.1:\\d+: ${why}`));
  }
  await started.remove();
  await closed.stop();
});

// -- what runs elsewhere, too -------------------------------------------------------------------

test("the store passes the cases that the embedded store passes", async () => {
  const folder = dirname(binary());
  const suite = ["asan", "dev"].map((name) => join(dirname(folder), name))
    .concat(folder).map((place) => join(place, "tests/unit/server/coterie_server_tests"))
    .find(existsSync);
  assert.ok(suite, `no coterie_server_tests beside ${folder}: build asan or dev`);
  const child = new Child(suite, ["--gtest_filter=*TtlStoreTest*"],
                          { env: { ...process.env, COTERIE_TEST_REDIS: redis.address } });
  const { code } = await child.closed;
  assert.equal(code, 0, child.log);
  const passed = (name) => [...child.log.matchAll(new RegExp(`OK \\] .*/${name} \\(`, "g"))].length;
  assert.ok(passed("Redis") > 0, child.log);
  assert.equal(passed("Redis"), passed("Sqlite"));
});

for (const file of ["accounts", "realtime", "groups", "user"]) {
  test(`contract/${file} holds on Redis`, { timeout: 120_000 }, async () => {
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    env.COTERIE_TEST_SETTINGS = JSON.stringify(redis.settings);
    const path = fileURLToPath(new URL(`../contract/${file}.test.mjs`, import.meta.url));
    const child = new Child(process.execPath, ["--test", path], { env });
    const { code } = await child.closed;
    assert.equal(code, 0, child.log);
  });
}
