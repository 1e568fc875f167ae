// The commands, the settings, and what a data folder remembers.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { binary, password, run, temporaryFolder, useServer, withServer }
  from "../support/coterie.mjs";
import { Child, freePort, untilListening } from "../support/process.mjs";
import { closeSocketsAfterEach, connectSocket } from "../support/sockets.mjs";

const server = useServer();
closeSocketsAfterEach();

const command = (...words) => server().command(...words);
// A command that must fail, saying something like `words` and nothing on standard output.
async function fails(words, expression, options) {
  const { code, stdout, log } = await run(words, options);
  assert.ok(code > 0 && code < 126, `ended with ${code}: ${log}`);
  assert.match(log, expression);
  assert.equal(stdout, "");
  return log;
}

// The status of a log-in by name, password and captcha.
async function logIn(loginName, secret) {
  await server().rest.get("/api/auth/catpcha?uid=command");
  const json = { loginName, password: secret, uid: "command",
                 code: server().captchaText("command") };
  return (await server().rest.post("/api/auth/login", { json })).status;
}
// Changes a database that no server has open.
const alter = (data, statement) =>
  execFileSync("sqlite3", [join(data, "coterie.db"), statement]);

// -- users and tokens ---------------------------------------------------------------------------

test("user add prints the id alone; list shows it; token prints a token alone", async () => {
  const id = await command("user", "add", "operator1", "--password", password,
                           "--email", "op@example.com", "--admin");
  assert.match(id, /^\d+$/);
  const plain = await command("user", "add", "plain1", "--password", password);
  assert.equal(Number(plain), Number(id) + 1);
  const list = (await command("user", "list")).split("\n");
  assert.ok(list.includes(`${id}\toperator1\top@example.com\tadmin`), list.join("\n"));
  assert.ok(list.some((line) => line.startsWith(`${plain}\tplain1\t`)));
  const token = await command("token", "operator1");
  assert.match(token, /^[\w-]+\.[\w-]+\.[\w-]+$/);
  const { body } = await server().rest.get("/api/user", { token });
  assert.deepEqual([body.data.id, body.data.username], [Number(id), "operator1"]);
  assert.notEqual(await command("token", "op@example.com"), token);
});

test("a user made by command logs in by password; passwd changes it while the server runs",
  async () => {
    await command("user", "add", "changer1", "--password", password);
    assert.equal(await logIn("changer1", password), 201);
    await command("user", "passwd", "changer1", "--password", "0ther.Passw0rd");
    assert.equal(await logIn("changer1", password), 406);
    assert.equal(await logIn("changer1", "0ther.Passw0rd"), 201);
  });

test("users that are there already, or are not there", async () => {
  await command("user", "add", "taken1", "--password", password, "--email", "taken@example.com");
  const { data } = server();
  const add = (...words) => ["user", "add", ...words, "--password", password, "--data", data];
  await fails(add("taken1"), /username already exists/);
  await fails(add("TAKEN1"), /username already exists/);
  await fails(add("taken2", "--email", "taken@example.com"), /email already exists/);
  await fails(["token", "nobody", "--data", data], /account does not exist/);
  await fails(["user", "passwd", "nobody", "--password", password, "--data", data],
              /account does not exist/);
});

test("commands that lack something say what", async () => {
  await fails(["user", "add"], /NAME/);
  await fails(["user", "add", "name"], /--password/);
  await fails(["token"], /NAME/);
  await fails(["user"], /subcommand/i);
  await fails(["frobnicate"], /frobnicate|argument/);
  await fails(["serve", "--frobnicate"], /--frobnicate/);
});

test("passwords are not kept as they are", async () => {
  await command("user", "add", "hashed1", "--password", "Str0ng-Secret!");
  const [row] = server().sql("SELECT password FROM user WHERE username = 'hashed1'");
  assert.match(row.password, /^\$argon2id\$/);
  for (const name of readdirSync(server().data)) {
    const path = join(server().data, name);
    if (!statSync(path).isFile()) continue;
    assert.ok(!readFileSync(path).includes("Str0ng-Secret!"), `the password is in ${name}`);
  }
});

