// Mail codes by SMTP, when a mail server is configured: letters, TLS, and what may go wrong.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { after, before, test } from "node:test";

import { startSmtp } from "../support/backends/smtp.mjs";
import { Certificates } from "../support/certificates.mjs";
import { Coterie, password, withServer } from "../support/coterie.mjs";
import { freePort } from "../support/process.mjs";
import { assertFailure, assertInvalid, assertSuccess } from "../support/rest.mjs";

let post, server;
before(async () => {
  post = await startSmtp();
  server = await Coterie.start({ env: post.env });
});
after(async () => {
  await server?.remove();
  await post.stop();
});

const sendCode = (email, to = server) => to.rest.post("/api/auth/sendCode", { json: { email } });
const assertFailed = (answer) =>
  assertFailure(answer, 503, "the mail could not be sent, please try again later", "mail_failed");
const codesOf = (one) => one.sql("SELECT key FROM ttl WHERE key LIKE 'register-%'", "sessions.db");

test("the code is in a letter to that address, and nowhere else", async () => {
  const email = "reader@example.com";
  assertSuccess(await sendCode(email));
  assert.equal(post.letters.length, 1);
  const { to, from, user } = post.letters[0];
  assert.deepEqual({ to, from, user }, { to: [email], from: "chat@example.com", user: "postman" });
  const code = await post.codeFor(email);
  assert.ok(!server.log.includes(code), "the code is in the log");
  const json = { username: "reader1", email, password, code };
  assertSuccess(await server.rest.post("/api/auth/register", { json }));
});

test("a mail program reads it in Chinese and English, as text and as HTML", async () => {
  assertSuccess(await sendCode("program@example.com"));
  const { mail, raw } = await post.last();
  const code = await post.codeFor("program@example.com");
  assert.equal(mail.subject, "验证码 Verification code");
  assert.equal(mail.from.text, "chat@example.com");
  assert.equal(mail.to.text, "program@example.com");
  assert.match(mail.messageId, /^<\S+@example\.com>$/);
  assert.ok(Math.abs(mail.date.getTime() - Date.now()) < 60_000);
  assert.equal(mail.headers.get("content-type").value, "multipart/alternative");
  assert.equal(mail.headers.get("auto-submitted"), "auto-generated");
  assert.ok(mail.text.includes(`验证码：${code}`), mail.text);
  assert.ok(mail.text.includes(`Your verification code: ${code}`), mail.text);
  assert.match(mail.html, /验证码.*Your verification code/s);
  // What clients of the seed system look for.
  assert.ok(mail.html.includes(`<div style="width: 100px;height: 35px;">${code}</div>`), mail.html);
  for (const line of raw.toString("latin1").split("\r\n")) {
    assert.ok(line.length <= 78 && /^[\x20-\x7e]*$/.test(line), line);
  }
});

test("two letters have two names", async () => {
  const names = new Set();
  for (const email of ["first@example.com", "second@example.com"]) {
    assertSuccess(await sendCode(email));
    names.add((await post.last()).mail.messageId);
  }
  assert.equal(names.size, 2);
});

test("an address brings no header and no receiver of its own", async () => {
  const before = post.letters.length;
  for (const email of ["a@example.com\r\nBcc: b@example.com", "a@example.com\nX-Evil: 1",
                       "a@example.com> NOTIFY=NEVER", "a@example.com, b@example.com",
                       "Evil <a@example.com>", "a@example.com\0"]) {
    assertInvalid(await sendCode(email), "email must be an email");
  }
  assert.equal(post.letters.length, before);
});

test("when the mail server refuses, the caller hears it and may try again at once", async () => {
  const email = "refused@example.com";
  post.refuses = true;
  assertFailed(await sendCode(email));
  post.refuses = false;
  assert.match(server.log, /warning a letter could not be sent by 127\.0\.0\.1: RCPT failed: 550/);
  assert.ok(!codesOf(server).some(({ key }) => key.includes(email)), "a code is left");
  assertSuccess(await sendCode(email));
});

