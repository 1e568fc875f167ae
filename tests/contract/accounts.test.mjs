// Registering, logging in and logging out, as the contract has it.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";

import { password, useServer } from "../support/coterie.mjs";
import { assertFailure, assertInvalid, assertSuccess } from "../support/rest.mjs";
import { matching, ownPlainUser } from "../support/shapes.mjs";
import { openSocket, closeSocketsAfterEach } from "../support/sockets.mjs";

const server = useServer();
closeSocketsAfterEach();

const weak = "password must contain digits, lowercase letters, uppercase letters, and special " +
             "symbols[!@#$%^&*;',.]";
const jwt = matching(/^eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9\.[\w-]+\.[\w-]{43}$/);

const sendCode = (json) => server().rest.post("/api/auth/sendCode", { json });
const register = (json) => server().rest.post("/api/auth/register", { json });
const logIn = (json) => server().rest.post("/api/auth/login", { json });

let count = 0;
const unique = (word) => `${word}${process.pid % 1000}${++count}`;

async function mailCode(email) {
  assertSuccess(await sendCode({ email }));
  return server().mailCode(email);
}

// A person as they come: by mail code, captcha and password.
async function registered(name = unique("person")) {
  const email = `${name}@example.com`;
  const code = await mailCode(email);
  assertSuccess(await register({ username: name, email, password, code }));
  return { username: name, email };
}

async function captcha(uid = unique("uid")) {
  const answer = await server().rest.get(`/api/auth/catpcha?uid=${uid}`);
  assert.equal(answer.status, 200);
  return { uid, code: server().captchaText(uid) };
}