test("a SHA-1 hash of an old deployment is accepted once and replaced", async () => {
  await command("user", "add", "veteran1", "--password", password);
  const hash = createHash("sha1").update(password).digest("hex");
  await server().stop();
  alter(server().data, `UPDATE user SET password = '${hash}' WHERE username = 'veteran1'`);
  await server().startAgain();
  assert.equal(await logIn("veteran1", "Wr0ng.Passw0rd"), 406);
  assert.equal(await logIn("veteran1", password), 201);
  const [row] = server().sql("SELECT password FROM user WHERE username = 'veteran1'");
  assert.match(row.password, /^\$argon2id\$/);
  assert.equal(await logIn("veteran1", password), 201);
});

// -- help ---------------------------------------------------------------------------------------

for (const words of [[], ["serve"], ["user"], ["user", "add"], ["user", "list"], ["user", "passwd"],
                     ["token"], ["migrate"], ["export"], ["import"], ["config"], ["openapi"]]) {
  test(`coterie ${[...words, "--help"].join(" ")}`, async () => {
    const { code, stdout } = await run([...words, "--help"]);
    assert.equal(code, 0);
    assert.match(stdout, /usage/i);
    if (words.at(-1) !== "user") assert.match(stdout, /--data/);
    assert.ok(stdout.split("\n").every((line) => line.length <= 160));
  });
}

// -- the data folder ----------------------------------------------------------------------------

test("the secret is made once, for the owner's eyes only", async () => {
  const secrets = readdirSync(server().data).filter((name) => name.includes("secret"));
  assert.equal(secrets.length, 1);
  const path = join(server().data, secrets[0]);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const before = readFileSync(path, "utf8");
  assert.ok(before.trim().length >= 32);
  await server().restart();
  assert.equal(readFileSync(path, "utf8"), before);
  assert.ok(!server().log.includes(before.trim()), "the secret is in the log");
});

test("two first starts at once agree on one secret", async () => {
  const data = temporaryFolder();
  const ends = await Promise.all(Array.from({ length: 4 }, (_, i) =>
    run(["user", "add", `first${i}`, "--password", password, "--data", data])));
  for (const { code, log } of ends) assert.equal(code, 0, log);
  const secrets = readdirSync(data).filter((name) => name.includes("secret"));
  assert.equal(secrets.length, 1);
});

test("log-ins, sockets' log-ins and links survive a restart", async () => {
  const one = await server().user("survivor1");
  const group = await server().rest.group(one);
  const sent = await server().rest.text(one.token, group.id, "before");
  const image = await server().rest.image(one.token, group.id);
  const path = `/api/conversation/group/message/list?groupId=${group.id}`;
  const before = await server().rest.data("GET", path, { token: one.token });
  const socket = await connectSocket(server().url, {
    auth: { token: one.token }, reconnection: true, reconnectionDelay: 50,
    reconnectionDelayMax: 100,
  });
  await server().restart();
  const after = await server().rest.data("GET", path, { token: one.token });
  assert.deepEqual(after.map(({ id }) => id), [image.id, sent.id]);
  const get = (url) => fetch(url).then((answer) => answer.status);
  assert.equal(await get(before[0].file.url), 200);
  await socket.event("connect", 1);
  await server().rest.text(one.token, group.id, "after");
  await socket.event(`group-message:${group.id}`);
  assert.deepEqual(socket.events("authFail"), []);
});

test("with another secret the old log-ins are none", async () => {
  await withServer({ env: { SERVER_JWT_SECRET: "first-secret-of-this-test" } }, async (one) => {
    const { token } = await one.user("secrets1");
    assert.equal((await one.rest.get("/api/user", { token })).status, 200);
    one.env.SERVER_JWT_SECRET = "second-secret-of-this-test";
    await one.restart();
    assert.equal((await one.rest.get("/api/user", { token })).status, 401);
  });
});

test("migrate works on a folder that is not there yet, and again", async () => {
  const data = join(temporaryFolder(), "deep", "data");
  const first = await run(["migrate", "--data", data]);
  assert.equal(first.code, 0, first.log);
  assert.match(first.stdout, /migrated: /);
  assert.ok(existsSync(join(data, "coterie.db")));
  const again = await run(["migrate", "--data", data]);
  assert.match(again.stdout, /nothing to migrate/);
});

