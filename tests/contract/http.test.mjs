// What every call has in common: envelopes, routes, bodies that are none, the page behind it all.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync, gzipSync } from "node:zlib";

import { useServer } from "../support/coterie.mjs";
import { RawConnection } from "../support/http.mjs";
import { assertFailure, assertInvalid, assertSuccess } from "../support/rest.mjs";

let alice;
const server = useServer({
  async setUp(started) {
    alice = await started.user("alice1");
  },
});
const rest = () => server().rest;
const json = { "Content-Type": "application/json" };
const logIn = (raw, headers = json) => rest().post("/api/auth/login", { raw, headers });
const notFound = (method, path) => [404, `Cannot ${method} ${path}`, "not_found"];

// -- routes -------------------------------------------------------------------------------------

test("unknown calls are 404, with and without a log-in, before anything else", async () => {
  for (const [method, path] of [["GET", "/api/nothing"], ["POST", "/api/nothing?x=1"],
                                ["DELETE", "/api/user"], ["PUT", "/api/user"],
                                ["GET", "/api/auth/login"], ["POST", "/api/auth/logout"],
                                ["OPTIONS", "/api/auth/login"], ["GET", "/api"], ["GET", "/api/"],
                                ["GET", "/apifoo"], ["GET", "/api/user/x"]]) {
    for (const token of [undefined, alice.token]) {
      assertFailure(await rest().call(method, path, { token }), ...notFound(method, path));
    }
  }
});

test("unknown calls are 404 also when a body comes along", async () => {
  const picture = [["file", { bytes: "x".repeat(2000), type: "image/png", name: "a.png" }]];
  for (const [method, path] of [["POST", "/api/nothing"], ["PUT", "/api/user"],
                                ["DELETE", "/api/group/1"], ["POST", "/api/auth/logout"],
                                ["POST", "/api/group/join/x"], ["POST", "/whatever"]]) {
    for (const body of [{ json: {} }, { form: picture }]) {
      assertFailure(await rest().call(method, path, body), ...notFound(method, path));
    }
  }
});

test("routes are found in any case and with a slash behind", async () => {
  for (const path of ["/API/USER", "/api/User/", "/api/user/"]) {
    assert.equal((await rest().get(path, { token: alice.token })).status, 200, path);
  }
});

test("the path of a failure is the path as asked", async () => {
  const path = "/api/conversation/group/message/list?groupId=%31&x=%20&y";
  assertInvalid(await rest().get(path, { token: alice.token }), "property x should not exist",
                "property y should not exist");
});

test("HEAD answers as GET does, without the body", async () => {
  const get = await rest().get("/api/user", { token: alice.token });
  const head = await rest().call("HEAD", "/api/user", { token: alice.token });
  assert.equal(head.status, 200);
  assert.equal(head.bytes.length, 0);
  assert.equal(head.headers["content-length"], get.headers["content-length"]);
});

test("answers carry a tag; what has not changed is 304", async () => {
  const first = await rest().get("/api/user", { token: alice.token });
  assert.match(first.headers.etag, /^W\/"[\w+/=-]+"$/);
  const headers = { "If-None-Match": first.headers.etag };
  const again = await rest().get("/api/user", { token: alice.token, headers });
  assert.deepEqual([again.status, again.text], [304, ""]);
  await rest().post("/api/user", { token: alice.token, json: { nickname: "Changed" } });
  const changed = await rest().get("/api/user", { token: alice.token, headers });
  assert.equal(changed.status, 200);
});

test("no answer is open to other origins, sets a cookie, or tells what it runs on", async () => {
  for (const path of ["/api/user", "/", "/api/nothing", "/healthz"]) {
    const answer = await rest().get(path, { headers: { Origin: "http://evil.example" } });
    for (const name of ["access-control-allow-origin", "set-cookie", "x-powered-by"]) {
      assert.equal(answer.headers[name], undefined, `${name} of ${path}`);
    }
  }
});

// -- bodies -------------------------------------------------------------------------------------

const emptyLogIn = [
  "loginName should not be empty", "password should not be empty",
  "password must contain digits, lowercase letters, uppercase letters, and special " +
  "symbols[!@#$%^&*;',.]",
  "code should not be empty", "code must be longer than or equal to 4 characters",
  "uid should not be empty",
];

test("malformed JSON is 400, whoever sends it", async () => {
  for (const raw of ["{bad", '{"a":', '{"loginName":"a"', "hello", '{"a":1}x', '{"a":1,}',
                     "{'a':1}", "\u0000", '{"a":"\ud800"', "[".repeat(10_000), '"str"', "null",
                     "1", "true"]) {
    for (const answer of [await logIn(raw),
                          await rest().post("/api/nothing", { raw, headers: json }),
                          await rest().post("/api/group", { raw, headers: json })]) {
      assert.equal(answer.status, 400, `${raw}: ${answer.text}`);
      assert.deepEqual(Object.keys(answer.body),
                       ["status", "timestamp", "path", "message", "error", "statusCode", "code"]);
      assert.equal(answer.body.code, "bad_body");
      assert.equal(typeof answer.body.message, "string");
    }
  }
  assertFailure(await logIn('{"a":'), 400, "Unexpected end of JSON input", "bad_body");
});

