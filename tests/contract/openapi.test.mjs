// The description of the REST interface: what it says is what the server does, and the other way
// round.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { password, useServer } from "../support/coterie.mjs";
import { mp4Of } from "../support/media.mjs";
import { Judge } from "../support/openapi.mjs";
import { picture, pictureOf, png } from "../support/rest.mjs";
import { closeSocketsAfterEach, connectSocket } from "../support/sockets.mjs";

const kept = readFileSync(new URL("../../docs/openapi.json", import.meta.url), "utf8");
const judge = new Judge(JSON.parse(kept));
let alice, bob, carol;
closeSocketsAfterEach();
const server = useServer({
  async setUp(started) {
    [alice, bob, carol] = await Promise.all(["alice1", "bobby1", "carol1"].map((name) =>
      started.user(name)));
  },
});

// A call whose answer is held against the description.
async function call(method, path, options) {
  const answer = await server().rest.call(method, path, options);
  judge.check(answer);
  return answer;
}
async function expect(status, code, method, path, options) {
  const answer = await call(method, path, options);
  assert.deepEqual([answer.status, answer.body?.code], [status, code], answer.text);
  return answer;
}
const succeed = async (method, path, options) => {
  const answer = await call(method, path, options);
  assert.equal(answer.status, method === "POST" ? 201 : 200, answer.text);
  // The overview of administrators tells the time, and so is another each time.
  if (method === "GET" && path !== "/api/admin" && answer.body?.data !== undefined) {
    const headers = { "If-None-Match": answer.headers.etag };
    assert.equal((await call(method, path, { ...options, headers })).status, 304, path);
  }
  return answer.body?.data;
};

test("docs/openapi.json is what `coterie openapi` prints; the server serves the same", async () => {
  const printed = await server().command("openapi");
  assert.equal(printed, kept.trim(), "run: coterie openapi > docs/openapi.json");
  for (const path of ["/doc/openapi.json", "/doc-json"]) {
    assert.deepEqual((await server().rest.get(path)).body, JSON.parse(kept));
  }
});

test("docs/protocol.md tells of every call and of every code", () => {
  const told = readFileSync(new URL("../../docs/protocol.md", import.meta.url), "utf8");
  for (const code of judge.document.components.schemas.Failure.properties.code.enum) {
    assert.ok(told.includes(`| \`${code}\` |`), code);
  }
  for (const { method, path } of judge.operations.filter(({ path }) => path.startsWith("/api"))) {
    const call = `| ${method.toUpperCase()} ${path}`;
    assert.ok([" |", "?"].some((end) => told.includes(call + end)), call);
  }
});

test("every operation has a name of its own, a tag that is described, and a summary", () => {
  const ids = judge.operations.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length, `${ids}`);
  const tags = new Set(judge.document.tags.map(({ name }) => name));
  for (const { id, told } of judge.operations) {
    assert.match(id, /^[a-z][A-Za-z]+$/);
    assert.ok(told.tags.every((tag) => tags.has(tag)), id);
    assert.ok(told.summary.length > 3, id);
  }
});

const json = { "Content-Type": "application/json" };
const video = { bytes: mp4Of(2048), type: "video/mp4", name: "v.mp4" };
const file = (bytes) => [["file", bytes]];
const logInWith = async (fields, uid = "openapi") => {
  await call("GET", `/api/auth/catpcha?uid=${uid}`);
  const code = server().captchaText(uid);
  return ["POST", "/api/auth/login", { json: { password, uid, code, ...fields } }];
};

