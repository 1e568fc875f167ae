// A database of the system before us, with 100,000 users and millions of messages, becomes ours:
// how long that takes, in how much memory, and how quick the chat is on it.
//
//   ./bench/run adoption                          10 million messages: some 3 GB on the disk
//   node bench/adoption.mjs 1000000               fewer, to see that it works; wants build/
// SPDX-License-Identifier: MIT
import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { pathToFileURL } from "node:url";

import { seedRows, seedSchema } from "../tests/backends/seed_rows.mjs";
import { startMariadb } from "../tests/support/backends/mariadb.mjs";
import { binary, run, surroundings, temporaryFolder } from "../tests/support/coterie.mjs";
import { Child, freePort, isListening, until } from "../tests/support/process.mjs";
import { load } from "./load.mjs";
import { fileOf, request } from "./requests.mjs";

// Groups of 12 to 5000 members, as many memberships twice as the race in joining may leave.
const users = 100_000;
const groups = 20_000;
const busyUser = 77_777; // Is in so many groups more.
const busyGroups = 500;
const asked = 1000; // Requests of each kind, of so many users.
const askers = 300;
const hour = 3_600_000;

const busy = `INSERT INTO group_conversation (userRole, lastMsgId, userId, groupId)
  SELECT '1', NULL, ${busyUser}, g.id FROM \`group\` g WHERE g.id % ${groups / busyGroups} = 7 AND
    NOT EXISTS (SELECT 1 FROM group_conversation c WHERE c.userId = ${busyUser} AND c.groupId = g.id);`;

const seconds = (since) => (Date.now() - since) / 1000;

// Statements as a stream: they may take longer than anybody waits for an answer of a test's.
async function make(mariadb, messages) {
  mariadb.sql("CREATE DATABASE adopted");
  const client = spawn("mariadb", ["--no-defaults", "-uroot", `-S${mariadb.socket}`, "adopted"],
                       { stdio: ["pipe", "ignore", "inherit"] });
  const closed = once(client, "close");
  await pipeline(Readable.from([seedSchema, seedRows({ users, groups, messages }), busy]), client.stdin);
  const [code] = await closed;
  if (code !== 0) throw new Error(`the database could not be made: mariadb ended with ${code}`);
  mariadb.sql("SET GLOBAL innodb_flush_log_at_trx_commit = 1"); // As it is run: durable.
}

// Starts the server, which adopts before it listens: how long until then, and how it went.
async function adopt(words, env) {
  const port = await freePort();
  const start = Date.now();
  const child = new Child(binary(), ["serve", "--port", `${port}`, ...words], { env });
  const log = () => `the server listens; its log:\n${child.log}`;
  let numberingSince;
  await until(async () => {
    if (!child.isRunning) throw new Error(`the server has ended:\n${child.log}`);
    if (child.log.includes("numbering")) numberingSince ??= Date.now();
    return isListening(port);
  }, log, hour);
  return { child, port, figures: {
    adoption_seconds: seconds(start),
    numbering_seconds: numberingSince ? seconds(numberingSince) : 0,
    peak_mib: child.memory("VmHWM") / 2 ** 20,
  } };
}

async function tokensOf(names, words, env) {
  const tokens = new Map();
  for (const name of names) {
    const { code, stdout, log } = await run(["token", `user_${name}`, ...words], { env });
    if (code !== 0) throw new Error(log);
    tokens.set(name, stdout.trim());
  }
  return tokens;
}

// Each once, one after another: the first of its kind finds nothing in any memory.
async function ask(target, figures, name, requests, status) {
  const found = await load("request", target, 1, 60, fileOf(requests), status, "once");
  for (const quantile of ["p50_us", "p95_us", "p99_us"]) {
    figures[`${name}_${quantile}`] = found[quantile];
  }
  if (found.problem) figures.problem = `${name}: ${found.problem}`;
}

async function measure(messages) {
  const mariadb = await startMariadb({ flags: ["--innodb-buffer-pool-size=1G",
                                               "--innodb-flush-log-at-trx-commit=2"] });
  try {
    const start = Date.now();
    await make(mariadb, messages);
    return { making_seconds: seconds(start), ...await measureOn(mariadb, messages) };
  } finally {
    await mariadb.remove();
  }
}

// The database "adopted" is there.
export async function measureOn(mariadb, messages) {
  const data = temporaryFolder();
  let server;
  try {
    const figures = {};
    const words = ["--data", data];
    const env = { ...surroundings, ...mariadb.settings("adopted"), COTERIE_LIMIT_SENDS: "0",
                  SERVER_JWT_SECRET: "a secret for this measurement alone" };
    const planned = Date.now();
    const plan = await new Child(binary(), ["migrate", "--dry-run", ...words], { env }).closed;
    if (plan.code !== 0) throw new Error("the dry run has failed");
    figures.dry_run_seconds = seconds(planned);

    server = await adopt(words, env);
    Object.assign(figures, server.figures);
    process.stderr.write(`${server.child.log}`);
    const target = { pid: server.child.pid, port: server.port };
    const rows = mariadb.sql(`SELECT userId, groupId FROM group_conversation
      WHERE id % 1009 = 5 LIMIT ${askers}`, "adopted").trim().split("\n").map((line) => line.split("\t"));
    const tokens = await tokensOf([...rows.map(([user]) => user), `${busyUser}`], words, env);
    const each = (use) => Array.from({ length: asked }, (_, i) => {
      const [user, group] = rows[i % rows.length];
      return use({ group, token: tokens.get(user) }, i);
    });
    const path = "/api/conversation/group/message";
    const list = (token) => request("GET", "/api/conversation/list", { token });
    await ask(target, figures, "list", each(({ token }) => list(token)), 200);
    await ask(target, figures, "history", each(({ group, token }, i) => request("GET",
      `${path}/list?groupId=${group}&size=30&cursorId=${1 + ((i * 7919) % 1000) * (messages / 1000)}`,
      { token })), 200);
    await ask(target, figures, "send", each(({ group, token }, i) => request("POST", `${path}/text`,
      { token, body: Buffer.from(JSON.stringify({ groupId: Number(group), content: `text ${i}` })) })), 201);
    await ask(target, figures, "long_list", Array(100).fill(list(tokens.get(`${busyUser}`))), 200);
    return figures;
  } finally {
    await server?.child.stop();
    rmSync(data, { recursive: true, force: true });
  }
}

const quantiles = (name) => ["p50_us", "p95_us", "p99_us"].map((each) => `${name}_${each}`);

export const adoption = {
  name: "adoption",
  title: `Adoption on MariaDB, 1 GiB of memory to its own: ${users.toLocaleString("en-US")} users, ` +
    `and so many messages in ${groups.toLocaleString("en-US")} groups`,
  axis: "messages",
  points: { "10,000,000": 10_000_000 },
  columns: ["making_seconds", "dry_run_seconds", "adoption_seconds", "numbering_seconds", "peak_mib",
            ...quantiles("list"), ...quantiles("history"), ...quantiles("send"),
            ...quantiles("long_list")],
  pictures: [],
  bound: { runs: 1 },
  measure: (messages) => measure(messages),
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  process.stdout.write(`${JSON.stringify(await measure(Number(process.argv[2] ?? 1_000_000)), null, 1)}\n`);
}
