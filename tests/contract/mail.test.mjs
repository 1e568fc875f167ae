// Mail codes by SMTP, when a mail server is configured.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { SMTPServer } from "smtp-server";

import { Coterie, password } from "../support/coterie.mjs";
import { freePort } from "../support/process.mjs";
import { assertFailure, assertSuccess } from "../support/rest.mjs";

// A mail server in this process: the letters it got, and what it refuses.
class Post {
  letters = [];
  refuses = false;

  async start() {
    this.server = new SMTPServer({
      secure: false,
      disabledCommands: ["STARTTLS"],
      authOptional: true,
      allowInsecureAuth: true,
      onAuth: ({ username, password: secret }, session, done) =>
        done(null, username === "postman" && secret === "s3cret" ? { user: username } : undefined),
      onRcptTo: (address, session, done) =>
        done(this.refuses ? new Error("550 nobody here") : undefined),
      onData: (stream, session, done) => {
        const pieces = [];
        stream.on("data", (piece) => pieces.push(piece));
        stream.on("end", () => {
          const to = session.envelope.rcptTo.map(({ address }) => address);
          this.letters.push({ to, user: session.user, text: Buffer.concat(pieces).toString() });
          done();
        });
      },
    });
    this.server.listen(0, "127.0.0.1");
    await once(this.server.server, "listening");
    this.port = this.server.server.address().port;
  }

  // The last letter: its fields and what a person reads, whichever way it is encoded.
  get last() {
    const { text } = this.letters.at(-1);
    const [head] = text.split("\r\n\r\n");
    const fields = Object.fromEntries(head.replace(/\r\n\s+/g, " ").split("\r\n").map((line) =>
      [line.slice(0, line.indexOf(":")).toLowerCase(), decoded(line.slice(line.indexOf(":") + 1))]));
    const parts = text.split(/\r\n--[^\r\n]*/).map((part) => {
      const [partHead, ...body] = part.split("\r\n\r\n");
      const isBase64 = /content-transfer-encoding:\s*base64/i.test(partHead);
      return isBase64 ? Buffer.from(body.join(""), "base64").toString() : body.join("\n");
    });
    return { fields, text: parts.join("\n") };
  }
}

// A header's value with its encoded words read (RFC 2047).
const decoded = (value) =>
  value.trim().replace(/=\?utf-8\?b\?([^?]*)\?=/gi, (_, text) =>
    Buffer.from(text, "base64").toString());

const post = new Post();
let server;
before(async () => {
  await post.start();
  server = await Coterie.start({
    env: { EMAIL_HOST: "127.0.0.1", EMAIL_PORT: `${post.port}`, EMAIL_SECURE: "false",
           EMAIL_USER: "postman", EMAIL_PASSWORD: "s3cret", EMAIL_FROM: "chat@example.com" },
  });
});
after(async () => {
  await server?.remove();
  post.server.close();
});

const sendCode = (email) => server.rest.post("/api/auth/sendCode", { json: { email } });

test("the code is in a letter to that address, and nowhere else", async () => {
  const email = "reader@example.com";
  assertSuccess(await sendCode(email));
  assert.equal(post.letters.length, 1);
  assert.deepEqual(post.letters[0].to, [email]);
  assert.equal(post.letters[0].user, "postman");
  const { fields, text } = post.last;
  assert.match(fields.subject, /Verification code/);
  assert.match(fields.from, /chat@example\.com/);
  assert.match(fields.to, /reader@example\.com/);
  assert.match(fields["message-id"], /^<\S+@\S+>$/);
  assert.ok(Math.abs(Date.parse(fields.date) - Date.now()) < 60_000);
  const [code] = /\b\d{6}\b/.exec(text);
  assert.ok(!server.log.includes(code), "the code is in the log");
  const json = { username: "reader1", email, password, code };
  assertSuccess(await server.rest.post("/api/auth/register", { json }));
});

test("when the mail server refuses, the caller hears it and may try again at once", async () => {
  const email = "refused@example.com";
  post.refuses = true;
  assertFailure(await sendCode(email), 503, "the mail could not be sent, please try again later",
                "mail_failed");
  post.refuses = false;
  assertSuccess(await sendCode(email));
});

test("when there is no mail server, the same", async () => {
  const one = await Coterie.start({
    env: { EMAIL_HOST: "127.0.0.1", EMAIL_PORT: `${await freePort()}`, EMAIL_SECURE: "false" },
  });
  const json = { email: "someone@example.com" };
  for (let i = 0; i < 2; ++i) {
    assertFailure(await one.rest.post("/api/auth/sendCode", { json }), 503,
                  "the mail could not be sent, please try again later", "mail_failed");
  }
  await one.remove();
});