test("a dry run says what would be migrated, and makes nothing", async () => {
  const data = join(temporaryFolder(), "data");
  const words = ["migrate", "--data", data];
  const dry = await run([...words, "--dry-run"]);
  assert.equal(dry.code, 0, dry.log);
  assert.ok(!existsSync(data), "not even the folder");
  const real = await run(words);
  assert.equal(dry.stdout.replaceAll("would migrate:", "migrated:"), real.stdout);
  assert.match((await run([...words, "--dry-run"])).stdout, /nothing to migrate/);
});

test("a database of a newer version is not touched", async () => {
  const data = temporaryFolder();
  await run(["migrate", "--data", data]);
  alter(data, "INSERT INTO migration VALUES (999, 'future', 0)");
  await fails(["migrate", "--data", data], /newer version/);
  await fails(["serve", "--port", "0", "--data", data], /newer version/);
});

test("a folder or database that cannot be used is named", async () => {
  const data = temporaryFolder();
  writeFileSync(join(data, "file"), "");
  await fails(["serve", "--port", "0", "--data", join(data, "file")], /file/);
  writeFileSync(join(data, "coterie.db"), "this is no database, whatever it is called");
  await fails(["serve", "--port", "0", "--data", data], /database|coterie\.db/);
});

test("a port that is taken is named", async () => {
  const data = temporaryFolder();
  await fails(["serve", "--port", `${server().port}`, "--data", data],
              new RegExp(`${server().port}`));
});

// -- settings -----------------------------------------------------------------------------------

const settings = async (words = [], options) => {
  const { code, stdout, log } = await run(["config", ...words], options);
  assert.equal(code, 0, log);
  return Object.fromEntries(stdout.trim().split("\n").map((line) => {
    const [, key, value, source] = /^(\S+)\s*= (.*?)\s*# (.*)$/.exec(line);
    return [key, { value, source }];
  }));
};

test("config: flags win over the environment, which wins over the file, which wins over defaults",
  async () => {
    const data = temporaryFolder();
    assert.deepEqual((await settings(["--data", data])).port, { value: "3000", source: "default" });
    writeFileSync(join(data, "coterie.toml"), 'port = 4001\nlog_level = "warn"\n');
    const fromFile = await settings(["--data", data]);
    assert.equal(fromFile.port.value, "4001");
    assert.match(fromFile.port.source, /coterie\.toml/);
    const env = { SERVER_PORT: "4002" };
    const fromEnvironment = await settings(["--data", data], { env });
    assert.deepEqual(fromEnvironment.port, { value: "4002", source: "environment" });
    const fromFlag = await settings(["--data", data, "--port", "4003"], { env });
    assert.deepEqual(fromFlag.port, { value: "4003", source: "flag" });
    assert.equal(fromFlag.log_level.value, "warn");
  });

test("config: the seed's names work, its misspelt one too; secrets are starred", async () => {
  const env = { SERVER_JWT_SECRET: "very-secret-indeed", EMAIl_HOST: "mail.example.com",
                EMAIL_PORT: "587", EMAIL_USER: "me", EMAIL_PASSWORD: "also-secret" };
  const shown = await settings(["--data", temporaryFolder()], { env });
  assert.equal(shown.email_host.value, "mail.example.com");
  assert.equal(shown.email_port.value, "587");
  assert.equal(shown.email_user.value, "me");
  assert.match(shown.jwt_secret.value, /^\*+$/);
  assert.match(shown.email_password.value, /^\*+$/);
  assert.ok(!JSON.stringify(shown).includes("secret-indeed"));
  assert.ok(!JSON.stringify(shown).includes("also-secret"));
});

