// Child processes that always end: by their own id, also when a test fails or the file is stopped.
// SPDX-License-Identifier: MIT
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const running = new Set();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => process.exit(1));
}

export class Child {
  log = "";
  #child;

  constructor(command, args, { env = process.env, input } = {}) {
    this.name = command.split("/").pop();
    this.#child = spawn(command, args, { env, stdio: ["pipe", "pipe", "pipe"] });
    running.add(this.#child);
    this.#child.stdin.on("error", () => {}); // It may end before it has read everything.
    this.#child.stdin.end(input);
    this.stdout = "";
    this.#child.stdout.setEncoding("utf8").on("data", (text) => {
      this.stdout += text;
      this.log += text;
    });
    this.#child.stderr.setEncoding("utf8").on("data", (text) => (this.log += text));
    this.closed = new Promise((resolve) => {
      this.#child.on("error", (error) => {
        this.log += `${error.message}\n`;
        running.delete(this.#child);
        resolve({ code: null, signal: null, error });
      });
      this.#child.on("close", (code, signal) => {
        running.delete(this.#child);
        resolve({ code, signal });
      });
    });
    this.closed.then((end) => (this.end = end));
  }

  get pid() {
    return this.#child.pid;
  }

  get isRunning() {
    return this.end === undefined && this.#child.exitCode === null && !this.#child.signalCode;
  }

  signal(name) {
    this.#child.kill(name);
  }

  // Ends it and says how it ended: {code, signal}. What does not end in time is killed, and that
  // is an error: a server must obey.
  async stop(name = "SIGTERM", milliseconds = 20_000) {
    this.signal(name);
    const late = setTimeout(() => this.signal("SIGKILL"), milliseconds);
    const end = await this.closed;
    clearTimeout(late);
    if (end.signal === "SIGKILL" && name !== "SIGKILL") {
      throw new Error(`${this.name} did not end within ${milliseconds} ms of ${name}\n${this.log}`);
    }
    return end;
  }

  // Memory in use, in bytes, or "VmSize": what was asked for (Linux).
  memory(kind = "VmRSS") {
    const status = readFileSync(`/proc/${this.pid}/status`, "utf8");
    return Number(new RegExp(`^${kind}:\\s+(\\d+) kB$`, "m").exec(status)[1]) * 1024;
  }

  threads() {
    return readdirSync(`/proc/${this.pid}/task`).length;
  }

  descriptors() {
    return readdirSync(`/proc/${this.pid}/fd`).length;
  }
}

// A port that nobody listens on just now.
export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

export async function isListening(port) {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

// Waits until `condition` holds, asking every few milliseconds; fails with what `describe` says.
export async function until(condition, describe, milliseconds = 10_000) {
  const deadline = Date.now() + milliseconds;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) {
      throw new Error(`not within ${milliseconds} ms: ${describe?.() ?? condition}`);
    }
    await sleep(5);
  }
}

// Starts what `make(ports)` returns and waits until it listens on each port. Tries again with other
// ports when it ends at once: between our look and its bind, somebody may have taken one.
export async function startListening(count, make) {
  for (let attempt = 1; ; ++attempt) {
    const ports = await Promise.all(Array.from({ length: count }, freePort));
    const child = make(ports);
    try {
      await untilListening(child, ports);
      return { child, ports };
    } catch (error) {
      child.signal("SIGKILL");
      await child.closed;
      if (attempt === 3) throw error;
    }
  }
}

export async function untilListening(child, ports) {
  const describe = () => `${child.name} listens on ${ports}; its log:\n${child.log}`;
  for (const port of ports) {
    await until(
      async () => {
        if (!child.isRunning) throw new Error(`${child.name} has ended; its log:\n${child.log}`);
        return isListening(port);
      },
      describe,
      60_000,
    );
  }
}