test("accounts", async () => {
  const email = "dave@example.com";
  await succeed("POST", "/api/auth/sendCode", { json: { email } });
  await expect(406, "too_soon", "POST", "/api/auth/sendCode", { json: { email } });
  await expect(406, "email_taken", "POST", "/api/auth/sendCode", { json: { email: alice.email } });
  const code = await server().mailCode(email);
  const user = { username: "dave_1", email, password, code };
  const register = "/api/auth/register";
  await expect(406, "mail_code_wrong", "POST", register, { json: { ...user, code: "abcdef" } });
  await expect(406, "username_taken", "POST", register, { json: { ...user, username: "alice1" } });
  await succeed("POST", register, { json: user });
  await succeed("GET", "/api/auth/catpcha");
  await succeed(...await logInWith({ loginName: "dave_1" }));
  await expect(406, "captcha_wrong", ...await logInWith({ loginName: "dave_1", code: "????" }));
  await expect(406, "account_unknown", ...await logInWith({ loginName: "nobody" }));
  for (let i = 0; i < 10; ++i) {
    const [method, path, options] = await logInWith({ loginName: "carol1", password: "Wr0ng!ab" });
    await expect(406, "password_wrong", method, path, options);
  }
  const limited = await expect(429, "too_many_attempts",
                               ...await logInWith({ loginName: "carol1" }));
  assert.match(limited.headers["retry-after"], /^\d+$/);
});

test("oneself", async () => {
  const { token } = alice;
  assert.equal((await succeed("GET", "/api/user", { token })).avatar, null);
  await succeed("POST", "/api/user/avatar", { token, form: file(picture()) });
  assert.equal((await succeed("GET", "/api/user", { token })).avatar.type, "avatar");
  await succeed("POST", "/api/user", { token, json: { nickname: null } });
  await expect(406, "username_taken", "POST", "/api/user", { token, json: { username: "bobby1" } });
});

test("groups, messages, conversations", async () => {
  const { token } = alice;
  const cover = await succeed("POST", "/api/group/cover", { token, form: file(picture()) });
  const group = await succeed("POST", "/api/group",
                              { token, json: { name: "Team", coverId: cover.id } });
  const taken = { token, json: { name: "Team", coverId: cover.id } };
  await expect(400, "validation_failed", "POST", "/api/group", taken);
  await expect(404, "cover_unknown", "POST", "/api/group",
               { token, json: { name: "Team", coverId: 9999 } });
  const code = group.inviteCode;
  for (const [method, path, json] of [["POST", "/api/group/join", { code }],
                                      ["GET", `/api/group/join/${code}`]]) {
    const who = method === "POST" ? bob : carol;
    await succeed(method, path, { token: who.token, json });
    await expect(406, "already_in_group", method, path, { token: who.token, json });
  }
  await expect(406, "invite_code_invalid", "GET", "/api/group/join/nope", { token });
  await expect(406, "invite_code_invalid", "POST", "/api/group/join",
               { token, json: { code: "nope" } });
  const place = "/api/conversation/group/message";
  await succeed("POST", `${place}/text`, { token, json: { groupId: group.id, content: "hello" } });
  await succeed("POST", `${place}/text`,
                { token: bob.token, json: { groupId: `${group.id}`, content: "你好" } });
  await succeed("POST", `${place}/image`,
                { token, form: [...file(picture()), ["groupId", `${group.id}`]] });
  const messages = await succeed("GET", `${place}/list?groupId=${group.id}`, { token });
  assert.equal(messages.length, 3);
  const missed = await succeed("GET", `${place}/sync?groupId=${group.id}&afterSeq=1`, { token });
  assert.equal(missed.messages.length, 2);
  const lists = await succeed("GET", "/api/group/list", { token });
  assert.equal(lists.owner.length, 1);
  await succeed("GET", `/api/group/${group.id}`, { token });
  await succeed("GET", `/api/group/${group.id}`, { token: bob.token });
  await succeed("GET", "/api/conversation/list", { token });
  await succeed("GET", "/api/conversation/list", { token: bob.token });

  const stranger = await server().user("strang1");
  const { token: other } = stranger;
  await expect(404, "group_unknown", "GET", "/api/group/9999", { token });
  await expect(406, "not_in_group", "GET", `/api/group/${group.id}`, { token: other });
  await expect(406, "not_in_group", "GET", `${place}/list?groupId=${group.id}`, { token: other });
  await expect(406, "not_in_group", "GET", `${place}/sync?groupId=${group.id}&afterSeq=0`, { token: other });
  await expect(406, "not_in_group", "POST", `${place}/text`,
               { token: other, json: { groupId: group.id, content: "x" } });
  await expect(406, "not_in_group", "POST", `${place}/image`,
               { token: other, form: [...file(picture()), ["groupId", `${group.id}`]] });

  const film = [...file(video), ["groupId", `${group.id}`]];
  await succeed("POST", `${place}/video`, { token, form: film });
  await expect(406, "not_in_group", "POST", `${place}/video`, { token: other, form: film });
  const form = (clientMsgId, parts) =>
    ({ token, form: [["clientMsgId", clientMsgId], ["groupId", `${group.id}`], ...parts] });
  const again = {
    text: (clientMsgId) => ({ token, json: { groupId: group.id, content: "once", clientMsgId } }),
    image: (clientMsgId) => form(clientMsgId, file(picture())),
    video: (clientMsgId) => form(clientMsgId, [["file", video], ["cover", picture()]]),
  };
  for (const [kind, body] of Object.entries(again)) {
    const first = await succeed("POST", `${place}/${kind}`, body(kind));
    const second = await call("POST", `${place}/${kind}`, body(kind));
    assert.deepEqual([second.status, second.body.data], [200, first]);
    for (const other of Object.keys(again).filter((each) => each !== kind)) {
      await expect(409, "client_msg_id_taken", "POST", `${place}/${other}`, again[other](kind));
    }
  }
  const large = pictureOf(5 * 1024 * 1024 + 1);
  await expect(406, "cover_too_large", "POST", `${place}/video`,
               { token, form: [["file", video], ["cover", large], ["groupId", `${group.id}`]] });
  await succeed("GET", `${place}/list?groupId=${group.id}`, { token });
  await succeed("GET", "/api/conversation/list", { token });
});

