// Pushes, read marks and log-ins over Socket.IO, with the official client.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { useServer } from "../support/coterie.mjs";
import { RawClient } from "../support/socketio.mjs";
import { assertShape, conversation, message, plainUser, readMark, recentMessage, user }
  from "../support/shapes.mjs";
import { ask, closeSocketsAfterEach, clients, connectSocket, openSocket } from "../support/sockets.mjs";

let alice, bobby, carol;
const server = useServer({
  async setUp(started) {
    alice = await started.user("alice1");
    bobby = await started.user("bobby1");
    carol = await started.user("carol1");
  },
});
closeSocketsAfterEach();

const rest = () => server().rest;
const ways = {
  polling: { transports: ["polling"] },
  websocket: { transports: ["websocket"] },
  upgrade: {},
};
const byHeader = (token) => ({ extraHeaders: { authorization: token } });
const byAuth = (token) => ({ auth: { token } });
const connect = (who, options) => connectSocket(server().url, { ...byAuth(who.token), ...options });
// Nothing more is on its way to `socket`: what it asks now is answered behind whatever was sent.
async function settled(socket, id) {
  await ask(socket, "update-last-msg", { id, messageId: 0 });
}
const conversationOf = async (who, group) =>
  (await rest().data("GET", "/api/conversation/list", { token: who.token }))
    .find(({ groupId }) => groupId === group.id);
const pushed = (socket, group) =>
  socket.events(`group-message:${group.id}`).map(([{ content }]) => content);

// -- log-in -------------------------------------------------------------------------------------

for (const [way, options] of Object.entries(ways)) {
  for (const [how, made] of Object.entries({
    "the raw header": (token) => byHeader(token),
    "the auth payload": (token) => byAuth(token),
    "Bearer in the auth payload": (token) => byAuth(`Bearer ${token}`),
  })) {
    test(`${way}: a token by ${how} is welcome`, async () => {
      const socket = await connectSocket(server().url, { ...options, ...made(alice.token) });
      assert.equal(await socket.until((got) => got.length >= 1) && socket.connected, true);
      assert.deepEqual(await ask(socket, "update-last-msg", { id: 999_999, messageId: 1 }), [null]);
      assert.deepEqual(socket.events("authFail"), []);
    });
  }

  for (const [what, made] of Object.entries({
    "no token": {},
    "an empty token": byHeader(""),
    "a wrong token": byHeader("abc"),
    "a wrong token in the payload": byAuth("abc"),
    "a token that is no text": byAuth({ $gt: "" }),
    "a wrong header beside nothing": byHeader("Bearer "),
    "a good token behind Bearer in the header": () => byHeader(`Bearer ${alice.token}`),
  })) {
    test(`${way}: ${what} connects, hears authFail, and is disconnected`, async () => {
      const how = typeof made === "function" ? made() : made;
      const socket = openSocket(server().url, { ...options, ...how });
      await socket.event("disconnect");
      assert.deepEqual(socket.got, [["connect"], ["authFail"],
                                    ["disconnect", "io server disconnect"]]);
    });
  }
}

test("a token that was logged out is no token", async () => {
  const token = await server().token(alice.username);
  await rest().get("/api/auth/logout", { token });
  const socket = openSocket(server().url, byHeader(token));
  await socket.event("disconnect");
  assert.deepEqual(socket.got.map(([name]) => name), ["connect", "authFail", "disconnect"]);
});

test("packet for packet: the answer to CONNECT, authFail, DISCONNECT, and the end", async () => {
  const client = await RawClient.open(server());
  await client.send("0");
  assert.match(await client.next(), /^0\{"sid":"[A-Za-z0-9_-]{20}","pid":"[A-Za-z0-9_-]{20}"\}$/);
  assert.match(await client.next(), /^2\["authFail","\d+(-\d+)?"\]$/); // Behind it the offset.
  assert.equal(await client.next(), "1");
  assert.equal(await client.next(), "closed");
});

test("nothing is handled before the log-in is known", async () => {
  const group = await rest().group(alice);
  const sent = await rest().text(alice.token, group.id, "secret");
  const { id } = await conversationOf(alice, group);
  const client = await RawClient.open(server());
  await client.send("0", `2["update-last-msg",{"id":${id},"messageId":${sent.id}}]`);
  for (let packet = ""; packet !== "closed";) {
    packet = await client.next();
    assert.ok(!packet.includes("secret"), packet);
  }
  assert.equal((await conversationOf(alice, group)).lastMsgId, null);
});