test("the whole way in: mail code, registration, captcha, log-in, log-out", async () => {
  const { username, email } = await registered("alice_1");
  const { uid, code } = await captcha();
  const answer = await logIn({ loginName: username, password, code, uid });
  const { id } = answer.body.data.user;
  const user = ownPlainUser({ id, username, email, nickname: answer.body.data.user.nickname });
  assertSuccess(answer, { user, token: jwt });
  assert.equal(answer.status, 201);
  assert.match(answer.body.data.user.nickname, /^ying#[A-Za-z0-9_-]{8}$/);
  const { token } = answer.body.data;
  const payload = JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
  assert.equal(payload.id, id);
  assert.ok(Math.abs(payload.iat - Date.now() / 1000) < 60);

  assert.equal((await server().rest.get("/api/user", { token })).status, 200);
  const left = await server().rest.get("/api/auth/logout", { token });
  assert.equal(left.status, 200);
  assertSuccess(left);
  assertFailure(await server().rest.get("/api/user", { token }), 401, "unauthorized",
                "unauthorized");
  assertFailure(await server().rest.get("/api/auth/logout", { token }), 401, "unauthorized",
                "unauthorized");
});

// -- sendCode -----------------------------------------------------------------------------------

test("a second code within a minute is refused, for that address only", async () => {
  const email = `${unique("soon")}@example.com`;
  assert.equal((await sendCode({ email })).status, 201);
  assertFailure(await sendCode({ email }), 406, "please try again in 1 minutes", "too_soon");
  assertSuccess(await sendCode({ email: `${unique("other")}@example.com` }));
});

test("a registered address gets no code, however it is written", async () => {
  const { email } = await registered();
  assertFailure(await sendCode({ email }), 406, "user email already exists", "email_taken");
  assertFailure(await sendCode({ email: email.toUpperCase() }), 406, "user email already exists",
                "email_taken");
});

test("sendCode checks the address", async () => {
  assertInvalid(await sendCode({}), "email should not be empty", "email must be an email");
  assertInvalid(await sendCode({ email: null }), "email should not be empty",
                "email must be an email");
  for (const email of ["notanemail", "a@b", "a b@example.com", "a@example.com\r\nBcc: x@y.zz",
                       `${"a".repeat(45)}@example.com`, "@example.com", 7, { a: 1 }, ["a@b.cc"]]) {
    assertInvalid(await sendCode({ email }), "email must be an email");
  }
});

// -- register -----------------------------------------------------------------------------------

const nobody = { username: "someone1", email: "x@y.zz", password, code: "000000" };
const allMissing = [
  "username should not be empty",
  "username must be shorter than or equal to 20 characters",
  "username must be longer than or equal to 6 characters",
  "email should not be empty", "email must be an email",
  "password should not be empty", weak,
  "code should not be empty", "code must be longer than or equal to 6 characters",
];

for (const [what, json, ...complaints] of [
  ["nothing", {}, ...allMissing],
  ["nulls", { username: null, email: null, password: null, code: null }, ...allMissing],
  ["bad everything", { username: "ab", email: "nope", password: "abc", code: "1" },
   "username must be longer than or equal to 6 characters", "email must be an email", weak,
   "code must be longer than or equal to 6 characters"],
  ["empty texts", { username: "", email: "", password: "", code: "" },
   "username should not be empty", "username must be longer than or equal to 6 characters",
   "email should not be empty", "email must be an email", "password should not be empty", weak,
   "code should not be empty", "code must be longer than or equal to 6 characters"],
  ["an unknown property", { ...nobody, admin: true }, "property admin should not exist"],
  ["unknown properties, in their order, before all else",
   { zzz: 1, ...nobody, username: "ab", aaa: { b: 1 } }, "property zzz should not exist",
   "property aaa should not exist", "username must be longer than or equal to 6 characters"],
  ["a name of 21", { ...nobody, username: "a".repeat(21) },
   "username must be shorter than or equal to 20 characters"],
  ["a name of 5", { ...nobody, username: "abcde" },
   "username must be longer than or equal to 6 characters"],
  ["a name of five characters in twenty bytes", { ...nobody, username: "😀".repeat(5) },
   "username must be longer than or equal to 6 characters"],
  ["a number as a name", { ...nobody, username: 12345678 },
   "username must be shorter than or equal to 20 characters",
   "username must be longer than or equal to 6 characters"],
  ["an object as a name", { ...nobody, username: { a: 1 } },
   "username must be shorter than or equal to 20 characters",
   "username must be longer than or equal to 6 characters"],
  ["a number as a code", { ...nobody, code: 123456 },
   "code must be longer than or equal to 6 and shorter than or equal to undefined characters"],
  ...["password", "PASSWORD1!", "password1!", "Password!", "Password1", "        "].map((each) =>
    [`the password “${each}”`, { ...nobody, password: each }, weak]),
]) {
  test(`register with ${what}`, async () => assertInvalid(await register(json), ...complaints));
}

test("register takes names of 6 to 20 characters, counted as people count", async () => {
  for (const username of ["sixsix", "a".repeat(20), "你好你好你好", "😀".repeat(20)]) {
    const email = `${unique("length")}@example.com`;
    const code = await mailCode(email);
    assertSuccess(await register({ username, email, password, code }));
  }
});

test("register takes no wrong code, and no code of another address", async () => {
  const email = `${unique("mine")}@example.com`;
  const code = await mailCode(email);
  const wrong = code === "000000" ? "000001" : "000000";
  const refused = [406, "email verification code is incorrect", "mail_code_wrong"];
  const username = unique("person");
  assertFailure(await register({ username, email, password, code: wrong }), ...refused);
  assertFailure(await register({ ...nobody, username, code }), ...refused);
  assertSuccess(await register({ username, email, password, code }));
  // Used up.
  assertFailure(await register({ username: unique("person"), email, password, code }), ...refused);
});

test("a mail code dies after five wrong tries", async () => {
  const email = `${unique("guess")}@example.com`;
  const code = await mailCode(email);
  const refused = [406, "email verification code is incorrect", "mail_code_wrong"];
  for (let i = 0; i < 5; ++i) {
    const wrong = String((Number(code) + i + 1) % 1_000_000).padStart(6, "0");
    assertFailure(await register({ ...nobody, email, code: wrong }), ...refused);
  }
  assertFailure(await register({ ...nobody, email, code }), ...refused);
});

test("register takes a name once, in any case, and says so before anything else is lost",
  async () => {
    const { username } = await registered();
    const email = `${unique("second")}@example.com`;
    const code = await mailCode(email);
    for (const taken of [username, username.toUpperCase()]) {
      assertFailure(await register({ username: taken, email, password, code }), 406,
                    "username already exists", "username_taken");
    }
    assertSuccess(await register({ username: unique("person"), email, password, code }));
  });

test("of six registrations of one name at once, one wins and the others hear why", async () => {
  const username = unique("racer");
  const codes = [];
  for (let i = 0; i < 6; ++i) {
    const email = `${unique("race")}@example.com`;
    codes.push({ email, code: await mailCode(email) });
  }
  const answers = await Promise.all(
    codes.map(({ email, code }) => register({ username, email, password, code })));
  assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 406, 406, 406, 406, 406]);
  for (const answer of answers.filter(({ status }) => status === 406)) {
    assertFailure(answer, 406, "username already exists", "username_taken");
  }
});

