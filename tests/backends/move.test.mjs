// A chat moves from engine to engine by `coterie export` and `coterie import`, and is the same.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { appendFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { assertSameArchive, rowsOf, smallChat, writeArchive } from "../support/archive.mjs";
import { Coterie, binary, password, run, surroundings, temporaryFolder,
         withServer } from "../support/coterie.mjs";
import { Child, until } from "../support/process.mjs";
import { picture } from "../support/rest.mjs";
import { ask, closeSockets, connectSocket } from "../support/sockets.mjs";
import { withEngine } from "./engines.mjs";

// Links differ by the server's secret and the hour: what they lead to is compared apart.
const unsigned = (value) => JSON.parse(JSON.stringify(value)
  .replace(/http:\/\/[^"]*?\/files\/([^"?]*)\?[^"]*/g, "$1"));

// What each of `users` is told, and the bytes of every file they see.
async function seen(server, users) {
  const answers = {};
  for (const { username } of users) {
    const token = await server.token(username);
    const ask = async (path) => {
      const data = await server.rest.data("GET", path, { token });
      answers[`${username} ${path}`] = unsigned(data);
      for (const [, url, name] of JSON.stringify(data).matchAll(/"(http:[^"]*\/files\/([^"?]*)[^"]*)"/g)) {
        answers[name] ??= Buffer.from(await (await fetch(url)).arrayBuffer()).toString("hex");
      }
      return data;
    };
    await ask("/api/user");
    await ask("/api/conversation/list");
    const { owner, member } = await ask("/api/group/list");
    for (const { id } of [...owner, ...member]) {
      await ask(`/api/group/${id}`);
      await ask(`/api/conversation/group/message/list?groupId=${id}&size=100`);
    }
  }
  return answers;
}

async function makeChat(server) {
  const [alice, bobby, carol] = [await server.user("alice1"), await server.user("bobby1"),
                                 await server.user("carol1", "Carol@Example.com")];
  const { rest } = server;
  const team = await rest.group(alice, [bobby, carol], "Team 团队");
  const other = await rest.group(bobby, [alice], "Other");
  await rest.data("POST", "/api/user/avatar", { token: carol.token, form: [["file", picture()]] });
  await rest.data("POST", "/api/user", { token: bobby.token, json: { nickname: "Bob 😀" } });
  for (const content of ["plain", "  spaces  ", "<b>&\"'\\ \n\t\u0001", "火锅 😀 é", "x".repeat(5000)]) {
    await rest.text(alice.token, team.id, content);
  }
  const marked = await rest.image(bobby.token, team.id);
  await rest.text(carol.token, team.id, "unread by bobby");
  await rest.text(bobby.token, other.id, "hello");
  const list = await rest.data("GET", "/api/conversation/list", { token: bobby.token });
  const { id } = list.find(({ groupId }) => groupId === team.id);
  const socket = await connectSocket(server.url, { auth: { token: bobby.token } });
  await ask(socket, "update-last-msg", { id, messageId: marked.id });
  closeSockets();
  return { users: [alice, bobby, carol], team };
}

const succeed = async (words, env) => {
  const { code, stdout, log } = await run(words, { env });
  assert.equal(code, 0, `coterie ${words.join(" ")}\n${log}`);
  return stdout;
};
const refuse = async (words, expression, env) => {
  const { code, log } = await run(words, { env });
  assert.equal(code, 1, log);
  assert.match(log, expression);
};

test("from SQLite to MariaDB to PostgreSQL and back, nothing changes", async () => {
  const archives = temporaryFolder();
  const env = { SERVER_JWT_SECRET: "one secret for all of these servers" };
  const first = await Coterie.start({ env });
  const { users, team } = await makeChat(first);
  const before = await seen(first, users);
  await succeed(["export", join(archives, "0"), "--data", first.data], env); // While it serves.
  await first.remove();

  for (const [i, engine] of ["mariadb", "postgres", "sqlite"].entries()) {
    await withEngine(engine, async (place) => {
      const [from, to] = [join(archives, `${i}`), join(archives, `${i + 1}`)];
      const data = temporaryFolder();
      const here = { ...env, ...place.env };
      const said = await succeed(["import", from, "--data", data], here);
      assert.match(said, /messages: 8 stored\n/);
      await succeed(["export", to, "--data", data], here);
      assertSameArchive(join(archives, "0"), to);
      await withServer({ data, env: here }, async (server) => {
        assert.deepEqual(await seen(server, users), before, engine);
        const { token } = await logIn(server, "carol1");
        const sent = await server.rest.text(token, team.id, `sent on ${engine}`);
        assert.equal(sent.id, 9, `${engine} goes on behind the highest id`);
        assert.equal((await server.user("dave11")).id, 4);
      });
    });
  }
});

// As the page does: with captcha and password.
async function logIn(server, loginName) {
  await server.rest.get("/api/auth/catpcha?uid=move");
  const json = { loginName, password, uid: "move", code: server.captchaText("move") };
  return server.rest.data("POST", "/api/auth/login", { json });
}

test("what is exported while people write is one moment, and can be imported", async () => {
  await withServer({}, async (server) => {
    const alice = await server.user("alice1");
    const { id } = await server.rest.group(alice);
    let isDone = false;
    const writing = (async () => {
      for (let i = 0; !isDone; ++i) await server.rest.text(alice.token, id, `message ${i}`);
    })();
    const archive = join(server.data, "archive");
    await until(async () => server.sql("SELECT COUNT(*) AS n FROM group_message")[0].n > 5);
    await server.command("export", archive);
    isDone = true;
    await writing;
    const rows = rowsOf(archive, "messages");
    assert.deepEqual(rows.map((row) => row.content), rows.map((_, i) => `message ${i}`));
    await succeed(["import", archive, "--data", temporaryFolder()]);
  });
});

test("an import that was killed holds servers off, and goes on when it is repeated", async () => {
  const [archive, data] = [temporaryFolder(), temporaryFolder()];
  writeArchive(archive, smallChat(40_000));
  const words = ["import", archive, "--data", data];
  const child = new Child(binary(), words, { env: surroundings });
  await until(() => child.stdout.includes("messages: 25000 of 40000"), () => child.log, 60_000);
  child.signal("SIGKILL");
  assert.equal((await child.closed).signal, "SIGKILL", "it was killed at its work");
  await refuse(["serve", "--port", "0", "--data", data], /import into this database was broken off/);
  await refuse(["user", "list", "--data", data], /broken off/);
  const other = temporaryFolder();
  writeArchive(other, smallChat(1));
  await refuse(["import", other, "--data", data], /import of another archive was broken off/);
  const said = await succeed(words);
  assert.match(said, /going on where this import was broken off/);
  assert.match(said, /messages: 40000 stored\n/);
  const again = join(temporaryFolder(), "again");
  await succeed(["export", again, "--data", data]);
  assertSameArchive(archive, again);
});

test("a database with rows is refused, or emptied when told so", async () => {
  const [archive, data] = [temporaryFolder(), temporaryFolder()];
  writeArchive(archive, smallChat(3));
  await succeed(["user", "add", "resident", "--password", password, "--data", data]);
  await refuse(["import", archive, "--data", data], /the database is not empty \(users: 1\).*--replace/);
  assert.match(await succeed(["user", "list", "--data", data]), /resident/);
  const said = await succeed(["import", archive, "--replace", "--data", data]);
  assert.match(said, /users: 1 removed/);
  assert.doesNotMatch(await succeed(["user", "list", "--data", data]), /resident/);
});

test("what is wrong with an archive is named by file, line and field, and nothing goes in", async () => {
  const data = temporaryFolder();
  const wrong = async (expression, alter) => {
    const archive = temporaryFolder();
    const chat = smallChat(3);
    writeArchive(archive, alter(chat, archive) ?? chat);
    alter.after?.(archive);
    await refuse(["import", archive, "--data", data], expression);
    assert.equal(await succeed(["user", "list", "--data", data]), "");
  };
  const after = (change) => Object.assign(() => {}, { after: change });
  await wrong(/messages\.jsonl:3: type: wanted one of 0, 1, 2/,
              (chat) => void (chat.messages[1].type = 9));
  await wrong(/users\.jsonl:2: createAt: wanted a time/,
              (chat) => void (chat.users[0].createAt = "yesterday"));
  await wrong(/users\.jsonl:3: color: there is no such field/,
              (chat) => void (chat.users[1].color = "red"));
  await wrong(/groups\.jsonl:2: name: wanted a text/, (chat) => void delete chat.groups[0].name);
  await wrong(/conversations\.jsonl:3: id: wanted one above 1, not 1/,
              (chat) => void (chat.conversations[1].id = 1));
  await wrong(/files\.jsonl:2: path: wanted "<type>\/<name>"/,
              (chat) => void (chat.files[0].path = "cover/../../one"));
  await wrong(/files\.jsonl:2: path: files\/cover\/one: No such file/,
              after((archive) => rmSync(join(archive, "files"), { recursive: true })));
  await wrong(/messages\.jsonl:5: .*JSON/,
              after((archive) => appendFileSync(join(archive, "messages.jsonl"), "{nonsense\n")));
  await wrong(/messages\.jsonl:5: the last line is not whole/,
              after((archive) => appendFileSync(join(archive, "messages.jsonl"), "{")));
  await wrong(/messages\.jsonl: 3 rows with the sum/, after((archive) => {
    const path = join(archive, "messages.jsonl");
    writeFileSync(path, readFileSync(path, "utf8").replace("message 2", "message 3"));
  }));
  await wrong(/manifest\.json: there is none/,
              after((archive) => rmSync(join(archive, "manifest.json"))));
  await wrong(/version: wanted at most 1, but 2 wrote a newer program/, after((archive) => {
    const path = join(archive, "manifest.json");
    writeFileSync(path, readFileSync(path, "utf8").replace('"version":1', '"version":2'));
  }));
});

test("rows that refer to what is not there are named, and left out when told so", async () => {
  const [archive, data] = [temporaryFolder(), temporaryFolder()];
  const chat = smallChat(4);
  chat.messages[1].groupId = 99;
  writeArchive(archive, chat);
  await refuse(["import", archive, "--data", data],
               /messages\.jsonl:3: groupId: there is no group 99 \(--skip-orphans/);
  const said = await succeed(["import", archive, "--skip-orphans", "--data", data]);
  assert.match(said, /messages\.jsonl:3: groupId: there is no group 99; left out/);
  assert.match(said, /messages: 3 stored, 1 left out/);
  await withServer({ data }, async (server) => {
    const token = await server.token("mover_2");
    const path = "/api/conversation/group/message/list?groupId=1";
    const messages = await server.rest.data("GET", path, { token });
    assert.deepEqual(messages.map(({ id }) => id), [4, 3, 1]);
  });
});