test("what administrators see and do, and nobody else", async () => {
  await server().command("user", "add", "admin1", "--password", password, "--admin");
  const token = await server().token("admin1");
  const socket = await connectSocket(server().url, { auth: { token: carol.token } });
  for (const part of ["", "/users", "/groups"]) {
    await succeed("GET", `/api/admin${part}`, { token });
  }
  const connections = await succeed("GET", "/api/admin/connections", { token });
  assert.equal(connections.length, 1);
  await succeed("POST", "/api/admin/disconnect", { token, json: { id: connections[0].id } });
  await socket.event("disconnect");
  for (const part of ["", "/users", "/groups", "/connections"]) {
    await expect(403, "not_admin", "GET", `/api/admin${part}`, { token: bob.token });
  }
  await expect(403, "not_admin", "POST", "/api/admin/disconnect",
               { token: bob.token, json: { id: connections[0].id } });
});

test("files by their links, and health", async () => {
  const avatar = await succeed("POST", "/api/user/avatar",
                               { token: bob.token, form: file(picture()) });
  const link = avatar.url.slice(server().url.length);
  const whole = await call("GET", link);
  assert.deepEqual([whole.status, whole.bytes.length], [200, png.length]);
  for (const [status, headers] of [[206, { Range: "bytes=0-3" }], [416, { Range: "bytes=999-" }],
                                   [304, { "If-None-Match": whole.headers.etag }]]) {
    assert.equal((await call("GET", link, { headers })).status, status);
  }
  await expect(403, "link_expired", "GET", link.replace(/expires=\d+/, "expires=1"));
  for (const path of ["/healthz", "/readyz"]) assert.equal((await call("GET", path)).status, 200);
});

test("what administrators ask", async () => {
  const words = ["olga_ops", "--admin", "--password", password, "--email", "olga@example.com"];
  await server().command("user", "add", ...words);
  const token = await server().token("olga_ops");
  assert.equal((await succeed("GET", "/api/user", { token })).isAdmin, true);
  const json = { id: "nobody" };
  await succeed("POST", "/api/admin/disconnect", { token, json });
  await expect(403, "not_admin", "POST", "/api/admin/disconnect", { token: alice.token, json });
  for (const path of ["", "/users", "/groups", "/connections"]) {
    await succeed("GET", `/api/admin${path}`, { token });
    await expect(403, "not_admin", "GET", `/api/admin${path}`, { token: alice.token });
  }
});

