// The chat server itself, with a data folder of its own that goes when the test goes.
// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import { fileURLToPath } from "node:url";

import { databaseOf } from "./backends/databases.mjs";
import { redisCli } from "./backends/redis.mjs";
import { Child, startListening, until, untilListening } from "./process.mjs";
import { Rest } from "./rest.mjs";

const top = fileURLToPath(new URL("../..", import.meta.url));

export function binary() {
  const places = [process.env.COTERIE_BIN, `${top}build/release/coterie`,
                  `${top}build/dev/coterie`].filter(Boolean);
  const found = places.find((place) => existsSync(place));
  if (!found) throw new Error(`no server at ${places.join(" or ")}: set COTERIE_BIN`);
  return found;
}

// Nothing of our own surroundings may become a setting of the server, but for what the tests of a
// backend say in COTERIE_TEST_SETTINGS, as JSON: so any other file runs against that backend.
const passed = /^(PATH|HOME|TMPDIR|LANG|[A-Z]+SAN_OPTIONS|LLVM_PROFILE_FILE)$/;
export const surroundings = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => passed.test(name)));
Object.assign(surroundings, JSON.parse(process.env.COTERIE_TEST_SETTINGS ?? "{}"));
export const storesNoNul = surroundings.DB_TYPE === "postgres";

const folders = new Set();
process.on("exit", () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), "coterie-test-"));
  folders.add(folder);
  return folder;
}

// Runs one command to its end: {code, signal, stdout, log}. One that does not end is killed.
export async function run(words, { env = {} } = {}) {
  const child = new Child(binary(), words, {
    env: { ...surroundings, COTERIE_PASSWORD_COST: "light", ...env },
  });
  const late = setTimeout(() => child.signal("SIGKILL"), 30_000);
  const end = await child.closed;
  clearTimeout(late);
  return { ...end, stdout: child.stdout, log: child.log };
}

export class Coterie {
  #logBefore = "";

  // With `certificates` (see Certificates) it serves https, under a name of its own choice.
  static async start({ data = temporaryFolder(), env = {}, flags = [], certificates } = {}) {
    const server = new Coterie();
    if (surroundings.DB_HOST) env = { ...databaseOf(surroundings, data), ...env };
    Object.assign(server, { data, env, flags, certificates });
    const { child, ports } = await startListening(1, ([port]) => server.#serve(port));
    server.child = child;
    server.port = ports[0];
    server.url = `${certificates ? "https" : "http"}://127.0.0.1:${server.port}`;
    server.rest = new Rest(server.url, certificates?.ca);
    return server;
  }

  #serve(port) {
    const env = { ...surroundings, COTERIE_PASSWORD_COST: "light", ...this.env };
    const place = this.certificates?.flags ?? ["--public-url", `http://127.0.0.1:${port}`];
    const words = ["serve", "--port", `${port}`, "--data", this.data, ...place, ...this.flags];
    return new Child(binary(), words, { env });
  }

  get log() {
    return this.#logBefore + this.child.log;
  }

  // Ends it as an administrator would, and insists that it ends well.
  async stop() {
    if (!this.child.isRunning) throw new Error(`the server has died\n${this.log}`);
    const end = await this.child.stop();
    if (end.code !== 0) throw new Error(`it ended with ${JSON.stringify(end)}\n${this.log}`);
  }

  async kill() {
    await this.child.stop("SIGKILL");
  }

  async startAgain() {
    this.#logBefore = this.log;
    this.child = this.#serve(this.port);
    await untilListening(this.child, [this.port]);
  }

  async restart() {
    await this.stop();
    await this.startAgain();
  }

  async remove() {
    try {
      await this.stop();
    } finally {
      rmSync(this.data, { recursive: true, force: true });
      folders.delete(this.data);
    }
  }

  // What a command prints, given this server's data folder; fails when the command does.
  async command(...words) {
    const { code, stdout, log } = await run([...words, "--data", this.data], { env: this.env });
    if (code !== 0) throw new Error(`coterie ${words.join(" ")} ended with ${code}\n${log}`);
    return stdout.trim();
  }

  // A user who is logged in, made past registration: {id, username, email, token}.
  async user(username, email = `${username}@example.com`) {
    const added = await this.command("user", "add", username, "--password", password,
                                     "--email", email);
    return { id: Number(added), username, email, token: await this.token(username) };
  }

  token(username) {
    return this.command("token", username);
  }

  // Without a mail server configured the code is in the log.
  mailCode(email) {
    const codes = () => this.log.split("\n").flatMap((line) => {
      const match = /mail code for (\S+): (\d{6})\b/.exec(line);
      return match?.[1] === email ? [match[2]] : [];
    });
    return until(() => codes().at(-1), () => `a mail code for ${email}:\n${this.log}`);
  }

  // What a picture shows, for those who cannot read it.
  captchaText(uid) {
    const env = { ...surroundings, ...this.env };
    if (env.REDIS_HOST) return redisCli(env, "GET", `login-code:${uid}`);
    const rows = this.sql(`SELECT value FROM ttl WHERE key = 'login-code:${uid}'`, "sessions.db");
    return rows[0]?.value;
  }

  // Rows of one of its databases, read while it runs.
  sql(query, database = "coterie.db") {
    const words = ["-readonly", "-json", join(this.data, database)];
    const input = `.timeout 10000\n${query};\n`;
    const text = execFileSync("sqlite3", words, { input, encoding: "utf8", maxBuffer: 1 << 28 });
    return text.trim() ? JSON.parse(text) : [];
  }
}

export const password = "Passw0rd!";

// A server for one test, removed also when the test fails.
export async function withServer(options, use) {
  const server = await Coterie.start(options);
  try {
    return await use(server);
  } finally {
    if (server.child.isRunning) await server.remove();
  }
}

// One server for a whole file; use `server()` inside tests. `setUp(server)` runs before them.
export function useServer({ setUp, ...options } = {}) {
  let server;
  before(async () => {
    server = await Coterie.start(options);
    await setUp?.(server);
  });
  after(() => server?.remove());
  return () => server;
}
