// A mail server in this process, on a port of its own: what it gets, and how it fails.
// SPDX-License-Identifier: MIT
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { simpleParser } from "mailparser";
import { SMTPServer } from "smtp-server";

import { until } from "../process.mjs";

// `tls`: "none", "starttls" or "secure", the latter two with `certificates` (see Certificates).
export async function startSmtp({ tls = "none", certificates, user = "postman",
                                  password = "s3cret" } = {}) {
  const smtp = new Smtp(tls, certificates, { user, password });
  await smtp.start();
  return smtp;
}

class Smtp {
  letters = []; // {to, from, user, isSecure, raw}
  refuses = false; // Every receiver.
  isSlow = false; // Takes a letter and never says so.
  #held = []; // What accepts the letters that it has been slow with.
  #port = 0;

  constructor(tls, certificates, account) {
    this.tls = tls;
    this.certificates = certificates;
    this.account = account;
  }

  async start() {
    const { certificate, key } = this.certificates ?? {};
    this.server = new SMTPServer({
      secure: this.tls === "secure",
      ...(key ? { key: readFileSync(key), cert: readFileSync(certificate) } : {}),
      disabledCommands: this.tls === "starttls" ? [] : ["STARTTLS"],
      authOptional: true,
      allowInsecureAuth: true,
      onAuth: ({ username, password }, session, done) =>
        username === this.account.user && password === this.account.password
          ? done(null, { user: username }) : done(new Error("who are you?")),
      onRcptTo: (address, session, done) =>
        done(this.refuses ? new Error("550 nobody here") : undefined),
      onData: (stream, session, done) => this.#take(stream, session, done),
    });
    this.server.on("error", () => {}); // A client that breaks off, or does not like our name.
    this.server.listen(this.#port, "127.0.0.1");
    await once(this.server.server, "listening");
    this.#port = this.server.server.address().port;
  }

  #take(stream, session, done) {
    const pieces = [];
    stream.on("data", (piece) => pieces.push(piece));
    stream.on("end", () => {
      const accept = () => {
        const { rcptTo, mailFrom } = session.envelope;
        this.letters.push({ to: rcptTo.map(({ address }) => address), from: mailFrom.address,
                            user: session.user, isSecure: session.secure,
                            raw: Buffer.concat(pieces) });
        done();
      };
      this.isSlow ? this.#held.push(accept) : accept();
    });
  }

  // No longer slow: who still waits hears that the letter was taken.
  goOn() {
    this.isSlow = false;
    for (const accept of this.#held.splice(0)) accept();
  }

  get port() {
    return this.#port;
  }

  // The settings of a server that sends its mails here.
  get env() {
    return { EMAIL_HOST: "127.0.0.1", EMAIL_PORT: `${this.port}`,
             EMAIL_SECURE: `${this.tls === "secure"}`, EMAIL_USER: this.account.user,
             EMAIL_PASSWORD: this.account.password, EMAIL_FROM: "chat@example.com" };
  }

  // The last letter as a mail program reads it (mailparser's object), and its code.
  async last() {
    const letter = this.letters.at(-1);
    return { ...letter, mail: await simpleParser(letter.raw) };
  }

  async codeFor(email) {
    const mine = () => this.letters.filter(({ to }) => to.includes(email));
    const letter = await until(() => mine().at(-1), () => `a letter to ${email}`);
    const { text } = await simpleParser(letter.raw);
    return /\b\d{6}\b/.exec(text)[0];
  }

  // Away, and back again on the same port.
  async stop() {
    for (const accept of this.#held.splice(0)) accept();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
