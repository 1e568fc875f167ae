// The numbers of messages, what a device asks for when it has missed some, and sending again what
// may have been sent: over HTTP and over Socket.IO.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";

import { useServer } from "../support/coterie.mjs";
import { mp4Of } from "../support/media.mjs";
import { assertFailure, assertInvalid, assertSuccess, picture, pictureOf } from "../support/rest.mjs";
import { anyId, assertShape, message, newText, user } from "../support/shapes.mjs";
import { ask, closeSocketsAfterEach, connectSocket } from "../support/sockets.mjs";

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
const connect = (who) => connectSocket(server().url, { auth: { token: who.token } });
const send = (who, json) =>
  rest().post("/api/conversation/group/message/text", { token: who.token, json });
const upload = (who, kind, form) =>
  rest().post(`/api/conversation/group/message/${kind}`, { token: who.token, form });
const missed = (who, query) =>
  rest().get(`/api/conversation/group/message/sync${query}`, { token: who.token });
const notInGroup = [406, "you are not in the group!", "not_in_group"];
const taken = [409, "clientMsgId was used for another message", "client_msg_id_taken"];
const pushed = (socket, group) => socket.events(`group-message:${group.id}`).map(([each]) => each);

// A group of alice and bobby, with texts "1", "2", …
async function groupOf(count) {
  const group = await rest().group(alice, [bobby]);
  const sent = [];
  for (let i = 1; i <= count; ++i) {
    sent.push(await rest().text((i % 2 ? alice : bobby).token, group.id, `${i}`));
  }
  return { group, sent };
}
// Nothing more is on its way to `socket`: what it asks now is answered behind whatever was sent.
const settled = (socket) => ask(socket, "sync", { groups: [] });
const failure = (text) => [{ status: "error", message: text }];

// -- numbers ------------------------------------------------------------------------------------

test("each group counts for itself: answers, pushes, history and lists say the same", async () => {
  const { group, sent } = await groupOf(3);
  const other = await groupOf(2);
  assert.deepEqual(sent.map(({ seq }) => seq), [1, 2, 3]);
  assert.deepEqual(other.sent.map(({ seq }) => seq), [1, 2]);
  const socket = await connect(bobby);
  const image = await rest().image(alice.token, group.id);
  await socket.event(`group-message:${group.id}`);
  assert.deepEqual([image.seq, pushed(socket, group)[0].seq], [4, 4]);
  const history = await rest().data(
    "GET", `/api/conversation/group/message/list?groupId=${group.id}`, { token: bobby.token });
  assert.deepEqual(history.map(({ seq }) => seq), [4, 3, 2, 1]);
  const list = await rest().data("GET", "/api/conversation/list", { token: bobby.token });
  const { lastSeq, recentMsg } = list.find(({ groupId }) => groupId === group.id);
  assert.deepEqual([lastSeq, recentMsg.seq], [4, 4]);
});

test("many at once, by both doors: no number is missing and none is there twice", async () => {
  const { group } = await groupOf(0);
  const sockets = await Promise.all([connect(alice), connect(bobby)]);
  await Promise.all(Array.from({ length: 60 }, (_, i) => {
    const json = { groupId: group.id, content: `${i}` };
    if (i % 3 === 0) return send(alice, json);
    return ask(sockets[i % 2], "send-message", json);
  }));
  await Promise.all(sockets.map((socket) => socket.until(() => pushed(socket, group).length >= 60)));
  const all = Array.from({ length: 60 }, (_, i) => i + 1);
  for (const socket of sockets) assert.deepEqual(pushed(socket, group).map(({ seq }) => seq), all);
});

// -- what was missed, over HTTP -----------------------------------------------------------------

test("what was missed comes oldest first, page by page, whole", async () => {
  const { group, sent } = await groupOf(5);
  const shape = (each) => message(each, user(each.userId === alice.id ? alice : bobby));
  const answer = (hasMore, ...messages) =>
    ({ groupId: group.id, lastSeq: 5, hasMore, messages: messages.map(shape) });
  const at = (afterSeq, limit = "") => missed(bobby, `?groupId=${group.id}&afterSeq=${afterSeq}${limit}`);
  assertSuccess(await at(0), answer(false, ...sent));
  assertSuccess(await at(0, "&limit=2"), answer(true, sent[0], sent[1]));
  assertSuccess(await at(2, "&limit=2"), answer(true, sent[2], sent[3]));
  assertSuccess(await at(4, "&limit=2"), answer(false, sent[4]));
  assertSuccess(await at(3, "&limit=2"), answer(false, sent[3], sent[4]));
  for (const nothing of [5, 6, 999_999]) assertSuccess(await at(nothing), answer(false));
});

