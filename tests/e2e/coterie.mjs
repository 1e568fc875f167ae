// The real server for the end-to-end tests: a free port, a data folder of its own, its log at hand.
// SPDX-License-Identifier: MIT
import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";

const binary = process.env.COTERIE_BIN ?? "build/release/coterie";
const run = promisify(execFile);

// Settings that happen to stand in the environment would make another server of it.
const environment = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(SERVER|EMAI[Ll]|MYSQL|REDIS|MINIO)_/.test(name),
  ),
);

async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => probe.once("listening", resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

export async function until(condition, what, seconds = 10) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${seconds} s`);
    await delay(50);
  }
}

export class Coterie {
  log = "";
  #process = null;

  static async start() {
    const server = new Coterie();
    server.data = await mkdtemp(join(tmpdir(), "coterie-e2e-"));
    server.port = await freePort();
    server.url = `http://127.0.0.1:${server.port}`;
    await server.serve();
    return server;
  }

  async serve() {
    const flags = ["serve", "--port", String(this.port), "--data", this.data];
    const child = spawn(binary, flags, { env: environment, stdio: ["ignore", "pipe", "pipe"] });
    this.#process = child;
    const collect = (piece) => (this.log += piece);
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.on("error", (error) => (this.log += `${error}\n`));
    const answers = async () => {
      if (child.exitCode !== null) throw new Error(`the server ended at its start:\n${this.log}`);
      return fetch(this.url).then(
        (response) => response.ok,
        () => false,
      );
    };
    await until(answers, `the server's first answer; its log:\n${this.log}`, 20);
  }

  // Ends it as an administrator would, and insists that it ends by itself and well.
  async stop() {
    const child = this.#process;
    this.#process = null;
    if (child === null || child.exitCode !== null) return;
    const ended = new Promise((resolve) =>
      child.once("exit", (code, signal) => resolve({ code, signal })),
    );
    child.kill("SIGTERM");
    const patience = setTimeout(() => child.kill("SIGKILL"), 15_000);
    const { code, signal } = await ended;
    clearTimeout(patience);
    if (code !== 0) throw new Error(`the server ended with ${signal ?? code}:\n${this.log}`);
  }

  async remove() {
    try {
      await this.stop();
    } finally {
      await rm(this.data, { recursive: true, force: true });
    }
  }

  // What a command of the binary prints, with the data folder of this server.
  async command(...words) {
    const { stdout } = await run(binary, [...words, "--data", this.data], { env: environment });
    return stdout.trim();
  }

  // Without a mail server configured the letter is in the log.
  async mailCode(email) {
    return until(() => {
      const letters = this.log.split("\n").filter((line) => line.includes(email));
      return letters
        .map((line) => /\b\d{6}\b/.exec(line.replace(email, ""))?.[0])
        .findLast(Boolean);
    }, `a code for ${email} in the log`);
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