test("only / is a namespace", async () => {
  const socket = openSocket(`${server().url}/admin`, byAuth(alice.token));
  assert.deepEqual(await socket.event("connect_error"), ["Invalid namespace"]);
});

// -- pushes -------------------------------------------------------------------------------------

test("a text and an image reach every member over every transport, the sender included, and no " +
     "stranger", async () => {
  const group = await rest().group(alice, [bobby]);
  const members = [];
  for (const who of [alice, bobby]) {
    for (const options of Object.values(ways)) members.push(await connect(who, options));
  }
  const stranger = await connect(carol);
  const text = await rest().text(alice.token, group.id, "live 你好 😀");
  const image = await rest().image(bobby.token, group.id);
  for (const socket of members) {
    const name = `group-message:${group.id}`;
    const first = await socket.event(name);
    assertShape(first, [message(text, user(alice))]);
    assertShape(await socket.event(name, 1), [message(image, user(bobby))]);
    assert.ok(!JSON.stringify(socket.got).includes("@example.com"), "a mail address");
    assert.equal(socket.got.length, 3, "connect, a text, an image");
  }
  await sleep(100);
  assert.deepEqual(stranger.got, [["connect"]]);
});

test("pushes and the history have the same message", async () => {
  const group = await rest().group(alice);
  const socket = await connect(alice);
  await rest().image(alice.token, group.id);
  const [told] = await socket.event(`group-message:${group.id}`);
  const [read] = await rest().data(
    "GET", `/api/conversation/group/message/list?groupId=${group.id}`, { token: alice.token });
  // The link may have been signed a second later.
  for (const each of [told, read]) each.file.url = each.file.url.split("?")[0];
  assert.equal(JSON.stringify(told), JSON.stringify(read));
});

for (const [version, io] of Object.entries(clients)) {
  test(`socket.io-client ${version} hears a push`, async () => {
    const group = await rest().group(alice, [bobby]);
    const socket = await connect(bobby, { io });
    const sent = await rest().text(alice.token, group.id, "hello");
    const [told] = await socket.event(`group-message:${group.id}`);
    assertShape(told, message(sent, user(alice)));
  });
}

test("every device of a user hears everything, whoever comes and goes", async () => {
  const group = await rest().group(alice, [bobby]);
  const first = await connect(bobby);
  const second = await connect(bobby, ways.websocket);
  const third = await connect({ token: await server().token(bobby.username) }, ways.polling);
  await rest().text(alice.token, group.id, "three");
  for (const socket of [first, second, third]) await socket.event(`group-message:${group.id}`);
  second.disconnect();
  await rest().text(alice.token, group.id, "two");
  for (const socket of [first, third]) await socket.event(`group-message:${group.id}`, 1);
  assert.deepEqual(pushed(first, group), ["three", "two"]);
  assert.deepEqual(pushed(second, group), ["three"]);
});

test("who joins while connected hears the group at once; who makes one, too", async () => {
  const owner = await connect(alice);
  const group = await rest().group(alice);
  const [early, late] = [await connect(bobby), await connect(bobby, ways.polling)];
  await rest().text(alice.token, group.id, "before");
  await owner.event(`group-message:${group.id}`);
  await rest().data("POST", "/api/group/join",
                    { token: bobby.token, json: { code: group.inviteCode } });
  await rest().text(alice.token, group.id, "after");
  for (const socket of [early, late]) {
    await socket.event(`group-message:${group.id}`);
    assert.deepEqual(pushed(socket, group), ["after"]);
  }
});

test("who joins while connecting misses nothing that is sent afterwards", async () => {
  for (let i = 0; i < 10; ++i) {
    const group = await rest().group(alice);
    const socket = openSocket(server().url, { ...byAuth(bobby.token), ...ways.websocket });
    await sleep(i);
    await rest().data("GET", `/api/group/join/${group.inviteCode}`, { token: bobby.token });
    await socket.event("connect");
    await rest().text(alice.token, group.id, "here");
    await socket.event(`group-message:${group.id}`);
  }
});

test("pushes of messages sent at once come in the order of ids, to everyone, each once", async () => {
  const group = await rest().group(alice, [bobby]);
  const sockets = [await connect(alice), await connect(bobby, ways.websocket),
                   await connect(bobby, ways.polling)];
  const total = 96;
  const senders = Array.from({ length: 8 }, async (_, sender) => {
    for (let i = 0; i < total / 8; ++i) {
      await rest().text((sender % 2 ? alice : bobby).token, group.id, `${sender}-${i}`);
    }
  });
  await Promise.all(senders);
  const name = `group-message:${group.id}`;
  for (const socket of sockets) {
    await socket.event(name, total - 1);
    const ids = socket.events(name).map(([{ id }]) => id);
    assert.equal(new Set(ids).size, total);
    assert.deepEqual(ids, [...ids].sort((a, b) => a - b));
  }
});