test("a hundred unless told, five hundred at most, and no more bytes than are good", async () => {
  const { group } = await groupOf(0);
  const socket = await connect(alice);
  const large = "😀".repeat(5000); // 20 000 bytes.
  for (let i = 0; i < 60; ++i) {
    await Promise.all(Array.from({ length: 10 }, (_, k) =>
      send(alice, { groupId: group.id, content: i < 50 ? `${i}/${k}` : large })));
  }
  const page = async (afterSeq, limit) => {
    const { data } = (await missed(bobby, `?groupId=${group.id}&afterSeq=${afterSeq}${limit}`)).body;
    assert.deepEqual(data.messages.map(({ seq }) => seq),
                     data.messages.map((_, i) => afterSeq + 1 + i), "in order, without a gap");
    return data;
  };
  for (const [limit, wanted] of [["", 100], ["&limit=0", 100], ["&limit=1", 1], ["&limit=500", 500],
                                 ["&limit=501", 500], ["&limit=100000", 500]]) {
    const { messages, hasMore, lastSeq } = await page(0, limit);
    assert.deepEqual([messages.length, hasMore, lastSeq], [wanted, true, 600], limit);
  }
  const heavy = await page(500, "&limit=500");
  assert.ok(heavy.hasMore && heavy.messages.length > 10 && heavy.messages.length < 60,
            `${heavy.messages.length} messages of 20 000 bytes`);
  const [{ groups }] = await ask(socket, "sync", { groups: [{ groupId: group.id, afterSeq: 500 }] });
  assert.equal(groups[0].messages.length, heavy.messages.length);
  const rest = await page(500 + heavy.messages.length, "");
  assert.equal(rest.messages[0].content, large);
});

test("only members learn what was missed; bad input is named", async () => {
  const { group } = await groupOf(1);
  assertFailure(await missed(carol, `?groupId=${group.id}&afterSeq=0`), ...notInGroup);
  for (const groupId of ["99999", "abc", "1.5"]) {
    assertFailure(await missed(alice, `?groupId=${groupId}&afterSeq=0`), ...notInGroup);
  }
  assertFailure(await rest().get(`/api/conversation/group/message/sync?groupId=${group.id}&afterSeq=0`),
                401, "unauthorized", "unauthorized");
  const natural = (name) => `${name} must be an integer number not less than 0`;
  for (const [query, ...complaints] of [
    ["", "groupId should not be empty", "afterSeq should not be empty", natural("afterSeq")],
    ["?groupId=1", "afterSeq should not be empty", natural("afterSeq")],
    ["?groupId=1&afterSeq=-1", natural("afterSeq")],
    ["?groupId=1&afterSeq=x", natural("afterSeq")],
    ["?groupId=1&afterSeq=0&limit=-1", natural("limit")],
    ["?groupId=1&afterSeq=0&limit=1.5", natural("limit")],
    ["?groupId[a]=1&afterSeq=0", "groupId must be a string or a number"],
    ["?groupId=1&afterSeq[a]=0", natural("afterSeq")],
    ["?groupId=1&afterSeq=0&x=1", "property x should not exist"],
  ]) {
    assertInvalid(await missed(alice, query), ...complaints);
  }
});

// -- what was missed, by event ------------------------------------------------------------------

test("one question for many groups; one that is not one's own is named in its place", async () => {
  const [one, two] = [await groupOf(3), await groupOf(2)];
  const foreign = await rest().group(carol);
  const socket = await connect(bobby);
  const [answer] = await ask(socket, "sync", {
    groups: [{ groupId: one.group.id, afterSeq: 1 }, { groupId: foreign.id, afterSeq: 0 },
             { groupId: two.group.id, afterSeq: 2 }],
    limit: 10,
  });
  const shape = (each) => message(each, user(each.userId === alice.id ? alice : bobby));
  assertShape(answer, {
    groups: [
      { groupId: one.group.id, lastSeq: 3, hasMore: false, messages: one.sent.slice(1).map(shape) },
      { groupId: foreign.id, error: "you are not in the group!" },
      { groupId: two.group.id, lastSeq: 2, hasMore: false, messages: [] },
    ],
  });
  assert.deepEqual(socket.events("exception"), []);
});

test("an answer for many groups is bounded as a whole: those behind are asked for again", async () => {
  const groups = [];
  for (let i = 0; i < 3; ++i) groups.push((await groupOf(0)).group);
  for (const group of groups) {
    await Promise.all(Array.from({ length: 230 }, (_, i) =>
      send(alice, { groupId: group.id, content: `${i}` })));
  }
  const socket = await connect(bobby);
  const heard = new Map(groups.map(({ id }) => [id, 0]));
  let questions = 0;
  for (let more = true; more; ++questions) {
    const asked = [...heard].map(([groupId, afterSeq]) => ({ groupId, afterSeq }));
    const [answer] = await ask(socket, "sync", { groups: asked, limit: 500 });
    const count = answer.groups.reduce((sum, { messages }) => sum + messages.length, 0);
    assert.ok(count <= 500, `${count} in one answer`);
    for (const { groupId, messages } of answer.groups) {
      for (const { seq } of messages) {
        assert.equal(seq, heard.get(groupId) + 1);
        heard.set(groupId, seq);
      }
    }
    more = answer.groups.some(({ hasMore }) => hasMore);
  }
  assert.deepEqual([...heard.values()], [230, 230, 230]);
  assert.equal(questions, 2);
});