test("of six registrations with one code at once, one wins", async () => {
  const email = `${unique("onecode")}@example.com`;
  const code = await mailCode(email);
  const answers = await Promise.all(Array.from({ length: 6 }, () =>
    register({ username: unique("person"), email, password, code })));
  assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 406, 406, 406, 406, 406]);
});

// -- catpcha ------------------------------------------------------------------------------------

test("a captcha is a small SVG that nobody may cache", async () => {
  const answer = await server().rest.get("/api/auth/catpcha?uid=picture");
  assert.equal(answer.status, 200);
  assert.equal(answer.type, "text/html; charset=utf-8");
  assert.match(answer.text, /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" width="100" height="35"/);
  assert.ok(answer.text.length > 1000 && answer.text.length < 20_000, `${answer.text.length}`);
  assert.match(answer.headers["cache-control"] ?? "", /no-store/);
  const text = server().captchaText("picture");
  assert.match(text, /^[0-9A-Za-z]{4}$/);
  assert.ok(!answer.text.includes(text), "the picture must not say what it shows");
});

test("captchas differ, also for one uid; a uid is not needed", async () => {
  const first = await captcha("again");
  const second = await captcha("again");
  assert.notEqual(first.code, second.code);
  assert.equal((await server().rest.get("/api/auth/catpcha")).status, 200);
});

// -- login --------------------------------------------------------------------------------------

for (const [what, json, ...complaints] of [
  ["nothing", {}, "loginName should not be empty", "password should not be empty", weak,
   "code should not be empty", "code must be longer than or equal to 4 characters",
   "uid should not be empty"],
  ["a weak password", { loginName: "x", password: "abc", code: "abcd", uid: "u" }, weak],
  ["a short code", { loginName: "x", password, code: "abc", uid: "u" },
   "code must be longer than or equal to 4 characters"],
  ["an unknown property", { loginName: "x", password, code: "abcd", uid: "u", remember: true },
   "property remember should not exist"],
  ["an object as a name (an injection in the seed)",
   { loginName: { username: 1 }, password, code: "abcd", uid: "u" },
   "loginName must be a string or a number"],
  ["a list as a uid", { loginName: "x", password, code: "abcd", uid: ["u"] },
   "uid must be a string or a number"],
]) {
  test(`login with ${what}`, async () => assertInvalid(await logIn(json), ...complaints));
}

test("login complains about the captcha first, then the account, then the password", async () => {
  const { username } = await registered();
  assertFailure(await logIn({ loginName: username, password, code: "zzzz", uid: "never" }), 406,
                "captcha error", "captcha_wrong");
  assertFailure(await logIn({ loginName: "nobody-here", password, ...await captcha() }), 406,
                "account does not exist", "account_unknown");
  const wrong = { loginName: username, password: "Wr0ngpass!", ...await captcha() };
  assertFailure(await logIn(wrong), 406, "wrong password", "password_wrong");
});

test("login by mail address, in any case, and with the captcha in any case", async () => {
  const { username, email } = await registered();
  for (const loginName of [email, email.toUpperCase(), username.toUpperCase()]) {
    const { code, uid } = await captcha();
    const answer = await logIn({ loginName, password, code: code.toUpperCase(), uid });
    assert.equal(answer.body.data?.user.username, username, answer.text);
  }
});

test("a captcha can be used once, whether it was right or wrong", async () => {
  const { username } = await registered();
  const { code, uid } = await captcha();
  assert.equal((await logIn({ loginName: username, password, code, uid })).status, 201);
  assertFailure(await logIn({ loginName: username, password, code, uid }), 406, "captcha error",
                "captcha_wrong");
  const other = await captcha();
  await logIn({ loginName: username, password, code: "????", uid: other.uid });
  assertFailure(await logIn({ loginName: username, password, ...other }), 406, "captcha error",
                "captcha_wrong");
});

test("after ten wrong passwords an account is closed for a while, known or not", async () => {
  for (const loginName of [(await registered()).username, "nobody-at-all"]) {
    for (let i = 0; i < 10; ++i) {
      const answer = await logIn({ loginName, password: "Wr0ngpass!", ...await captcha() });
      assert.equal(answer.status, 406);
    }
    const answer = await logIn({ loginName, password, ...await captcha() });
    assertFailure(answer, 429, "too many attempts, please try again later", "too_many_attempts");
    const seconds = Number(answer.headers["retry-after"]);
    assert.ok(seconds > 0 && seconds <= 15 * 60, answer.headers["retry-after"]);
  }
});

test("every log-in is its own, also within one second", async () => {
  const { username } = await server().user(unique("twice"));
  const tokens = await Promise.all(Array.from({ length: 4 }, () => server().token(username)));
  assert.equal(new Set(tokens).size, 4);
  await server().rest.get("/api/auth/logout", { token: tokens[0] });
  assert.equal((await server().rest.get("/api/user", { token: tokens[0] })).status, 401);
  assert.equal((await server().rest.get("/api/user", { token: tokens[1] })).status, 200);
});

// -- authorization ------------------------------------------------------------------------------

const closed = [
  ["GET", "/api/auth/logout"], ["GET", "/api/user"], ["POST", "/api/user"],
  ["POST", "/api/user/avatar"], ["POST", "/api/group/cover"], ["POST", "/api/group"],
  ["POST", "/api/group/join"], ["GET", "/api/group/join/x"], ["GET", "/api/group/list"],
  ["GET", "/api/group/1"], ["GET", "/api/conversation/list"],
  ["GET", "/api/conversation/group/message/list"],
  ["POST", "/api/conversation/group/message/text"],
  ["POST", "/api/conversation/group/message/image"],
];

for (const [method, path] of closed) {
  test(`${method} ${path} needs a log-in, before it looks at anything else`, async () => {
    assertFailure(await server().rest.call(method, path), 401, "unauthorized", "unauthorized");
  });
}

test("only Bearer and a token of ours will do", async () => {
  const { token, username } = await server().user(unique("bearer"));
  const [head, payload, signature] = token.split(".");
  const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString("base64url");
  const altered = `${signature.slice(0, -2)}${signature.endsWith("AA") ? "BB" : "AA"}`;
  const other = Buffer.from(JSON.stringify({ id: 1, iat: 1 })).toString("base64url");
  const refused = [token, `bearer ${token}`, `Bearer  ${token}`, "Bearer ", "Bearer", "",
                   `Basic ${token}`, "Bearer abc", "Bearer a.b.c", `Bearer ${token}x`,
                   `Bearer ${head}.${payload}.`, `Bearer ${none}.${payload}.`,
                   `Bearer ${none}.${payload}.${signature}`, `Bearer ${head}.${payload}.${altered}`,
                   `Bearer ${head}.${other}.${signature}`, `Bearer ${"x".repeat(8000)}`];
  for (const authorization of refused) {
    const answer = await server().rest.get("/api/user", { headers: { authorization } });
    assertFailure(answer, 401, "unauthorized", "unauthorized");
  }
  const fine = await server().rest.get("/api/user", { token });
  assert.equal(fine.body.data.username, username);
});

test("the seed's way of reading the header is kept", async () => {
  const { token } = await server().user(unique("header"));
  for (const authorization of [`Basic abcBearer ${token}`, `Bearer ${token}Bearer zzz`]) {
    assert.equal((await server().rest.get("/api/user", { headers: { authorization } })).status, 200);
  }
});

test("a token signed with the right secret but never given out is none", async () => {
  const { token } = await server().user(unique("forged"));
  await server().rest.get("/api/auth/logout", { token });
  const socket = openSocket(server().url, { auth: { token } });
  await socket.event("authFail");
  assert.equal((await server().rest.get("/api/user", { token })).status, 401);
});
