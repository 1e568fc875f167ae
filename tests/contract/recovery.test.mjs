// Connections that break and come back: what was missed comes once and in order, and nobody is let
// in again whose log-in has ended meanwhile.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";

import { useServer, withServer } from "../support/coterie.mjs";
import { ask, closeSocketsAfterEach, connectSocket, cut } from "../support/sockets.mjs";

let alice, bobby, carol;
const server = useServer({
  env: { COTERIE_SWEEP_SECONDS: "1" },
  async setUp(started) {
    alice = await started.user("alice1");
    bobby = await started.user("bobby1");
    carol = await started.user("carol1");
  },
});
closeSocketsAfterEach();

const rest = () => server().rest;
const connect = (token, at = server()) =>
  connectSocket(at.url, { auth: { token }, transports: ["websocket"] });
const texts = (socket, group) =>
  socket.events(`group-message:${group.id}`).map(([{ content }]) => content);

async function back(socket) {
  const connects = socket.events("connect").length;
  socket.connect();
  await socket.event("connect", connects);
}
async function say(group, ...contents) {
  for (const content of contents) await rest().text(alice.token, group.id, content);
}
// Everything up to now has arrived: what was said last has.
async function settled(socket, group) {
  await say(group, "the last");
  await socket.until(() => texts(socket, group).at(-1) === "the last");
}

test("what was missed comes in order, once, and before what is said later", async () => {
  const group = await rest().group(alice, [bobby]);
  const socket = await connect(bobby.token);
  const { id } = socket;
  await say(group, "before");
  await socket.event(`group-message:${group.id}`);
  for (let round = 1; round <= 3; ++round) {
    await cut(socket);
    await say(group, `missed ${round}a`, `missed ${round}b`);
    await back(socket);
    assert.deepEqual([socket.recovered, socket.id], [true, id]);
    await say(group, `heard ${round}`);
    await socket.until(() => texts(socket, group).at(-1) === `heard ${round}`);
  }
  assert.deepEqual(texts(socket, group),
                   ["before", ...[1, 2, 3].flatMap((n) => [`missed ${n}a`, `missed ${n}b`, `heard ${n}`])]);
});

test("who comes back is who he was: his marks are made, and his other devices hear of them", async () => {
  const group = await rest().group(alice, [bobby]);
  const sent = await rest().text(alice.token, group.id, "read me");
  const { id } = (await rest().data("GET", "/api/conversation/list", { token: bobby.token }))
    .find(({ groupId }) => groupId === group.id);
  const [phone, laptop] = [await connect(bobby.token), await connect(bobby.token)];
  await cut(phone);
  await ask(laptop, "update-last-msg", { id, messageId: sent.id });
  await back(phone);
  const [mark] = await phone.event("read-mark");
  assert.equal(mark.lastMsgId, sent.id);
  const [answer] = await ask(phone, "update-last-msg", { id, messageId: sent.id });
  assert.equal(answer.lastMsgId, sent.id);
  await laptop.event("read-mark");
});

test("a group that was joined on another device meanwhile is heard, with what was said in it",
     async () => {
  const group = await rest().group(alice);
  const socket = await connect(bobby.token);
  await cut(socket);
  await rest().data("GET", `/api/group/join/${group.inviteCode}`, { token: bobby.token });
  await say(group, "missed");
  await back(socket);
  assert.equal(socket.recovered, true);
  await say(group, "heard");
  await socket.event(`group-message:${group.id}`, 1);
  assert.deepEqual(texts(socket, group), ["missed", "heard"]);
});

test("who was logged out meanwhile hears authFail, and nothing that was said", async () => {
  const group = await rest().group(alice, [bobby]);
  const token = await server().token(bobby.username);
  const socket = await connect(token);
  await cut(socket);
  await say(group, "secret");
  await rest().data("GET", "/api/auth/logout", { token });
  await say(group, "more of it");
  const before = socket.got.length;
  socket.connect();
  await socket.event("disconnect", 1);
  assert.deepEqual(socket.got.slice(before),
                   [["connect"], ["authFail"], ["disconnect", "io server disconnect"]]);
  assert.equal(socket.recovered, false);
});

test("who comes back by another log-in begins anew, as himself or as somebody else", async () => {
  const group = await rest().group(alice, [bobby]);
  const socket = await connect(bobby.token);
  for (const token of [await server().token(bobby.username), carol.token]) {
    await cut(socket);
    await say(group, "missed");
    socket.auth = { token };
    await back(socket);
    assert.equal(socket.recovered, false);
  }
  assert.deepEqual(texts(socket, group), []);
  // Nothing is left of who it was.
  const witness = await connect(bobby.token);
  await settled(witness, group);
  await ask(socket, "update-last-msg", { id: 1, messageId: 1 });
  assert.deepEqual(texts(socket, group), []);
});

test("a log-out ends who has come back, too", async () => {
  const token = await server().token(bobby.username);
  const socket = await connect(token);
  await cut(socket);
  await back(socket);
  assert.equal(socket.recovered, true);
  await rest().data("GET", "/api/auth/logout", { token });
  await socket.event("disconnect", 1);
  assert.deepEqual(socket.events("authFail"), [[]]);
});

test("without recovery nobody is given anything, nor an offset", async () => {
  await withServer({ flags: ["--recovery-seconds", "0"] }, async (plain) => {
    const { token } = await plain.user("dave1");
    const socket = await connect(token, plain);
    assert.equal(socket._pid, undefined);
    await cut(socket);
    await back(socket);
    assert.ok(!socket.recovered);
  });
});