const natural = (name) => `${name} must be an integer number not less than 0`;
for (const [what, event, payload, complaint] of [
  ["no payload", "sync", undefined,
   "the payload must be an object {groups: [{groupId, afterSeq}], limit?}"],
  ["no groups", "sync", {}, "groups must be an array of at most 100 elements"],
  ["groups that are none", "sync", { groups: { groupId: 1 } },
   "groups must be an array of at most 100 elements"],
  ["too many groups", "sync", { groups: Array(101).fill({ groupId: 1, afterSeq: 0 }) },
   "groups must be an array of at most 100 elements"],
  ["a group without a number", "sync", { groups: [{ groupId: 1, afterSeq: 0 }, { groupId: 1 }] },
   "groups[1]: afterSeq should not be empty"],
  ["a group that is an operator", "sync", { groups: [{ groupId: { $gt: 0 }, afterSeq: 0 }] },
   `groups[0]: ${natural("groupId")}`],
  ["a limit below nothing", "sync", { groups: [], limit: -1 }, natural("limit")],
  ["an unknown property", "sync", { groups: [], since: 1 }, "property since should not exist"],
  ["no payload", "send-message", "hello",
   "the payload must be an object {groupId, content, clientMsgId?}"],
  ["no group", "send-message", { content: "x" }, "groupId should not be empty"],
  ["no content", "send-message", { groupId: 1 }, "content should not be empty"],
  ["an endless text", "send-message", { groupId: 1, content: "x".repeat(5001) },
   "content must be shorter than or equal to 5000 characters"],
  ["a name that is too long", "send-message", { groupId: 1, content: "x", clientMsgId: "x".repeat(65) },
   "clientMsgId must be shorter than or equal to 64 characters"],
  ["a name that is a number", "send-message", { groupId: 1, content: "x", clientMsgId: 7 },
   "clientMsgId must be shorter than or equal to 64 characters"],
  ["a group of others", "send-message", { groupId: 99999, content: "x" }, "you are not in the group!"],
]) {
  test(`${event} with ${what} is an exception, and the ack says the same`, async () => {
    const socket = await connect(carol);
    const answer = await ask(socket, event, ...(payload === undefined ? [] : [payload]));
    assert.deepEqual(answer, failure(complaint));
    assert.deepEqual(socket.events("exception"), [answer]);
  });
}

test("whoever asks for too much at once is told so, in every answer", async () => {
  const { group } = await groupOf(3);
  const socket = await connect(bobby);
  const question = { groups: [{ groupId: group.id, afterSeq: 0 }] };
  const answers = await Promise.all(Array.from({ length: 300 }, () => ask(socket, "sync", question)));
  const refused = answers.filter(([{ status }]) => status === "error");
  for (const answer of refused) {
    assert.deepEqual(answer, failure("too many events at once: wait for their answers"));
  }
  for (const [{ groups }] of answers.filter((each) => !refused.includes(each))) {
    assert.equal(groups[0].messages.length, 3);
  }
  assert.ok(refused.length < 300, "those that had room were answered");
  await settled(socket);
  assert.equal(socket.events("exception").length, refused.length);
});

// -- sending by event ---------------------------------------------------------------------------

test("a text that is sent by event is acked as it is pushed, to all devices of all", async () => {
  const { group } = await groupOf(0);
  const sockets = [await connect(alice), await connect(alice), await connect(bobby)];
  const [answer] = await ask(sockets[0], "send-message", { groupId: group.id, content: "你好" });
  assertShape(answer, message({ id: anyId, content: "你好", userId: alice.id, groupId: group.id, seq: 1 },
                              user(alice)));
  for (const socket of sockets) {
    assert.deepEqual(await socket.event(`group-message:${group.id}`), [answer]);
  }
});

test("a socket without an ack may send, too", async () => {
  const { group } = await groupOf(0);
  const socket = await connect(alice);
  socket.emit("send-message", { groupId: group.id, content: "no answer, please" });
  const [{ content }] = await socket.event(`group-message:${group.id}`);
  assert.equal(content, "no answer, please");
});

// -- sending again ------------------------------------------------------------------------------