test("bytes that are no UTF-8 are read as U+FFFD", async () => {
  const raw = Buffer.from(`{"nickname":"a\xffb"}`, "latin1");
  assertSuccess(await rest().post("/api/user", { token: alice.token, raw, headers: json }));
  const { nickname } = await rest().data("GET", "/api/user", { token: alice.token });
  assert.equal(nickname, "a\ufffdb");
});

test("no body, another type and an empty object are all the same", async () => {
  assertInvalid(await logIn("", json), ...emptyLogIn);
  assertInvalid(await logIn("{}", json), ...emptyLogIn);
  assertInvalid(await logIn("hello", { "Content-Type": "text/plain" }), ...emptyLogIn);
  assertInvalid(await logIn(undefined, {}), ...emptyLogIn);
  assertInvalid(await logIn("[]"), ...emptyLogIn);
  assertInvalid(await logIn("[1,2]"), "property 0 should not exist", "property 1 should not exist",
                ...emptyLogIn);
});

test("a form is read like JSON", async () => {
  const headers = { "Content-Type": "application/x-www-form-urlencoded" };
  const form = "loginName=nobody%21&password=Passw0rd%21&code=abcd&uid=u+v";
  assertFailure(await logIn(form, headers), 406, "captcha error", "captcha_wrong");
  assertInvalid(await logIn(`${form}&admin=1`, headers), "property admin should not exist");
});

test("properties with names of the language's own are passed over", async () => {
  assertInvalid(await logIn('{"__proto__":{"loginName":"x"},"constructor":1}'), ...emptyLogIn);
});

test("bodies up to 100 KiB; beyond is 413", async () => {
  const of = (size) => `{"loginName":"${"x".repeat(size - 16)}"}`;
  assert.equal((await logIn(of(100 * 1024))).status, 400);
  for (const size of [100 * 1024 + 1, 1_000_000]) {
    const answer = await logIn(of(size));
    assert.equal(answer.status, 413);
    assert.equal(answer.body.status, 413);
    assert.equal(answer.body.code, "body_too_large");
  }
});

test("a chunked body beyond 100 KiB is 413, too", async () => {
  const connection = await RawConnection.open(server().port);
  const chunk = `4000\r\n${"x".repeat(0x4000)}\r\n`;
  connection.socket.write("POST /api/auth/login HTTP/1.1\r\nHost: x\r\n" +
                          "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" +
                          chunk.repeat(20));
  assert.ok(await connection.untilResponses(1));
  assert.equal(connection.responses()[0].status, 413);
  connection.destroy();
});

test("a body may be gzip or deflate; beyond 100 KiB behind it is 413", async () => {
  const of = (size) => `{"loginName":"${"x".repeat(size - 16)}"}`;
  for (const [encoding, coded] of [["gzip", gzipSync], ["deflate", deflateSync]]) {
    const headers = { ...json, "Content-Encoding": encoding };
    assertInvalid(await logIn(coded("{}"), headers), ...emptyLogIn);
    assert.equal((await logIn(coded(of(100 * 1024)), headers)).status, 400);
    for (const size of [100 * 1024 + 1, 50_000_000]) {
      assertFailure(await logIn(coded(of(size)), headers), 413, "Payload Too Large",
                    "body_too_large");
    }
    assertFailure(await logIn("{}", headers), 400, `the body is not ${encoding}`, "bad_body");
    assertFailure(await logIn(coded("{}").subarray(0, -1), headers), 400,
                  `the body is not ${encoding}`, "bad_body");
  }
});

test("half of a surrogate pair in JSON becomes U+FFFD", async () => {
  for (const [escaped, read] of [["a\\ud800b", "a\ufffdb"], ["\\udc00\\ud800", "\ufffd\ufffd"],
                                 ["\\ud83d\\ude00", "😀"]]) {
    const raw = `{"nickname":"${escaped}!"}`;
    assertSuccess(await rest().post("/api/user", { token: alice.token, raw, headers: json }));
    const { nickname } = await rest().data("GET", "/api/user", { token: alice.token });
    assert.equal(nickname, `${read}!`);
  }
});

test("a form or a query that is no text brings none in", async () => {
  const headers = { "Content-Type": "application/x-www-form-urlencoded" };
  const raw = "nickname=a%ffb%ed%a0%80c";
  assertSuccess(await rest().post("/api/user", { token: alice.token, raw, headers }));
  const { bytes, body } = await rest().get("/api/user", { token: alice.token });
  assert.equal(bytes.toString("utf8"), new TextDecoder("utf8", { fatal: true }).decode(bytes));
  assert.equal(body.data.nickname, "a\ufffdb\ufffd\ufffd\ufffdc");
});