test("settings that are unknown or malformed stop the start, by name", async () => {
  const data = temporaryFolder();
  const serve = ["serve", "--port", "0", "--data", data];
  for (const [env, expression] of [
    [{ SERVER_PORT: "http" }, /SERVER_PORT.*whole number/s],
    [{ SERVER_PORT: "70000" }, /SERVER_PORT/],
    [{ SERVER_PORT: "-1" }, /SERVER_PORT/],
    [{ EMAIL_PORT: "587x" }, /EMAIL_PORT/],
    [{ COTERIE_LOG_LEVEL: "loud" }, /COTERIE_LOG_LEVEL.*debug/s],
    [{ COTERIE_FROBNICATE: "1" }, /COTERIE_FROBNICATE/],
    [{ PUBLIC_URL: "example.com" }, /PUBLIC_URL/],
    [{ EMAIL_SECURE: "maybe" }, /EMAIL_SECURE/],
  ]) {
    // A flag would win over the variable: it must be looked at all the same.
    await fails("SERVER_PORT" in env ? ["serve", "--data", data] : serve, expression, { env });
  }
  for (const [flag, value] of [["--port", "x"], ["--shards", "-1"], ["--log-level", "loud"],
                               ["--public-url", "ftp://x"]]) {
    await fails(["serve", "--data", data, flag, value], new RegExp(flag));
  }
});

test("a settings file that is malformed is named, with the place", async () => {
  const data = temporaryFolder();
  const path = join(data, "other.toml");
  for (const [text, expression] of [
    ["port = \n", /other\.toml.*line 1|other\.toml/s], ["port = [1]\n", /port/],
    ["frobnicate = 1\n", /frobnicate/], ['port = "many"\n', /port/], ["[server]\nport = 1\n", /server/],
  ]) {
    writeFileSync(path, text);
    await fails(["serve", "--data", data, "--config", path], expression);
  }
  await fails(["serve", "--data", data, "--config", join(data, "missing.toml")], /missing\.toml/);
});

test("a secret others can read is complained about", async () => {
  await withServer({}, async (one) => {
    chmodSync(join(one.data, readdirSync(one.data).find((name) => name.includes("secret"))), 0o644);
    await one.restart();
    assert.match(one.log, /secret.*read by others/);
  });
});

test("docs/operations.md tells of every setting, with its flag and its variables", async () => {
  const told = readFileSync(new URL("../../docs/operations.md", import.meta.url), "utf8");
  const row = (key) => told.split("\n").find((line) => line.startsWith(`| \`${key}\` |`));
  const keys = (await command("config")).split("\n").map((line) => line.split(/\s/)[0]);
  assert.ok(keys.length > 10);
  const { stdout: help } = await run(["serve", "--help"]);
  for (const key of keys) {
    assert.ok(row(key), `${key} is not in the table`);
    const flag = `--${key.replaceAll("_", "-")}`;
    assert.equal(row(key).includes(`\`${flag}\``), new RegExp(`${flag}\\b`).test(help), flag);
  }
});

// -- the interface as a document ----------------------------------------------------------------

test("openapi describes every call there is", async () => {
  const document = JSON.parse(await command("openapi"));
  assert.match(document.openapi, /^3\.1\./);
  const calls = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`));
  for (const call of [
    "POST /api/auth/sendCode", "POST /api/auth/register", "GET /api/auth/catpcha",
    "POST /api/auth/login", "GET /api/auth/logout", "GET /api/user", "POST /api/user",
    "POST /api/user/avatar", "POST /api/group/cover", "POST /api/group", "POST /api/group/join",
    "GET /api/group/join/{code}", "GET /api/group/list", "GET /api/group/{id}",
    "GET /api/conversation/list", "GET /api/conversation/group/message/list",
    "POST /api/conversation/group/message/text", "POST /api/conversation/group/message/image",
    "POST /api/conversation/group/message/video",
  ]) {
    assert.ok(calls.includes(call), `${call} is not in ${calls.join(", ")}`);
  }
});

test("serve is the default command, and Ctrl-C ends it", async () => {
  const port = await freePort();
  const child = new Child(binary(), ["--port", `${port}`, "--data", temporaryFolder()]);
  try {
    await untilListening(child, [port]);
    assert.equal((await child.stop("SIGINT")).code, 0);
  } finally {
    child.signal("SIGKILL");
  }
});