test("while there is no mail server, the same; when it is back, letters go out", async () => {
  const email = "patient@example.com";
  await post.stop();
  for (let i = 0; i < 2; ++i) assertFailed(await sendCode(email));
  assert.ok(!codesOf(server).some(({ key }) => key.includes(email)), "a code is left");
  await post.start();
  assertSuccess(await sendCode(email));
  assert.match(await post.codeFor(email), /^\d{6}$/);
});

test("a log-in that the mail server refuses is a failure", async () => {
  await withServer({ env: { ...post.env, EMAIL_PASSWORD: "wrong" } }, async (one) => {
    const before = post.letters.length;
    assertFailed(await sendCode("nobody@example.com", one));
    assert.equal(post.letters.length, before);
    assert.deepEqual(codesOf(one), []);
  });
});

// -- TLS ----------------------------------------------------------------------------------------

const certificates = new Certificates();
const authority = { EMAIL_CA: certificates.authority };

// A server for one test whose letters go to a mail server of the same test.
async function withPost(tls, env, use) {
  const own = await startSmtp({ tls, certificates });
  try {
    await withServer({ env: { ...own.env, ...env } }, (one) => use(one, own));
  } finally {
    await own.stop();
  }
}

test("TLS from the first byte", () =>
  withPost("secure", authority, async (one, own) => {
    assertSuccess(await sendCode("reader@example.com", one));
    assert.deepEqual([own.letters[0].isSecure, own.letters[0].user], [true, "postman"]);
  }));

test("STARTTLS is used where it is offered, asked for or not", async () => {
  for (const wanted of ["true", "false"]) {
    await withPost("starttls", { ...authority, EMAIL_STARTTLS: wanted }, async (one, own) => {
      assertSuccess(await sendCode("reader@example.com", one));
      assert.deepEqual([own.letters[0].isSecure, own.letters[0].user], [true, "postman"]);
    });
  }
});

test("where STARTTLS was asked for and is not offered, nothing is sent", () =>
  withPost("none", { EMAIL_STARTTLS: "true" }, async (one, own) => {
    assertFailed(await sendCode("reader@example.com", one));
    assert.equal(own.letters.length, 0);
    assert.deepEqual(codesOf(one), []);
  }));

test("a certificate that nobody known has signed is refused", async () => {
  for (const tls of ["secure", "starttls"]) {
    await withPost(tls, {}, async (one, own) => {
      assertFailed(await sendCode("reader@example.com", one));
      assert.equal(own.letters.length, 0);
      assert.match(one.log, /warning a letter could not be sent .*certificate/i);
    });
  }
});

// -- patience -----------------------------------------------------------------------------------

test("a mail server that says nothing is given up", async () => {
  const silent = createServer().listen(0, "127.0.0.1");
  await once(silent, "listening");
  const env = { EMAIL_HOST: "127.0.0.1", EMAIL_PORT: `${silent.address().port}`,
                EMAIL_SECURE: "false", EMAIL_FROM: "chat@example.com", EMAIL_TIMEOUT: "1" };
  const sockets = [];
  silent.on("connection", (socket) => sockets.push(socket.on("error", () => {})));
  try {
    await withServer({ env }, async (one) => {
      assertFailed(await sendCode("reader@example.com", one));
      assert.deepEqual(codesOf(one), []);
    });
  } finally {
    for (const socket of sockets) socket.destroy();
    silent.close();
  }
});

test("one that takes a letter and never says so, too; messages go on meanwhile", async () => {
  const own = await startSmtp();
  own.isSlow = true;
  try {
    await withServer({ env: { ...own.env, EMAIL_TIMEOUT: "2" } }, async (one) => {
      const user = await one.user("alice1");
      const letter = sendCode("reader@example.com", one);
      assert.equal((await one.rest.get("/api/user", { token: user.token })).status, 200);
      assertFailed(await letter);
      assert.deepEqual(codesOf(one), []);
    });
  } finally {
    await own.stop();
  }
});

test("a mail server that was never there", async () => {
  const env = { EMAIL_HOST: "127.0.0.1", EMAIL_PORT: `${await freePort()}`,
                EMAIL_SECURE: "false", EMAIL_FROM: "chat@example.com" };
  await withServer({ env }, async (one) => assertFailed(await sendCode("one@example.com", one)));
});
