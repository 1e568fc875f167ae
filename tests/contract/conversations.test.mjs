// Conversations: the list, texts, the history.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";

import { storesNoNul, useServer } from "../support/coterie.mjs";
import { assertFailure, assertInvalid, assertSuccess } from "../support/rest.mjs";
import { conversation, message, newText, plainUser, recentMessage, user } from "../support/shapes.mjs";

let alice, bobby, carol, made;
const server = useServer({
  async setUp(started) {
    alice = await started.user("alice1");
    bobby = await started.user("bobby1");
    carol = await started.user("carol1");
    made = await started.rest.group(alice, [bobby]);
  },
});

const rest = () => server().rest;
const list = (who) => rest().get("/api/conversation/list", { token: who.token });
const send = (who, json) =>
  rest().post("/api/conversation/group/message/text", { token: who.token, json });
const history = (who, query) =>
  rest().get(`/api/conversation/group/message/list${query}`, { token: who.token });
const notInGroup = [406, "you are not in the group!", "not_in_group"];

// -- texts --------------------------------------------------------------------------------------

test("a text, and a group's number echoed as it was given", async () => {
  const content = "message 0 你好 😀";
  assertSuccess(await send(bobby, { groupId: made.id, content }),
                newText(bobby.id, made.id, content));
  assertSuccess(await send(alice, { groupId: `${made.id}`, content: "x" }),
                newText(alice.id, `${made.id}`, "x"));
});

// PostgreSQL has no text with a NUL in it.
const asStored = (text) => storesNoNul ? text.replaceAll("\0", "\uFFFD") : text;

test("a text comes back as it was, whatever is in it", async () => {
  for (const content of ["   ", "<script>alert(1)</script>", "'; DROP TABLE user; --", "a\0b",
                         "\u2028\u2029", "\\u0041\"", "مرحبا", "👩‍👩‍👧‍👦", "x".repeat(5000), "😀".repeat(5000),
                         "line\r\nline\ttab"]) {
    const sent = await send(alice, { groupId: made.id, content });
    assertSuccess(sent, newText(alice.id, made.id, asStored(content)));
    const [read] = (await history(bobby, `?groupId=${made.id}&size=1`)).body.data;
    assert.equal(read.content, asStored(content));
    assert.equal(read.id, sent.body.data.id);
  }
});

for (const [what, json, ...complaints] of [
  ["nothing", {}, "groupId should not be empty", "content should not be empty",
   "content must be shorter than or equal to 5000 characters"],
  ["an empty content", { groupId: 1, content: "" }, "content should not be empty"],
  ["5001 characters", { groupId: 1, content: "x".repeat(5001) },
   "content must be shorter than or equal to 5000 characters"],
  ["5001 characters of four bytes", { groupId: 1, content: "😀".repeat(5001) },
   "content must be shorter than or equal to 5000 characters"],
  ["an unknown property", { groupId: 1, content: "x", type: 1 }, "property type should not exist"],
  ["a number as content", { groupId: 1, content: 5 },
   "content must be shorter than or equal to 5000 characters"],
  ["a group's number in an object", { groupId: { groupId: 1 }, content: "x" },
   "groupId must be a string or a number"],
  ["a group's number in a list", { groupId: [1], content: "x" },
   "groupId must be a string or a number"],
]) {
  test(`a text with ${what}`, async () => assertInvalid(await send(alice, json), ...complaints));
}

test("strangers write nowhere, and nobody to groups that are none", async () => {
  assertFailure(await send(carol, { groupId: made.id, content: "x" }), ...notInGroup);
  for (const groupId of [99999, 0, -1, 1.5, "abc", `${made.id}abc`, "1 OR 1=1", 1e300]) {
    assertFailure(await send(alice, { groupId, content: "x" }), ...notInGroup);
  }
});

// -- history ------------------------------------------------------------------------------------

test("the history: pages by cursor, newest first, each message once", async () => {
  const group = await rest().group(alice, [bobby]);
  const sent = [];
  for (let i = 0; i < 25; ++i) {
    const from = i % 2 ? bobby : alice;
    sent.unshift(await rest().text(from.token, group.id, `message ${i}`));
  }
  const shape = (each) => message(each, user(each.userId === alice.id ? alice : bobby));
  assertSuccess(await history(bobby, `?groupId=${group.id}`), sent.slice(0, 10).map(shape));
  const seen = [];
  for (let cursor = "";;) {
    const answer = await history(alice, `?groupId=${group.id}&size=7${cursor}`);
    const page = answer.body.data;
    if (page.length === 0) break;
    assertSuccess(answer, sent.slice(seen.length, seen.length + 7).map(shape));
    seen.push(...page.map(({ id }) => id));
    cursor = `&cursorId=${seen.at(-1)}`;
  }
  assert.deepEqual(seen, sent.map(({ id }) => id));
});

test("an image in the history has its file", async () => {
  const group = await rest().group(alice);
  const sent = await rest().image(alice.token, group.id);
  assertSuccess(await history(alice, `?groupId=${group.id}`), [message(sent, user(alice))]);
});