test("what is no log-in, no input and no form", async () => {
  const token = await server().token("alice1");
  for (const { path, method, told } of judge.operations) {
    const place = path.replace("{id}", "1").replace("{code}", "x").replace("{type}", "image");
    const verb = method.toUpperCase();
    if (told.security.length > 0) await expect(401, "unauthorized", verb, place);
    const body = told.requestBody?.content;
    if (body?.["application/json"]) {
      await expect(400, "bad_body", verb, place, { token, raw: "{", headers: json });
      await expect(400, "validation_failed", verb, place, { token, json: { admin: {} } });
      await expect(413, "body_too_large", verb, place,
                   { token, raw: `{"a":"${"x".repeat(200_000)}"}`, headers: json });
      await expect(415, "unsupported_media_type", verb, place,
                   { token, raw: "{}", headers: { ...json, "Content-Encoding": "br" } });
    }
    if (body?.["multipart/form-data"]) await refuseForms(place, token);
    if (/\{(id|code)\}/.test(path) && path.startsWith("/api")) {
      await expect(400, "bad_path", verb, path.replace(/\{\w+\}/, "%zz"), { token });
    }
  }
  await expect(400, "validation_failed", "GET", "/api/group/abc", { token });
  for (const list of ["list", "sync"]) {
    await expect(400, "validation_failed", "GET", `/api/conversation/group/message/${list}`, { token });
  }
  await succeed("GET", "/api/auth/logout", { token });
  await expect(431, "head_too_large", "GET", "/api/user", { headers: { X: "x".repeat(20_000) } });
});

async function refuseForms(place, token) {
  const isMessage = place.includes("/message/");
  const group = isMessage ? [["groupId", "1"]] : [];
  const limit = (isMessage ? 10 : 5) * 1024 * 1024;
  const text = picture(Buffer.from("hello"), "text/plain", "a.txt");
  const broken = { token, raw: "--x\r\nbroken",
                   headers: { "Content-Type": "multipart/form-data; boundary=x" } };
  await expect(400, "bad_multipart", "POST", place, broken);
  await expect(400, "file_required", "POST", place, { token, form: group });
  const isVideo = place.endsWith("/video");
  const good = file(isVideo ? video : picture());
  if (isMessage) await expect(400, "validation_failed", "POST", place, { token, form: good });
  const wrong = isVideo
    ? [["video_type_wrong", file(text)], ["cover_type_wrong", [...good, ["cover", text]]]]
    : [["unexpected_field", [["x", picture()]]], ["file_type_wrong", file(text)],
       ["file_too_large", file(pictureOf(limit))]];
  for (const [code, form] of wrong) {
    await expect(400, code, "POST", place, { token, form: [...form, ...group] });
  }
}

test("many mails, and a file that is gone", async () => {
  const emails = Array.from({ length: 200 }, (_, i) => `many${i}@example.com`);
  await Promise.all(emails.map((email) => call("POST", "/api/auth/sendCode", { json: { email } })));
  await expect(429, "too_many_attempts", "POST", "/api/auth/sendCode",
               { json: { email: "one-more@example.com" } });
  const { path, url } = await succeed("POST", "/api/user/avatar",
                                      { token: bob.token, form: file(picture()) });
  rmSync(join(server().data, "files", path));
  await expect(404, "file_unknown", "GET", url.slice(server().url.length));
});

// What this file cannot bring about: a race of two registrations, a user who is gone, an overview
// twice in one millisecond; a film of a gigabyte is sent in another, and so are the many calls that
// it takes to meet a limit.
const unseen = new RegExp("^(register .* email_taken|.* user_unknown|.* video_too_large|" +
                          "adminOverview 304|.* too_many_(messages|joins|groups))$");

test("every answer that is promised has been seen above", () => {
  const missing = judge.operations.flatMap(({ id, told }) =>
    judge.promises(told).flatMap(({ status, codes }) => {
      if (/^(5\d\d|default)$/.test(status)) return [];
      const wanted = codes.length > 0 ? codes.map((code) => `${id} ${status} ${code}`)
                                      : [`${id} ${status}`];
      return wanted.filter((each) => !judge.seen.has(each) && !unseen.test(each));
    }));
  assert.deepEqual(missing, []);
});