test("a path that is no text is told back as text", async () => {
  const connection = await RawConnection.open(server().port);
  const path = Buffer.concat([Buffer.from("/api/x"), Buffer.from([0xff, 0xe4])]);
  connection.socket.write(Buffer.concat([Buffer.from("GET "), path,
                                         Buffer.from(" HTTP/1.1\r\nHost: x\r\n\r\n")]));
  assert.ok(await connection.untilResponses(1));
  const { status, body } = connection.responses()[0];
  const text = Buffer.from(body, "latin1").toString("utf8");
  assert.deepEqual([status, JSON.parse(text).path], [404, "/api/x\ufffd\ufffd"]);
  connection.destroy();
});

test("an escape in a path that cannot be decoded is 400", async () => {
  for (const [path, segment] of [["/api/group/join/%zz", "%zz"], ["/api/group/1%", "1%"],
                                 ["/api/group/join/%E4%2", "%E4%2"], ["/api/group/%ff", "%ff"]]) {
    assertFailure(await rest().get(path, { token: alice.token }), 400,
                  `Failed to decode param '${segment}'`, "bad_path");
  }
});

test("bodies in other character sets or encodings are 415", async () => {
  for (const type of ["application/json; charset=foo", "application/json; charset=utf-16"]) {
    const answer = await logIn("{}", { "Content-Type": type });
    assert.equal(answer.status, 415);
    assert.equal(answer.body.code, "unsupported_media_type");
  }
  for (const type of ["application/json; charset=utf-8", "application/json;charset=UTF-8",
                      "Application/JSON"]) {
    assertInvalid(await logIn("{}", { "Content-Type": type }), ...emptyLogIn);
  }
  const answer = await logIn("{}", { ...json, "Content-Encoding": "foo" });
  assertFailure(answer, 415, 'unsupported content encoding "foo"', "unsupported_media_type");
});

// -- the page -----------------------------------------------------------------------------------

test("the page answers paths without a file extension; a missing file is missing", async () => {
  const page = await rest().get("/");
  assert.equal(page.status, 200);
  assert.match(page.type, /^text\/html; charset=utf-8$/i);
  assert.match(page.text, /^<!doctype html>/i);
  for (const path of ["/conversation/group/1", "/login"]) {
    const answer = await rest().get(path);
    assert.equal(answer.status, 200, path);
    assert.equal(answer.text, page.text, path);
  }
  for (const path of ["/assets/missing.js", "/.env", "/favicon.bmp", "/a/b/c.map"]) {
    assertFailure(await rest().get(path), ...notFound("GET", path));
  }
});

test("what the page asks for is there, with its type", async () => {
  const { text } = await rest().get("/");
  const links = [...text.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, link]) => link);
  assert.ok(links.length > 0);
  for (const link of links) {
    const answer = await rest().get(link);
    assert.equal(answer.status, 200, link);
    const wanted = { js: /javascript/, css: /^text\/css/, svg: /^image\/svg/ };
    assert.match(answer.type, wanted[link.split(".").pop()] ?? /./, link);
    assert.equal(answer.headers["x-content-type-options"], "nosniff");
    const again = await rest().get(link, { headers: { "If-None-Match": answer.headers.etag } });
    assert.equal(again.status, 304);
  }
});

test("health", async () => {
  for (const path of ["/healthz", "/readyz"]) {
    const answer = await rest().get(path);
    assert.deepEqual([answer.status, answer.body], [200, { status: "ok" }]);
  }
});

// -- injections ---------------------------------------------------------------------------------

test("no answer to bad input speaks of SQL, files or code", async () => {
  const bad = ["'", "\"", "1 OR 1=1", "';--", "\0", "{}", "%00", "../../x", "${7*7}", "\\",
               "a".repeat(3000)];
  const calls = bad.flatMap((each) => {
    const escaped = encodeURIComponent(each);
    return [
      ["GET", `/api/group/${escaped}`], ["GET", `/api/group/join/${escaped}`],
      ["GET", `/api/conversation/group/message/list?groupId=${escaped}`],
      ["GET", `/api/conversation/group/message/list?groupId=1&cursorId=${escaped}`],
      ["GET", `/api/auth/catpcha?uid=${escaped}`],
      ["POST", "/api/group", { name: each, coverId: each, description: each }],
      ["POST", "/api/conversation/group/message/text", { groupId: each, content: each }],
      ["POST", "/api/auth/sendCode", { email: each }],
      ["POST", "/api/auth/login", { loginName: each, password: "Passw0rd!", code: each, uid: each }],
      ["POST", "/api/user", { username: each }],
    ];
  });
  for (const [method, path, body] of calls) {
    const answer = await rest().call(method, path, { token: alice.token, json: body });
    assert.ok(answer.status < 500, `${answer.status}: ${method} ${path} ${JSON.stringify(body)}`);
    if (answer.status >= 400) {
      const message = JSON.stringify(answer.body.message);
      assert.ok(!/sqlite|syntax|constraint failed|no such|\.cpp|exception|std::/i.test(message),
                message);
    }
  }
  assertSuccess(await rest().get("/api/group/list", { token: alice.token }),
                { owner: [], member: [] });
});

test("sixty calls at once are all answered", async () => {
  const answers = await Promise.all(Array.from({ length: 60 }, () =>
    rest().get("/api/user", { token: alice.token })));
  for (const { status } of answers) assert.equal(status, 200);
});
