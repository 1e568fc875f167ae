// Limits, on a server that has low ones: what is too much is refused with how long to wait.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";

import { password, useServer } from "../support/coterie.mjs";
import { until } from "../support/process.mjs";
import { picture } from "../support/rest.mjs";
import { ask, closeSocketsAfterEach, connectSocket, openSocket } from "../support/sockets.mjs";

let alice, bobby, carol, olga, group;
const server = useServer({
  env: {
    COTERIE_LIMIT_SENDS: "1", // And ten at once.
    COTERIE_LIMIT_JOINS: "2",
    COTERIE_LIMIT_GROUPS: "1",
    COTERIE_LIMIT_EVENTS: "2", // And ten at once.
    COTERIE_LIMIT_USER_CONNECTIONS: "3",
    COTERIE_LIMIT_ADDRESS_CONNECTIONS: "2",
    COTERIE_TRUSTED_PROXIES: "127.0.0.0/8",
  },
  async setUp(started) {
    alice = await started.user("alice1");
    bobby = await started.user("bobby1");
    carol = await started.user("carol1");
    await started.command("user", "add", "olga_ops", "--admin", "--password", password,
                          "--email", "olga@example.com");
    olga = { token: await started.token("olga_ops") };
    group = await started.rest.group(alice, [bobby]);
  },
});
closeSocketsAfterEach();

const rest = () => server().rest;
const text = (who) => rest().post("/api/conversation/group/message/text",
                                  { token: who.token, json: { groupId: group.id, content: "hi" } });

function assertRefused(answer, code) {
  assert.equal(answer.status, 429, answer.text);
  assert.equal(answer.body.code, code);
  assert.ok(Number.isSafeInteger(answer.body.retryAfter) && answer.body.retryAfter > 0, answer.text);
  assert.equal(answer.headers["retry-after"], `${answer.body.retryAfter}`);
}

test("who sends too fast waits, and nobody else does", async () => {
  const answers = [];
  await until(async () => answers.push(await text(alice)) && answers.at(-1).status !== 201,
              () => answers.length);
  assertRefused(answers.at(-1), "too_many_messages");
  assert.equal(answers.at(-1).body.message, "too many messages, please try again later");
  assert.ok(answers.length > 10, `${answers.length} at once`);
  const stored = server().sql(`SELECT count(*) AS n FROM group_message WHERE userId = ${alice.id}`);
  assert.equal(stored[0].n, answers.length - 1);
  assert.equal((await text(bobby)).status, 201);
  await until(async () => (await text(alice)).status === 201, () => "he may again");
});

test("pictures count as well, and one that is refused is not kept", async () => {
  const form = () => [["file", picture()], ["groupId", `${group.id}`]];
  // At once: one after another they may come slower than the bucket fills.
  const all = await Promise.all(Array.from({ length: 20 }, () =>
    rest().post("/api/conversation/group/message/image", { token: bobby.token, form: form() })));
  assertRefused(all.find(({ status }) => status !== 201), "too_many_messages");
  const rows = server().sql(`SELECT (SELECT count(*) FROM file WHERE type = 'image') AS files,
                                    (SELECT count(*) FROM group_message WHERE type = 1) AS messages`);
  assert.equal(rows[0].files, rows[0].messages);
});

test("a message by socket is refused with how long to wait, and stored when that is over", async () => {
  const socket = await connectSocket(server().url, { auth: { token: bobby.token } });
  const send = async () => (await ask(socket, "send-message", { groupId: group.id, content: "hi" }))[0];
  const refused = await until(async () => {
    const answer = await send();
    return answer.status === "error" && answer.message.startsWith("too many messages") && answer;
  }, () => "it is refused");
  assert.deepEqual(refused, { status: "error", message: "too many messages, please try again later",
                              retryAfter: 1 });
  assert.deepEqual(socket.events("exception").at(-1), [refused]);
  await until(async () => (await send()).seq > 0, () => "it may again");
});

