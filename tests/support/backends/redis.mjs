// A Redis of a test's own, on a free port of 127.0.0.1, which keeps nothing on the disk.
// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";

import { Child, startListening, untilListening } from "../process.mjs";

// redis-cli's answer to a command, without its last line end: rows are lines.
export function redisCli({ REDIS_PORT, REDIS_PASSWORD, REDIS_USERNAME, REDIS_DB = "0" }, ...words) {
  const user = REDIS_USERNAME ? ["--user", REDIS_USERNAME] : [];
  const env = REDIS_PASSWORD ? { ...process.env, REDISCLI_AUTH: REDIS_PASSWORD } : process.env;
  const place = ["-h", "127.0.0.1", "-p", `${REDIS_PORT}`, "-n", `${REDIS_DB}`, ...user];
  const options = { encoding: "utf8", env, maxBuffer: 1 << 28, timeout: 20_000 };
  return execFileSync("redis-cli", [...place, ...words], options).replace(/\n$/, "");
}

// Starts one with further words of its command line.
export async function startRedis(...words) {
  const redis = new Redis(words);
  const { child, ports } = await startListening(1, ([port]) => redis.serve(port));
  return Object.assign(redis, { child, port: ports[0], address: `127.0.0.1:${ports[0]}` });
}

export class Redis {
  constructor(words = []) {
    this.words = words;
  }

  serve(port) {
    return new Child("redis-server", ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "",
                                      "--appendonly", "no", "--dir", tmpdir(), ...this.words]);
  }

  // What Coterie has to be told.
  get settings() {
    return { REDIS_HOST: "127.0.0.1", REDIS_PORT: `${this.port}` };
  }

  cli(...words) {
    return redisCli(this.settings, ...words);
  }

  members(key) {
    return this.cli("SMEMBERS", key).split("\n").filter(Boolean).map(Number).sort((a, b) => a - b);
  }

  // The time that a key has left, in seconds.
  left(key) {
    return Number(this.cli("TTL", key));
  }

  stop() {
    return this.child.stop("SIGTERM");
  }

  kill() {
    return this.child.stop("SIGKILL");
  }

  async start() {
    this.child = this.serve(this.port);
    await untilListening(this.child, [this.port]);
  }
}
