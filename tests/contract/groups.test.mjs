// Groups: covers, making one, joining, leaving nobody's secrets lying about.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";

import { useServer } from "../support/coterie.mjs";
import { assertFailure, assertInvalid, assertSuccess, picture } from "../support/rest.mjs";
import { file, group, newFile, newGroup, user } from "../support/shapes.mjs";

let owner, member, stranger;
const server = useServer({
  async setUp(started) {
    owner = await started.user("owner1");
    member = await started.user("member1");
    stranger = await started.user("stranger1");
  },
});

const rest = () => server().rest;
const uploadCover = (who) =>
  rest().post("/api/group/cover", { token: who.token, form: [["file", picture()]] });
const coverOf = async (who) => (await uploadCover(who)).body.data.id;
const create = (who, json) => rest().post("/api/group", { token: who.token, json });
const get = (who, path) => rest().get(path, { token: who.token });
const joinByGet = (who, code) => get(who, `/api/group/join/${code}`);
const joinByPost = (who, code) =>
  rest().post("/api/group/join", { token: who.token, json: { code } });

const notInGroup = [406, "you are not in the group!", "not_in_group"];
const already = [406, "you have already in the group", "already_in_group"];
const badCode = [406, "invite code invalid", "invite_code_invalid"];

test("a cover and a group with it", async () => {
  const uploaded = await uploadCover(owner);
  assertSuccess(uploaded, newFile("cover", owner.id));
  const coverId = uploaded.body.data.id;
  const answer = await create(owner, { name: "Team", coverId, description: "a group" });
  assertSuccess(answer, newGroup({ name: "Team", description: "a group", coverId,
                                   createById: owner.id }));
});

test("a group without a description has none", async () => {
  for (const more of [{}, { description: null }]) {
    const coverId = await coverOf(owner);
    assertSuccess(await create(owner, { name: "Other", coverId, ...more }),
                  newGroup({ name: "Other", coverId, createById: owner.id }));
  }
});

test("anyone's cover will do, once", async () => {
  const coverId = await coverOf(member);
  assertSuccess(await create(owner, { name: "Borrowed", coverId }),
                newGroup({ name: "Borrowed", coverId, createById: owner.id }));
  assertInvalid(await create(member, { name: "Again", coverId }),
                "coverId is already the cover of a group");
});

const nameRules = ["name should not be empty",
                   "name must be shorter than or equal to 32 characters",
                   "name must be longer than or equal to 2 characters"];
const notANumber = "coverId must be a number conforming to the specified constraints";

for (const [what, json, ...complaints] of [
  ["nothing", {}, ...nameRules, "coverId should not be empty", notANumber],
  ["bad everything", { name: "x", coverId: "5", description: "y", extra: 1 },
   "property extra should not exist", "name must be longer than or equal to 2 characters",
   notANumber, "description must be longer than or equal to 2 characters"],
  ["a name of 33", { name: "x".repeat(33), coverId: 1 },
   "name must be shorter than or equal to 32 characters"],
  ["a description of 101", { name: "ok", coverId: 1, description: "x".repeat(101) },
   "description must be shorter than or equal to 100 characters"],
  ["an empty description", { name: "ok", coverId: 1, description: "" },
   "description must be longer than or equal to 2 characters"],
  ["an object as a cover", { name: "ok", coverId: { id: 1 } }, notANumber],
  ["a number as a name", { name: 123, coverId: 1 }, ...nameRules.slice(1)],
]) {
  test(`create with ${what}`, async () => assertInvalid(await create(owner, json), ...complaints));
}

test("a cover that does not exist, or is no cover", async () => {
  const unknown = [404, "cover is not exists", "cover_unknown"];
  for (const coverId of [999_999, 0, -1, 1.5, 1e300]) {
    assertFailure(await create(owner, { name: "Team", coverId }), ...unknown);
  }
  const avatar = await rest().data("POST", "/api/user/avatar",
                                   { token: owner.token, form: [["file", picture()]] });
  assertFailure(await create(owner, { name: "Team", coverId: avatar.id }), ...unknown);
});

