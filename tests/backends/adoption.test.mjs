// A database of the system before us is adopted in place: nothing is lost, and nothing converted.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { rowsOf } from "../support/archive.mjs";
import { startMariadb } from "../support/backends/mariadb.mjs";
import { run, temporaryFolder, withServer } from "../support/coterie.mjs";
import { ask, closeSockets, connectSocket } from "../support/sockets.mjs";
import { seedPassword, seedRows, seedSchema } from "./seed_rows.mjs";

let mariadb;
before(async () => (mariadb = await startMariadb()));
after(() => mariadb?.remove());

// A database of that system, with rows, under the settings that Coterie needs for it.
function seedDatabase(name, more = "") {
  mariadb.sql(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
  mariadb.sql(`${seedSchema}${seedRows()}${more}`, name);
  return mariadb.settings(name);
}
const rows = (name, query) =>
  mariadb.sql(query, name).trimEnd().split("\n").filter(Boolean).map((line) => line.split("\t"));

async function migrate(env, ...words) {
  const { code, stdout, log } = await run(["migrate", ...words, "--data", temporaryFolder()], { env });
  assert.equal(code, 0, log);
  // The numbered ones are those of every database.
  return stdout.split("\n").filter((line) => /adoption/.test(line));
}

async function logIn(server, loginName, password = seedPassword) {
  await server.rest.get("/api/auth/catpcha?uid=adopted");
  const json = { loginName, password, uid: "adopted", code: server.captchaText("adopted") };
  return server.rest.post("/api/auth/login", { json });
}

test("a dry run says what would be done, and changes nothing", async () => {
  const env = seedDatabase("dry", `
    SET foreign_key_checks = 0;
    UPDATE group_message SET groupId = 0 WHERE id IN (17, 18);`);
  const dump = mariadb.dump("dry");
  const planned = await migrate(env, "--dry-run");
  assert.deepEqual(planned.map((line) => line.replace(/\d+ rows become/, "N rows become")), [
    "would migrate: adoption: add a column to user: isAdmin",
    "would migrate: adoption: merge 11 memberships that are there more than once: N rows become part "
      + "of others",
    "would migrate: adoption: add a unique index to group_conversation: userId, groupId",
    "would migrate: adoption: add an index to group_message: groupId, id",
    "would migrate: adoption found: group_message: 2 rows refer by groupId to a group that is not "
      + "there; they stay, and nobody sees them",
  ]);
  assert.equal(mariadb.dump("dry"), dump);
  const done = await migrate(env);
  assert.deepEqual(done, planned.map((line) => line.replace("would migrate", "migrated")));
  assert.deepEqual(await migrate(env), []);
  assert.deepEqual(rows("dry", "SELECT COUNT(*) FROM group_message WHERE groupId = 0"), [["2"]]);
});

test("memberships that are there twice become one: lowest id, owner, furthest mark", async () => {
  const env = seedDatabase("twice", `
    DELETE FROM group_conversation WHERE userId = 5 AND groupId IN (1, 2, 3);
    INSERT INTO group_conversation (id, createAt, updateAt, userRole, lastMsgId, userId, groupId) VALUES
      (901, '2024-01-01', '2024-01-05', '1', NULL, 5, 1), (902, '2024-01-02', '2024-01-03', '0', 40, 5, 1),
      (903, '2024-01-03', '2024-01-04', '1', 70, 5, 1), (904, '2024-01-01', '2024-01-01', '1', NULL, 5, 2),
      (905, '2024-01-01', '2024-01-02', '1', NULL, 5, 2), (906, '2024-01-01', '2024-01-02', '1', 3, 5, 3);`);
  const others = `SELECT id, createAt, updateAt, userRole, lastMsgId, userId, groupId
    FROM group_conversation WHERE (userId, groupId) IN (SELECT userId, groupId FROM group_conversation
    GROUP BY 1, 2 HAVING COUNT(*) = 1) ORDER BY id`;
  const before = rows("twice", others);
  await migrate(env);
  const found = rows("twice", `SELECT id, createAt, updateAt, userRole, lastMsgId, groupId
    FROM group_conversation WHERE userId = 5 AND groupId < 4 ORDER BY id`);
  assert.deepEqual(found, [
    ["901", "2024-01-01 00:00:00.000000", "2024-01-05 00:00:00.000000", "0", "70", "1"],
    ["904", "2024-01-01 00:00:00.000000", "2024-01-02 00:00:00.000000", "1", "NULL", "2"],
    ["906", "2024-01-01 00:00:00.000000", "2024-01-02 00:00:00.000000", "1", "3", "3"]]);
  const after = new Set(rows("twice", others).map(String));
  for (const row of before) assert.ok(after.has(String(row)), `${row} is as it was`);
});

test("an adopted deployment is served as it was, to those who log in as they did", async () => {
  const env = { ...seedDatabase("served"), SERVER_JWT_SECRET: "a secret for this test alone" };
  const counts = `SELECT (SELECT COUNT(*) FROM user), (SELECT COUNT(*) FROM file),
    (SELECT COUNT(*) FROM \`group\`), (SELECT COUNT(*) FROM group_message),
    (SELECT COUNT(*) FROM (SELECT 1 FROM group_conversation GROUP BY userId, groupId) g),
    (SELECT SHA1(GROUP_CONCAT(CONCAT_WS('|', id, createAt, updateAt, type, content, userId, groupId,
     coverId, fileId) ORDER BY id SEPARATOR ';')) FROM group_message WHERE id > 2000),
    (SELECT SHA1(GROUP_CONCAT(url ORDER BY id)) FROM file)`;
  const before = rows("served", `SET group_concat_max_len = 1 << 24; ${counts}`);
  await withServer({ env }, async (server) => {
    assert.match(server.log, /migrated: adoption: add an index to group_message: groupId, id/);
    assert.deepEqual(rows("served", `SET group_concat_max_len = 1 << 24; ${counts}`), before);

    const hash = () => rows("served", "SELECT password FROM user WHERE id = 2")[0][0];
    assert.match(hash(), /^[0-9a-f]{40}$/);
    assert.equal((await logIn(server, "user_2", "Wr0ng.word")).status, 406);
    assert.match(hash(), /^[0-9a-f]{40}$/);
    const { status, body } = await logIn(server, "user_2");
    assert.equal(status, 201);
    assert.match(hash(), /^\$argon2id\$/);
    assert.equal((await logIn(server, "user_2@example.com")).status, 201);
    const { token } = body.data;
    await checkLists(server, token);
    checkNumbers();
    await checkSending(server, token);
  });
  // Meanwhile the old system is back, and knows of no numbers.
  mariadb.sql("INSERT INTO group_message (type, content, userId, groupId) VALUES ('0', 'old', 1, 2)",
              "served");
  await withServer({ env }, async (server) => {
    assert.doesNotMatch(server.log, /adoption/);
    assert.match(server.log, /1 messages were numbered/);
    const { body } = await logIn(server, "user_2");
    const { seq } = await server.rest.text(body.data.token, 2, "new");
    const missed = await server.rest.data(
      "GET", `/api/conversation/group/message/sync?groupId=2&afterSeq=${seq - 2}`,
      { token: body.data.token });
    assert.deepEqual(missed.messages.map(({ content }) => content), ["old", "new"]);
    checkNumbers();
  });
});

// In each group from 1 on, in the order of ids, up to what the group says.
function checkNumbers() {
  const wrong = `SELECT COUNT(*) FROM (SELECT seq, ROW_NUMBER() OVER (PARTITION BY groupId ORDER BY id)
    AS wanted FROM group_message) m WHERE seq IS NULL OR seq <> wanted`;
  assert.deepEqual(rows("served", wrong), [["0"]]);
  assert.deepEqual(rows("served", `SELECT COUNT(*) FROM \`group\` g WHERE COALESCE(lastSeq, 0) <>
    (SELECT COUNT(*) FROM group_message m WHERE m.groupId = g.id)`), [["0"]]);
}

// What user 2 sees, against what the rows say.
async function checkLists(server, token) {
  const list = await server.rest.data("GET", "/api/conversation/list", { token });
  const expected = rows("served", `SELECT c.id, c.groupId, c.userRole, c.lastMsgId,
      (SELECT COUNT(*) FROM group_message m
       WHERE m.groupId = c.groupId AND m.id > COALESCE(c.lastMsgId, 0)),
      (SELECT MAX(id) FROM group_message m WHERE m.groupId = c.groupId)
    FROM group_conversation c WHERE c.userId = 2 ORDER BY c.id`);
  assert.ok(expected.length > 1);
  const shown = list.map((each) =>
    [each.id, each.groupId, each.userRole, each.lastMsgId, each.unreadNum, each.recentMsg.id]);
  shown.sort((a, b) => a[0] - b[0]);
  assert.deepEqual(shown.map((row) => row.map((value) => String(value ?? "NULL"))), expected);
  assert.ok(list.some(({ unreadNum }) => unreadNum > 0));

  const path = "/api/conversation/group/message/list?groupId=2";
  let cursor = "";
  const ids = [];
  const types = new Set();
  for (;;) {
    const page = await server.rest.data("GET", `${path}&size=100${cursor}`, { token });
    if (page.length === 0) break;
    for (const message of page) {
      ids.push(message.id);
      types.add(message.type);
      assert.equal(message.type === 0, message.file === null);
      assert.equal(message.type === 2, message.cover !== null);
      assert.match(message.createAt, /^2024-01-01T00:\d\d:\d\d\.123Z$/);
    }
    cursor = `&cursorId=${page.at(-1).id}`;
  }
  const all = rows("served", "SELECT id FROM group_message WHERE groupId = 2 ORDER BY id DESC");
  assert.deepEqual(ids.map(String), all.flat());
  assert.ok(types.has(1), "pictures are among them");
}

async function checkSending(server, token) {
  const other = (await logIn(server, "user_1")).body.data.token;
  const list = await server.rest.data("GET", "/api/conversation/list", { token });
  const mine = list.find(({ groupId }) => groupId === 2);
  const socket = await connectSocket(server.url, { auth: { token } });
  const sent = await server.rest.text(token, 2, "sent behind the adoption");
  assert.equal(sent.id, 3001);
  const [pushed] = await socket.event("group-message:2");
  assert.equal(pushed.id, 3001);
  const [read] = await ask(socket, "update-last-msg", { id: mine.id, messageId: 3001 });
  assert.deepEqual([read.lastMsgId, read.unreadNum], [3001, 0]);
  closeSockets();
  assert.equal((await server.rest.get("/api/user", { token: other })).body.data.username, "user_1");
  assert.equal((await server.user("newcomer")).id, 31);
}

test("what broke off in the middle goes on, and two at once do it once", async () => {
  const env = seedDatabase("broken", `
    ALTER TABLE user ADD COLUMN isAdmin TINYINT NULL;
    CREATE INDEX group_message_group ON group_message (groupId, id);`);
  const ends = await Promise.all([migrate(env), migrate(env), migrate(env)]);
  const [done] = ends.filter((lines) => lines.length > 0);
  assert.deepEqual(ends.filter((lines) => lines.length > 0).length, 1);
  assert.deepEqual(done.map((line) => line.replace(/^migrated: adoption: (\w+ \w+).*/, "$1")),
                   ["merge 11", "add a"]);
});

test("tables that only look like that system's are refused, and left alone", async () => {
  const env = seedDatabase("alike", "ALTER TABLE group_message DROP COLUMN content;");
  const dump = mariadb.dump("alike");
  for (const words of [["migrate"], ["migrate", "--dry-run"], ["serve", "--port", "0"]]) {
    const { code, log } = await run([...words, "--data", temporaryFolder()], { env });
    assert.equal(code, 1);
    assert.match(log, /group_message has no column content/);
  }
  assert.equal(mariadb.dump("alike"), dump);
});

test("what a new database would refuse is found, named, and kept", async () => {
  const env = seedDatabase("odd", `
    ALTER TABLE user DROP INDEX IDX_78a916df40e02a9deb1c4b75ed,
      MODIFY username varchar(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
      DROP INDEX IDX_e12875dfb3b1d92d7d7c5377e2;
    UPDATE user SET username = 'USER_1' WHERE id = 3;
    UPDATE user SET username = NULL WHERE id = 4;
    UPDATE user SET email = 'user_5@example.com' WHERE id = 6;
    SET GLOBAL time_zone = '+08:00';`);
  const found = (await migrate(env)).filter((line) => line.includes("found"));
  mariadb.sql("SET GLOBAL time_zone = 'SYSTEM'");
  assert.deepEqual(found.map((line) => line.replace("migrated: adoption found: ", "")), [
    "user: username is null in 1 rows, where there should be none; they stay",
    "user: 1 values of email are there more than once; they stay, and nothing keeps more from coming",
    "user: 1 values of username differ only by case; they stay, and each logs in as it is written",
    "the database's time zone is 480 minutes from UTC, but times are read as UTC: see docs/moving.md",
  ]);
  await withServer({ env }, async (server) => {
    for (const name of ["user_1", "USER_1"]) assert.equal((await logIn(server, name)).status, 201);
  });
});

test("an adopted database moves on to another engine, its orphans left behind by name", async () => {
  const env = seedDatabase("leaving", `
    SET foreign_key_checks = 0;
    UPDATE group_message SET groupId = 0 WHERE id = 17;`);
  const [archive, data] = [`${temporaryFolder()}/archive`, temporaryFolder()];
  assert.equal((await run(["export", archive, "--data", temporaryFolder()], { env })).code, 0);
  assert.equal(rowsOf(archive, "messages").length, 3000);
  const words = ["import", archive, "--data", data];
  const refused = await run(words);
  assert.match(refused.log, /messages\.jsonl:18: groupId: there is no group 0/);
  const { code, stdout, log } = await run([...words, "--skip-orphans"]);
  assert.equal(code, 0, log);
  assert.match(stdout, /messages\.jsonl:18: groupId: there is no group 0; left out/);
  await withServer({ data }, async (server) => {
    assert.equal((await logIn(server, "user_2")).status, 201);
    const [{ url }] = server.sql("SELECT url FROM file WHERE id = 1");
    assert.match(url, /^http:\/\/minio:9000\/ying-chat\/cover\//);
  });
});