test("joining and founding have limits of their own", async () => {
  const join = () => rest().post("/api/group/join", { token: carol.token, json: { code: "a guess" } });
  for (let i = 0; i < 2; ++i) assert.equal((await join()).status, 406);
  assertRefused(await join(), "too_many_joins");
  assertRefused(await rest().get("/api/group/join/a-guess", { token: carol.token }), "too_many_joins");
  const found = async () => {
    const cover = await rest().data("POST", "/api/group/cover",
                                    { token: carol.token, form: [["file", picture()]] });
    return rest().post("/api/group", { token: carol.token, json: { name: "Two", coverId: cover.id } });
  };
  assert.equal((await found()).status, 201);
  assertRefused(await found(), "too_many_groups");
});

test("events that come too fast are answered with an exception, and not done", async () => {
  const socket = await connectSocket(server().url, { auth: { token: alice.token } });
  const answers = await Promise.all(Array.from({ length: 30 }, () =>
    ask(socket, "update-last-msg", { id: 999_999, messageId: 1 })));
  const refused = answers.map(([answer]) => answer).filter(Boolean);
  assert.ok(refused.length >= 10 && refused.length <= 20, `${refused.length} of 30`);
  for (const { status, message, retryAfter } of refused) {
    assert.deepEqual([status, message, retryAfter],
                     ["error", "too many events, please try again later", 1]);
  }
  assert.equal(socket.events("exception").length, refused.length);
  assert.deepEqual(socket.events("exception")[0], [refused[0]]);
  await until(async () => (await ask(socket, "update-last-msg", { id: 999_999, messageId: 1 }))[0] === null,
              () => "it may again");
});

const connections = () => rest().data("GET", "/api/admin/connections", { token: olga.token });
// Those of the test before have gone.
const quiet = () => until(async () => (await connections()).length === 0, () => "nobody is connected");
const from = (...addresses) => ({ transports: ["websocket"], extraHeaders:
                                  { "X-Forwarded-For": addresses.join(", ") } });
const refusal = async (options) => {
  const socket = openSocket(server().url, options);
  let data;
  socket.on("connect_error", (error) => (data = error.data));
  const [message] = await socket.event("connect_error");
  return { message, data };
};
const tooMany = { message: "too many connections, please try again later",
                  data: { code: "too_many_connections", retryAfter: 60 } };

test("a user has so many connections at once, and another one when one is gone", async () => {
  await quiet();
  const auth = { token: alice.token };
  const open = [];
  for (let i = 0; i < 3; ++i) open.push(await connectSocket(server().url, { auth }));
  assert.deepEqual(await refusal({ auth }), tooMany);
  await connectSocket(server().url, { auth: { token: bobby.token } });
  open[0].disconnect();
  await until(async () => {
    const socket = openSocket(server().url, { auth });
    const [[what]] = await socket.until((got) => got.length > 0 && got);
    if (what !== "connect") socket.disconnect();
    return what === "connect";
  }, () => "one has left");
});

test("so has an address, as our proxy tells it; our own is not counted", async () => {
  await quiet();
  const as = (who, ...addresses) => ({ auth: { token: who.token }, ...from(...addresses) });
  await connectSocket(server().url, as(alice, "203.0.113.7"));
  await connectSocket(server().url, as(bobby, "198.51.100.1", "203.0.113.7"));
  // Whatever a client claims, the proxy's word stands behind it.
  assert.deepEqual(await refusal(as(carol, "198.51.100.2", "203.0.113.7")), tooMany);
  assert.deepEqual(await refusal(as(carol, "\"", "203.0.113.7")), tooMany);
  await connectSocket(server().url, as(carol, "203.0.113.8"));
  for (const who of [alice, bobby]) await connectSocket(server().url, { auth: { token: who.token } });
  const seen = await connections();
  assert.deepEqual(seen.map(({ username, address }) => `${username} ${address}`).sort(),
                   ["alice1 127.0.0.1", "alice1 203.0.113.7", "bobby1 127.0.0.1",
                    "bobby1 203.0.113.7", "carol1 203.0.113.8"]);
});