test("sent again under its name, a text is the stored one: 200, and nobody hears it twice", async () => {
  const { group } = await groupOf(0);
  const socket = await connect(bobby);
  const json = { groupId: group.id, content: "once", clientMsgId: "a name 🙂" };
  const first = await send(alice, json);
  assertSuccess(first, { ...newText(alice.id, group.id, "once"), clientMsgId: "a name 🙂" });
  const again = await send(alice, json);
  assert.equal(again.status, 200);
  assert.deepEqual(again.body, first.body);

  const [byEvent] = await ask(await connect(alice), "send-message", json);
  assert.deepEqual([byEvent.id, byEvent.seq, byEvent.isDuplicate], [first.body.data.id, 1, true]);
  const next = await rest().text(alice.token, group.id, "next");
  assert.equal(next.seq, 2);
  await socket.until(() => pushed(socket, group).length >= 2);
  await settled(socket);
  assert.deepEqual(pushed(socket, group).map(({ content, clientMsgId }) => [content, clientMsgId]),
                   [["once", "a name 🙂"], ["next", undefined]]);
});

test("sent many times at once, by both doors, it is stored once", async () => {
  const { group } = await groupOf(0);
  const socket = await connect(alice);
  const json = { groupId: group.id, content: "impatient", clientMsgId: "x".repeat(64) };
  const answers = await Promise.all(Array.from({ length: 20 }, async (_, i) => {
    if (i % 2) return (await ask(socket, "send-message", json))[0];
    const { status, body } = await send(alice, json);
    return { ...body.data, isDuplicate: status === 200 };
  }));
  assert.equal(new Set(answers.map(({ id }) => id)).size, 1);
  assert.equal(answers.filter(({ isDuplicate }) => !isDuplicate).length, 1);
  await settled(socket);
  assert.equal(pushed(socket, group).length, 1);
});

test("a name belongs to its user, and is for one message only", async () => {
  const { group } = await groupOf(0);
  const other = await rest().group(alice);
  const json = { groupId: group.id, content: "mine", clientMsgId: "shared" };
  const mine = await send(alice, json);
  assertSuccess(mine, { ...newText(alice.id, group.id, "mine"), clientMsgId: "shared" });
  assertSuccess(await send(bobby, { ...json, content: "his" }),
                { ...newText(bobby.id, group.id, "his"), clientMsgId: "shared" });
  assertFailure(await send(alice, { ...json, content: "another" }), ...taken);
  assertFailure(await send(alice, { ...json, groupId: other.id }), ...taken);
  assertFailure(await upload(alice, "image", [["groupId", `${group.id}`], ["clientMsgId", "shared"],
                                              ["file", picture()]]), ...taken);
  const socket = await connect(alice);
  assert.deepEqual(await ask(socket, "send-message", { ...json, content: "another" }), failure(taken[1]));
  for (const clientMsgId of ["Shared", "shared ", " shared"]) {
    assert.equal((await send(alice, { ...json, clientMsgId })).status, 201, clientMsgId);
  }
});

const uploads = {
  image: () => [["file", pictureOf(100)]],
  video: () => [["file", { bytes: mp4Of(2048), type: "video/mp4", name: "v.mp4" }], ["file", picture()]],
};
for (const [kind, files] of Object.entries(uploads)) {
  test(`what is uploaded again as ${kind} is the stored one`, async () => {
    const { group } = await groupOf(0);
    const form = () => [["groupId", `${group.id}`], ["clientMsgId", `again-${kind}`], ...files()];
    const first = await upload(alice, kind, form());
    assert.equal(first.status, 201, first.text);
    assert.equal(first.body.data.clientMsgId, `again-${kind}`);
    const again = await upload(alice, kind, form());
    assert.equal(again.status, 200, again.text);
    assert.deepEqual(again.body, first.body);
    assert.equal((await rest().text(alice.token, group.id, "next")).seq, 2);
  });
}

test("names of no or too many characters are refused, by every door that takes them", async () => {
  const { group } = await groupOf(0);
  const short = "clientMsgId must be longer than or equal to 1 characters";
  const long = "clientMsgId must be shorter than or equal to 64 characters";
  for (const [clientMsgId, complaint] of [["", short], ["x".repeat(65), long], ["😀".repeat(65), long],
                                          ["x".repeat(10_000), long]]) {
    assertInvalid(await send(alice, { groupId: group.id, content: "x", clientMsgId }), complaint);
    for (const [kind, files] of Object.entries(uploads)) {
      assertInvalid(await upload(alice, kind, [["groupId", `${group.id}`],
                                               ["clientMsgId", clientMsgId], ...files()]), complaint);
    }
  }
  assert.equal((await send(alice, { groupId: group.id, content: "x", clientMsgId: null })).status, 201);
  assert.equal((await upload(alice, "image", [["groupId", `${group.id}`], ["file", picture()],
                                              ["clientMsgId", "😀".repeat(64)]])).status, 201);
});
