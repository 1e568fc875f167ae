// Oneself: the profile, changing it, the picture.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";

import { useServer } from "../support/coterie.mjs";
import { assertFailure, assertInvalid, assertSuccess, jpeg, picture } from "../support/rest.mjs";
import { file, newFile, ownUser } from "../support/shapes.mjs";

const server = useServer();

let count = 0;
const person = () => server().user(`profile${++count}`);
const profile = (token) => server().rest.get("/api/user", { token });
const change = (token, json) => server().rest.post("/api/user", { token, json });
const upload = (token, ...form) => server().rest.post("/api/user/avatar", { token, form });

test("the profile, with its mail address and without the password", async () => {
  const one = await person();
  const answer = await profile(one.token);
  assertSuccess(answer, ownUser(one));
  assert.ok(!answer.text.includes("argon2"));
});

test("a change of nickname or name, together or alone", async () => {
  const one = await person();
  assertSuccess(await change(one.token, { nickname: "Ali" }));
  assertSuccess(await profile(one.token), ownUser({ ...one, nickname: "Ali" }));
  const username = `renamed${count}`;
  assertSuccess(await change(one.token, { username, nickname: "你好" }));
  assertSuccess(await profile(one.token), ownUser({ ...one, username, nickname: "你好" }));
  assertSuccess(await change(one.token, { username }));
  assertSuccess(await change(one.token, {}));
});

test("a change moves updateAt and leaves createAt", async () => {
  const one = await person();
  const before = (await profile(one.token)).body.data;
  assertSuccess(await change(one.token, { nickname: "Later" }));
  const after = (await profile(one.token)).body.data;
  assert.equal(after.createAt, before.createAt);
  assert.ok(after.updateAt >= before.updateAt);
});

test("a change that is none of one's business or too long", async () => {
  const { token } = await person();
  assertInvalid(await change(token, { username: "ab", nickname: "x", email: "e" }),
                "property email should not exist",
                "username must be longer than or equal to 6 characters",
                "nickname must be longer than or equal to 2 characters");
  assertInvalid(await change(token, { nickname: "x".repeat(21) }),
                "nickname must be shorter than or equal to 20 characters");
  assertInvalid(await change(token, { id: 1, password: "Passw0rd!" }),
                "property id should not exist", "property password should not exist");
  assertInvalid(await change(token, { nickname: { a: 1 } }),
                "nickname must be shorter than or equal to 20 characters",
                "nickname must be longer than or equal to 2 characters");
});

test("another's name is taken, in any case; one's own may stay", async () => {
  const one = await person();
  const other = await person();
  for (const username of [other.username, other.username.toUpperCase()]) {
    assertFailure(await change(one.token, { username }), 406, "username already exists",
                  "username_taken");
  }
  assertSuccess(await change(one.token, { username: one.username.toUpperCase() }));
});

test("names are data: nothing in them is read as SQL or markup", async () => {
  const one = await person();
  const nickname = "'; DROP--<b>";
  assertSuccess(await change(one.token, { nickname }));
  assert.equal((await profile(one.token)).body.data.nickname, nickname);
});

test("a picture is uploaded, shown in the profile, and replaced by the next", async () => {
  const one = await person();
  const uploaded = await upload(one.token, ["file", picture()]);
  assertSuccess(uploaded, newFile("avatar", one.id));
  const first = file("avatar", one.id, uploaded.body.data.id);
  assertSuccess(await profile(one.token), ownUser(one, first));
  const again = await upload(one.token, ["file", picture(jpeg, "image/jpeg", "b.jpg")]);
  assertSuccess(again, newFile("avatar", one.id));
  assert.notEqual(again.body.data.id, uploaded.body.data.id);
  assertSuccess(await profile(one.token),
                ownUser(one, file("avatar", one.id, again.body.data.id)));
});