test("nothing is replayed to who reconnects", async () => {
  const group = await rest().group(alice, [bobby]);
  const socket = await connect(bobby);
  socket.disconnect();
  await rest().text(alice.token, group.id, "missed");
  socket.connect();
  await socket.event("connect", 1);
  await rest().text(alice.token, group.id, "heard");
  await socket.event(`group-message:${group.id}`);
  assert.deepEqual(pushed(socket, group), ["heard"]);
});

// -- the end of a log-in ------------------------------------------------------------------------

test("a log-out closes the sockets of that log-in, and no others", async () => {
  const group = await rest().group(alice, [bobby]);
  const token = await server().token(bobby.username);
  const closed = [];
  for (const options of Object.values(ways)) closed.push(await connect({ token }, options));
  const kept = await connect(bobby);
  await rest().data("GET", "/api/auth/logout", { token });
  await rest().text(alice.token, group.id, "after the log-out");
  await kept.event(`group-message:${group.id}`);
  for (const socket of closed) {
    assert.deepEqual(await socket.event("disconnect"), ["io server disconnect"]);
    assert.deepEqual(socket.got, [["connect"], ["authFail"],
                                  ["disconnect", "io server disconnect"]]);
  }
  assert.ok(kept.connected);
});

// -- read marks ---------------------------------------------------------------------------------

// A group with `count` texts of alice's, and bobby's conversation with it.
async function withTexts(count) {
  const group = await rest().group(alice, [bobby]);
  const sent = [];
  for (let i = 0; i < count; ++i) sent.push(await rest().text(alice.token, group.id, `${i}`));
  const { id } = await conversationOf(bobby, group);
  const recent = recentMessage(sent.at(-1), plainUser(alice));
  const mark = (lastMsgId, unread) =>
    readMark({ id, role: 1, lastMsgId, userId: bobby.id, in: group, recent, unread });
  return { group, sent, id, mark };
}

test("a read mark: the event and the ack bring the conversation, and only to who asked", async () => {
  const { group, sent, id, mark } = await withTexts(5);
  const socket = await connect(bobby);
  const other = await connect(bobby);
  const answer = await ask(socket, "update-last-msg", { id, messageId: sent[1].id });
  assertShape(answer, [mark(sent[1].id, 3)]);
  assertShape(await socket.event("update-last-msg"), [mark(sent[1].id, 3)]);
  socket.emit("update-last-msg", { id, messageId: sent[4].id });
  assertShape(await socket.event("update-last-msg", 1), [mark(sent[4].id, 0)]);
  const listed = await conversationOf(bobby, group);
  assertShape(listed, conversation({
    id, role: 1, lastMsgId: sent[4].id, userId: bobby.id, in: group,
    recent: recentMessage(sent[4], plainUser(alice)), unread: 0,
  }));
  await settled(other, id);
  // Its own question was answered; it has heard of no other.
  assert.equal(other.events("update-last-msg").length + other.events("exception").length, 1);
});

test("a mark may be given as text, and whatever else comes along is ignored", async () => {
  const { sent, id, mark } = await withTexts(2);
  const socket = await connect(bobby);
  const payload = { id: `${id}`, messageId: `${sent[0].id}`, userId: 1 };
  assertShape(await ask(socket, "update-last-msg", payload, "more"), [mark(sent[0].id, 1)]);
});

test("a mark only moves forward", async () => {
  const { sent, id, mark } = await withTexts(4);
  const socket = await connect(bobby);
  await ask(socket, "update-last-msg", { id, messageId: sent[2].id });
  assertShape(await ask(socket, "update-last-msg", { id, messageId: sent[0].id }),
              [mark(sent[2].id, 1)]);
});

test("another's conversation, or none: null, and nothing is marked", async () => {
  const { group, sent, id } = await withTexts(1);
  const socket = await connect(carol);
  for (const asked of [id, 999_999, 0, -1]) {
    assert.deepEqual(await ask(socket, "update-last-msg", { id: asked, messageId: sent[0].id }),
                     [null]);
  }
  assert.deepEqual(socket.events("update-last-msg"), [[null], [null], [null], [null]]);
  assert.equal((await conversationOf(bobby, group)).lastMsgId, null);
});

