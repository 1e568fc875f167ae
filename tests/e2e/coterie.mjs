// The real server for the end-to-end tests: a data folder of its own, its log and commands at hand.
// SPDX-License-Identifier: MIT
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Child, startListening, until, untilListening } from "../support/process.mjs";

const binary = process.env.COTERIE_BIN ?? "build/release/coterie";

// Settings that happen to stand in the environment would make another server of it.
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(COTERIE|SERVER|EMAI[Ll])_/.test(name)),
);

export class Coterie {
  #child;
  #logBefore = "";

  static async start() {
    const server = new Coterie();
    server.data = await mkdtemp(join(tmpdir(), "coterie-e2e-"));
    const { child, ports } = await startListening(1, ([port]) => server.#serve(port));
    server.#child = child;
    server.port = ports[0];
    server.url = `http://127.0.0.1:${server.port}`;
    return server;
  }

  #serve(port) {
    const flags = ["serve", "--port", String(port), "--data", this.data];
    return new Child(binary, flags, { env: environment });
  }

  get log() {
    return this.#logBefore + this.#child.log;
  }

  // Ends it as an administrator would, and insists that it ends well.
  async stop() {
    const end = await this.#child.stop();
    if (end.code !== 0) throw new Error(`it ended with ${end.code ?? end.signal}\n${this.log}`);
  }

  async startAgain() {
    this.#logBefore = this.log;
    this.#child = this.#serve(this.port);
    await untilListening(this.#child, [this.port]);
  }

  async remove() {
    try {
      if (this.#child.isRunning) await this.stop();
    } finally {
      await rm(this.data, { recursive: true, force: true });
    }
  }

  // What a command of the binary prints, with the data folder of this server.
  async command(...words) {
    const child = new Child(binary, [...words, "--data", this.data], { env: environment });
    const { code } = await child.closed;
    if (code !== 0) throw new Error(`coterie ${words.join(" ")} ended with ${code}\n${child.log}`);
    return child.stdout.trim();
  }

  // Without a mail server configured the letter is in the log.
  async mailCode(email) {
    const codeIn = (line) => /\b\d{6}\b/.exec(line.replace(email, ""))?.[0];
    const newest = () => {
      const lines = this.log.split("\n").filter((line) => line.includes(email));
      return lines.map(codeIn).filter(Boolean).at(-1);
    };
    return until(newest, () => `a code for ${email} in the log:\n${this.log}`);
  }

  // What a captcha shows, which no page can know: from where the server keeps it until its use.
  async captchaText(uid) {
    if (!/^[\w-]+$/.test(uid)) throw new Error(`a strange uid: ${uid}`);
    const query = `SELECT value FROM ttl WHERE key = 'login-code:${uid}'`;
    const child = new Child("sqlite3", ["-readonly", join(this.data, "sessions.db"), query]);
    await child.closed;
    if (!/^\w{4}\n$/.test(child.stdout)) throw new Error(`no captcha ${uid}: ${child.log}`);
    return child.stdout.trim();
  }

  // One call of the REST interface, for what a scenario needs but is not about.
  async call(token, method, path, body) {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const init = { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) };
    const response = await fetch(`${this.url}/api${path}`, init);
    const answer = await response.json();
    if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
    return answer.data;
  }
}