test("joining by GET and by POST, once each", async () => {
  const made = await rest().group(owner);
  assertSuccess(await joinByGet(member, made.inviteCode));
  assertFailure(await joinByGet(member, made.inviteCode), ...already);
  assertFailure(await joinByPost(member, made.inviteCode), ...already);
  assertFailure(await joinByPost(owner, made.inviteCode), ...already);
  assertSuccess(await joinByPost(stranger, made.inviteCode));
});

test("a code in another case is the same code", async () => {
  const made = await rest().group(owner);
  const swapped = made.inviteCode.replace(/[a-z]/gi, (c) =>
    c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase());
  assertSuccess(await joinByGet(member, swapped));
});

test("codes that are none", async () => {
  for (const code of ["nope", "x".repeat(500), "%27%20OR%201=1"]) {
    assertFailure(await joinByGet(member, code), ...badCode);
  }
  assertFailure(await joinByPost(member, "nope"), ...badCode);
  assertInvalid(await joinByPost(member, { $ne: "" }), "code must be a string or a number");
  assertInvalid(await joinByPost(member, ""), "code should not be empty");
  assertInvalid(await rest().post("/api/group/join", { token: member.token, json: { groupId: 1 } }),
                "property groupId should not exist", "code should not be empty");
});

test("of eight joins at once one wins, and there is one membership", async () => {
  const made = await rest().group(owner);
  const answers = await Promise.all(Array.from({ length: 8 }, (_, i) =>
    (i % 2 ? joinByGet : joinByPost)(member, made.inviteCode)));
  assert.equal(answers.filter(({ status }) => status < 300).length, 1);
  for (const answer of answers.filter(({ status }) => status >= 300)) {
    assertFailure(answer, ...already);
  }
  const detail = (await get(owner, `/api/group/${made.id}`)).body.data;
  assert.deepEqual(detail.users.map(({ id }) => id), [owner.id, member.id]);
});

test("the lists: what one owns, what one has joined, in the order of joining", async () => {
  const one = await server().user("lister1");
  assertSuccess(await get(one, "/api/group/list"), { owner: [], member: [] });
  const theirs = await rest().group(owner, [one], "Theirs");
  const mine = await rest().group(one, [], "Mine");
  const more = await rest().group(one, [], "More");
  assertSuccess(await get(one, "/api/group/list"),
                { owner: [group(mine), group(more)], member: [group(theirs)] });
});

test("the detail: members with their pictures and without their mail addresses", async () => {
  const made = await rest().group(owner, [member]);
  const avatar = await rest().data("POST", "/api/user/avatar",
                                   { token: member.token, form: [["file", picture()]] });
  const users = [user(owner, (await rest().data("GET", "/api/user", { token: owner.token })).avatar &&
                             file("avatar", owner.id)),
                 user(member, file("avatar", member.id, avatar.id))];
  assertSuccess(await get(owner, `/api/group/${made.id}`),
                { ...group(made, { withCode: true }), users });
  const seen = await get(member, `/api/group/${made.id}`);
  assertSuccess(seen, { ...group(made), users });
  assert.ok(!seen.text.includes("@example.com"), "a mail address");
  assert.ok(!seen.text.includes(made.inviteCode), "the invite code");
});

test("the detail is for members", async () => {
  const made = await rest().group(owner);
  const answer = await get(stranger, `/api/group/${made.id}`);
  assertFailure(answer, ...notInGroup);
});

test("a group that does not exist", async () => {
  const unknown = [404, "group is not exists", "group_unknown"];
  for (const id of ["99999", "0", "-1"]) {
    assertFailure(await get(owner, `/api/group/${id}`), ...unknown);
  }
  for (const id of ["abc", "4.5", "1%20OR%201=1", "99999999999999999999"]) {
    const answer = await get(owner, `/api/group/${id}`);
    assert.ok([400, 404].includes(answer.status), answer.text);
    assert.ok(!/sql|sqlite|query/i.test(answer.text), answer.text);
  }
  assertInvalid(await get(owner, "/api/group/abc"), "id must be an integer number");
});