test("bad read marks are exceptions that name what is bad, and the socket stays", async () => {
  const { group, sent, id } = await withTexts(1);
  const elsewhere = await rest().group(alice, [bobby]);
  const foreign = await rest().text(alice.token, elsewhere.id, "elsewhere");
  const socket = await connect(bobby);
  let count = 0;
  for (const [field, ...payload] of [
    ["payload"], ["payload", null], ["payload", "x"], ["payload", 5], ["payload", [1, 2]],
    ["id", {}], ["id", { messageId: 1 }], ["id", { id: null, messageId: 1 }],
    ["id", { id: "abc", messageId: 1 }], ["id", { id: { id: 1 }, messageId: 1 }],
    ["id", { id: [id], messageId: 1 }], ["id", { id: 1.5, messageId: 1 }],
    ["messageId", { id }], ["messageId", { id, messageId: null }],
    ["messageId", { id, messageId: "abc" }], ["messageId", { id, messageId: 1.7 }],
    ["messageId", { id, messageId: { a: 1 } }], ["messageId", { id, messageId: 1e300 }],
    ["messageId", { id, messageId: foreign.id }], ["messageId", { id, messageId: 999_999 }],
    ["messageId", { id, messageId: 0 }], ["messageId", { id, messageId: -1 }],
  ]) {
    socket.emit("update-last-msg", ...payload);
    const [body, ...rest] = await socket.event("exception", count++);
    assert.deepEqual(rest, []);
    assert.deepEqual(Object.keys(body), ["status", "message"]);
    assert.equal(body.status, "error");
    assert.match(body.message, new RegExp(`\\b${field}\\b`), JSON.stringify(payload));
    assert.ok(!/sql/i.test(body.message), body.message);
  }
  // An ack that was asked for hears it, too.
  const [answer] = await ask(socket, "update-last-msg", { id, messageId: "abc" });
  assert.equal(answer.status, "error");
  assert.equal((await conversationOf(bobby, group)).lastMsgId, null);
  await ask(socket, "update-last-msg", { id, messageId: sent[0].id });
  assert.equal((await conversationOf(bobby, group)).lastMsgId, sent[0].id);
});

test("answers to many marks come in the order of the questions", async () => {
  const { sent, id } = await withTexts(30);
  const socket = await connect(bobby, ways.websocket);
  for (const { id: messageId } of sent) socket.emit("update-last-msg", { id, messageId });
  await socket.event("update-last-msg", 29);
  assert.deepEqual(socket.events("update-last-msg").map(([{ lastMsgId }]) => lastMsgId),
                   sent.map((each) => each.id));
});

test("sixty members who read one message at once are all answered", async () => {
  const { sent, id } = await withTexts(1);
  const sockets = await Promise.all(
    Array.from({ length: 60 }, () => connect(bobby, ways.websocket)));
  const answers = await Promise.all(sockets.map((socket) =>
    ask(socket, "update-last-msg", { id, messageId: sent[0].id })));
  for (const [answer] of answers) assert.equal(answer.lastMsgId, sent[0].id);
});

test("unread messages are counted, one's own included, from the mark on", async () => {
  const { group, sent, id } = await withTexts(3);
  assert.equal((await conversationOf(bobby, group)).unreadNum, 3);
  const socket = await connect(bobby);
  await ask(socket, "update-last-msg", { id, messageId: sent[2].id });
  await rest().text(bobby.token, group.id, "mine");
  assert.equal((await conversationOf(bobby, group)).unreadNum, 1);
  assert.equal((await conversationOf(alice, group)).unreadNum, 4);
});

test("events nobody knows are ignored", async () => {
  const socket = await connect(bobby);
  socket.emit("no-such-event", { a: 1 });
  socket.emit("error", "x");
  socket.emit("group-message:1", { content: "forged" });
  await ask(socket, "update-last-msg", { id: 999_999, messageId: 1 });
  assert.deepEqual(socket.got.map(([name]) => name), ["connect", "update-last-msg"]);
});

test("the handshake tells the contract's heartbeat and bound", async () => {
  const answer = await rest().get("/socket.io/?EIO=4&transport=polling");
  assert.match(answer.text, new RegExp(
    '^0\\{"sid":"[A-Za-z0-9_-]{20}","upgrades":\\["websocket"\\],"pingInterval":25000,' +
    '"pingTimeout":20000,"maxPayload":1000000\\}$'));
  assert.equal(answer.headers["access-control-allow-origin"], undefined);
});