test("the size: ten unless told, a hundred at most, 0 is ten", async () => {
  const group = await rest().group(alice);
  for (let i = 0; i < 105; ++i) await rest().text(alice.token, group.id, `${i}`);
  const count = async (size) =>
    (await history(alice, `?groupId=${group.id}${size}`)).body.data.length;
  for (const [size, wanted] of [["", 10], ["&size=", 10], ["&size=0", 10], ["&size=1", 1],
                                ["&size=100", 100], ["&size=101", 100], ["&size=1000000", 100]]) {
    assert.equal(await count(size), wanted, size);
  }
  for (const size of ["abc", "-1", "2.5", "99999999999999999999", "1e3", "1 OR 1=1"]) {
    assertInvalid(await history(alice, `?groupId=${group.id}&size=${encodeURIComponent(size)}`),
                  "size must be an integer number not less than 0");
  }
});

test("cursors at and beyond the ends", async () => {
  const group = await rest().group(alice);
  const { id } = await rest().text(alice.token, group.id, "only");
  const ids = async (cursor) =>
    (await history(alice, `?groupId=${group.id}&cursorId=${cursor}`)).body.data.map((m) => m.id);
  for (const cursor of ["0", "-5", "1", "abc", "undefined", `${id}`]) {
    assert.deepEqual(await ids(cursor), [], cursor);
  }
  for (const cursor of ["", `${id + 1}`, "999999999"]) {
    assert.deepEqual(await ids(cursor), [id], cursor);
  }
});

test("the history is for members, and injections are complaints", async () => {
  assertFailure(await history(carol, `?groupId=${made.id}`), ...notInGroup);
  assertFailure(await history(alice, "?groupId=99999"), ...notInGroup);
  assertFailure(await history(alice, "?groupId=abc"), ...notInGroup);
  assertInvalid(await history(alice, ""), "groupId should not be empty");
  assertInvalid(await history(alice, "?groupId="), "groupId should not be empty");
  assertInvalid(await history(alice, `?groupId=${made.id}&x=1`), "property x should not exist");
  const structure = "groupId must be a string or a number";
  for (const query of ["?groupId[groupId]=1", "?groupId%5BgroupId%5D=1", "?groupId[]=1",
                       `?groupId=${made.id}&groupId=${made.id}`]) {
    assertInvalid(await history(carol, query), structure);
  }
  assertInvalid(await history(alice, `?groupId=${made.id}&size[a]=1`),
                "size must be a string or a number");
  assertInvalid(await history(alice, `?groupId=${made.id}&cursorId[a]=1`),
                "cursorId must be a string or a number");
});

// -- the list -----------------------------------------------------------------------------------

test("a new conversation has no message and nothing unread", async () => {
  const one = await server().user("fresh1");
  assertSuccess(await list(one), []);
  const group = await rest().group(one);
  assertSuccess(await list(one),
                [conversation({ role: 0, userId: one.id, in: group, unread: 0 })]);
});

test("the list: the newest message, the sender without picture or address, the code for owners",
  async () => {
    const one = await server().user("reader1");
    const group = await rest().group(alice, [one]);
    await rest().text(alice.token, group.id, "first");
    const sent = await rest().text(alice.token, group.id, "second");
    const recent = recentMessage(sent, plainUser(alice));
    const asMember = await list(one);
    assertSuccess(asMember,
                  [conversation({ role: 1, userId: one.id, in: group, recent, unread: 2 })]);
    assert.ok(!asMember.text.includes(group.inviteCode), "the invite code is for the owner");
    assert.ok(!asMember.text.includes("@example.com"), "a mail address");
    const asOwner = (await list(alice)).body.data.find(({ groupId }) => groupId === group.id);
    assert.equal(asOwner.group.inviteCode, group.inviteCode);
  });

test("newest activity first: a message moves its conversation up", async () => {
  const one = await server().user("mover1");
  const groups = [];
  for (const name of ["first", "second", "third"]) groups.push(await rest().group(one, [], name));
  const order = async () => (await list(one)).body.data.map(({ group }) => group.name);
  assert.deepEqual(await order(), ["third", "second", "first"]);
  await rest().text(one.token, groups[0].id, "up");
  assert.deepEqual(await order(), ["first", "third", "second"]);
  await rest().image(one.token, groups[1].id);
  assert.deepEqual(await order(), ["second", "first", "third"]);
});

test("thirty conversations are listed at once, by thirty clients", async () => {
  const one = await server().user("many1");
  for (let i = 0; i < 30; ++i) {
    const group = await rest().group(one, [], `group ${i}`);
    await rest().text(one.token, group.id, "hello");
  }
  const answers = await Promise.all(Array.from({ length: 30 }, () => list(one)));
  for (const answer of answers) assert.equal(answer.body.data.length, 30);
});

test("forty texts at once: each is stored, and the history is in the order of ids", async () => {
  const group = await rest().group(alice, [bobby]);
  const answers = await Promise.all(Array.from({ length: 40 }, (_, i) =>
    send(i % 2 ? alice : bobby, { groupId: group.id, content: `${i}` })));
  assert.deepEqual(answers.map(({ status }) => status), Array(40).fill(201));
  const { data } = (await history(alice, `?groupId=${group.id}&size=100`)).body;
  assert.deepEqual(data.map(({ content }) => Number(content)).sort((a, b) => a - b),
                   Array.from({ length: 40 }, (_, i) => i));
  assert.deepEqual(data.map(({ id }) => id), data.map(({ id }) => id).sort((a, b) => b - a));
});
