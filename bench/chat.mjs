// The chat end to end: Coterie on two kinds of stores beside the NestJS peer, and what is measured.
// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { createHash, createHmac, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { startMariadb } from "../tests/support/backends/mariadb.mjs";
import { startRedis } from "../tests/support/backends/redis.mjs";
import { Coterie, password, run, surroundings, temporaryFolder } from "../tests/support/coterie.mjs";
import { Child, startListening } from "../tests/support/process.mjs";
import { multipart, pictureOf } from "../tests/support/rest.mjs";
import { load } from "./load.mjs";

const top = fileURLToPath(new URL("..", import.meta.url));
const folder = temporaryFolder();
const secret = randomBytes(16).toString("hex");

// What is there before anything is measured, the same for every peer: a group whose members all
// listen; a reader with 50 conversations, one of which has a long history, the others a short one.
const memberCount = 100;
const readerGroups = 50;
const history = 10_000;
const shortHistory = 20;
// The original stands still with 10 of them (see peers/nest/main.ts).
const poolOfNest = 200;
const word = (i) => `message ${i} ${"x".repeat(60)}`;

// Every i below count, at most `width` at once.
async function each(count, width, use) {
  let next = 0;
  const work = async () => {
    while (next < count) await use(next++);
  };
  await Promise.all(Array.from({ length: width }, work));
}

// -- Coterie --------------------------------------------------------------------------------------

async function fillCoterie(server) {
  const members = [];
  await each(memberCount, 4, async (i) => (members[i] = await server.user(`member${i}`)));
  const [owner, ...others] = members;
  const group = await server.rest.group(owner, others, "everyone");
  // The reader's password is hashed as carefully as by default: it logs in.
  const env = { ...server.env, COTERIE_PASSWORD_COST: "standard" };
  const added = await run(["user", "add", "reader1", "--password", password, "--email",
                           "reader1@example.com", "--data", server.data], { env });
  if (added.code !== 0) throw new Error(added.log);
  const reader = { token: await server.token("reader1") };
  const groups = [];
  for (let i = 0; i < readerGroups; ++i) groups.push(await server.rest.group(reader, [], `group ${i}`));
  await each(history, 16, (i) => server.rest.text(reader.token, groups[0].id, word(i)));
  await each((readerGroups - 1) * shortHistory, 16, (i) =>
    server.rest.text(reader.token, groups[1 + (i % (readerGroups - 1))].id, word(i)));
  return { tokens: members.map(({ token }) => token), groupId: group.id, reader: reader.token,
           longId: groups[0].id };
}

const limits = ["USER_CONNECTIONS", "ADDRESS_CONNECTIONS", "EVENTS", "SENDS", "JOINS", "GROUPS"];
const unlimited = Object.fromEntries(limits.map((name) => [`COTERIE_LIMIT_${name}`, "0"]));

class CoteriePeer {
  constructor(env, plantCodes) {
    // As the original: no thumbnails are made while it is measured, nobody is told to slow down.
    this.env = { ...unlimited, SERVER_JWT_SECRET: secret, COTERIE_FFMPEG: "",
                 COTERIE_PASSWORD_COST: "standard",
                 ...env };
    this.plantCodes = plantCodes;
  }

  async fill() {
    const server = await Coterie.start({ env: { ...this.env, COTERIE_PASSWORD_COST: "light" } });
    this.facts = await fillCoterie(server);
    server.env = this.env;
    await server.stop();
    this.server = server;
  }

  async withServer(use) {
    await this.server.startAgain();
    try {
      return await use({ pid: this.server.child.pid, port: this.server.port });
    } finally {
      await this.server.stop();
    }
  }
}

function sqlitePeer() {
  const peer = new CoteriePeer({}, (count) => {
    const rows = `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${count - 1})
      INSERT OR REPLACE INTO ttl SELECT 'login-code:bench' || i, 'abcd',
        ${Date.now() + 3_600_000} FROM n;`;
    execFileSync("sqlite3", [join(peer.server.data, "sessions.db")], { input: rows });
  });
  return peer;
}

function mariadbPeer(mariadb, redis) {
  mariadb.sql("CREATE DATABASE coterie");
  return new CoteriePeer({ ...mariadb.settings("coterie"), ...redis.settings },
                         (count) => plantInRedis(redis, count));
}

const plantInRedis = (redis, count) => redis.cli("EVAL",
  `for i = 0, ${count - 1} do redis.call("SET", "login-code:bench" .. i, "abcd", "EX", 3600) end`, "0");

// -- NestJS ---------------------------------------------------------------------------------------

function tokenOf(id) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const body = `${part({ alg: "HS256", typ: "JWT" })}.${part({ id, iat: Math.floor(Date.now() / 1000) })}`;
  return `${body}.${createHmac("sha256", secret).update(body).digest("base64url")}`;
}

// The same facts as rows. User 101 reads groups 2 to 51, group 2 has the long history.
function rowsForNest() {
  const reader = memberCount + 1;
  const sha1 = createHash("sha1").update(password).digest("hex");
  const last = 1 + readerGroups;
  return `${readFileSync(join(top, "tests/backends/seed_schema.sql"), "utf8")}
INSERT INTO user (id, username, email, password, nickname)
  SELECT seq, IF(seq = ${reader}, 'reader1', CONCAT('member', seq)), CONCAT('u', seq, '@example.com'),
    '${sha1}', 'ying#' FROM seq_1_to_${reader};
INSERT INTO file (id, path, type, url, createById)
  SELECT seq, CONCAT('cover/', seq), 'cover', CONCAT('http://s3/', seq), 1 FROM seq_1_to_${last};
INSERT INTO \`group\` (id, name, inviteCode, coverId, createById)
  SELECT seq, CONCAT('group ', seq), CONCAT('code', seq), seq, 1 FROM seq_1_to_${last};
INSERT INTO group_conversation (userRole, userId, groupId)
  SELECT IF(seq = 1, '0', '1'), seq, 1 FROM seq_1_to_${memberCount};
INSERT INTO group_conversation (userRole, userId, groupId)
  SELECT '0', ${reader}, seq FROM seq_2_to_${last};
INSERT INTO group_message (type, content, userId, groupId)
  SELECT '0', CONCAT('message ', seq, ' ${"x".repeat(60)}'), ${reader}, 2 FROM seq_1_to_${history};
INSERT INTO group_message (type, content, userId, groupId)
  SELECT '0', CONCAT('message ', seq, ' ${"x".repeat(60)}'), ${reader}, 3 + seq % ${readerGroups - 1}
  FROM seq_1_to_${(readerGroups - 1) * shortHistory};
`;
}

class NestPeer {
  constructor(mariadb, redis) {
    this.mariadb = mariadb;
    this.redis = redis;
  }

  fill() {
    this.mariadb.sql("CREATE DATABASE nest");
    this.mariadb.sql(rowsForNest(), "nest");
    const tokens = Array.from({ length: memberCount + 1 }, (_, i) => tokenOf(i + 1));
    tokens.forEach((token, i) => this.redis.cli("SET", token, `${i + 1}`, "EX", "86400"));
    this.facts = { tokens: tokens.slice(0, -1), groupId: 1, reader: tokens.at(-1), longId: 2 };
    mkdirSync(join(folder, "uploads"), { recursive: true });
  }

  plantCodes(count) {
    plantInRedis(this.redis, count);
  }

  async withServer(use) {
    const env = { ...surroundings, ...this.mariadb.settings("nest"), ...this.redis.settings,
                  DB_CONNECTIONS: `${poolOfNest}`, SERVER_JWT_SECRET: secret, NODE_ENV: "production",
                  NODE_PATH: join(top, "bench/node_modules"), UPLOADS: join(folder, "uploads") };
    const { child, ports } = await startListening(1, ([port]) =>
      new Child("node", [join(top, "build/bench/nest/main.js"), `${port}`], { env }));
    try {
      return await use({ pid: child.pid, port: ports[0] });
    } finally {
      await child.stop();
    }
  }
}

// -- what is measured -----------------------------------------------------------------------------

function request(method, path, { token, body = Buffer.alloc(0), type = "application/json" } = {}) {
  const head = [`${method} ${path} HTTP/1.1`, "Host: 127.0.0.1"];
  if (token) head.push(`Authorization: Bearer ${token}`);
  if (body.length > 0) head.push(`Content-Type: ${type}`, `Content-Length: ${body.length}`);
  return Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), body]);
}

function fileOf(requests) {
  const path = join(folder, "requests");
  writeFileSync(path, Buffer.concat(requests.flatMap((each) => [Buffer.from(`${each.length}\n`), each])));
  return path;
}

const answers = ["per_second", "cpu_seconds_per_thousand", "database_us_each", "bytes_each",
                 "p50_us", "p99_us", "p999_us"];

function tokensOf({ tokens }) {
  const path = join(folder, "tokens");
  writeFileSync(path, tokens.map((token) => `${token}\n`).join(""));
  return path;
}

function sending(senders) {
  return {
    name: `send-${senders}`,
    title: `Sending: ${senders} senders, each text to a group of ${memberCount} that are online`,
    columns: ["per_second", "cpu_seconds_per_million", "cpu_us_per_send", "database_us_each",
              "answer_p50_us", "answer_p99_us", "p50_us", "p99_us", "p999_us"],
    picture: "per_second",
    measure: (server, { facts }, { seconds }) =>
      load("send", server, facts.groupId, senders, seconds, tokensOf(facts)),
  };
}

const scenarios = [
  {
    name: "members",
    title: "Idle members: logged in, in the room of their group",
    columns: ["connections", "bytes_per_connection", "cpu_us_per_connect", "cpu_us_per_disconnect",
              "kib_before", "kib_after"],
    picture: "bytes_per_connection",
    measure: (server, { facts }, { idle }) => load("idle", server, idle, 2, tokensOf(facts)),
  },
  sending(8),
  sending(64),
  {
    name: "history",
    title: `History: pages of 30 out of ${history} messages, 8 at once`,
    columns: answers,
    picture: "per_second",
    measure: (server, { facts: { reader: token, longId } }, { seconds }) => {
      const pages = Array.from({ length: 100 }, (_, i) => request("GET",
        `/api/conversation/group/message/list?groupId=${longId}&size=30&cursorId=${history - i * 90}`,
        { token }));
      return load("request", server, 8, seconds, fileOf(pages), 200, "again");
    },
  },
  {
    name: "list",
    title: `Conversation lists: ${readerGroups} groups, 8 at once`,
    columns: answers,
    picture: "per_second",
    measure: (server, { facts: { reader: token } }, { seconds }) =>
      load("request", server, 8, seconds,
           fileOf([request("GET", "/api/conversation/list", { token })]), 200, "again"),
  },
  {
    name: "upload",
    title: "Uploads: pictures of 100 KiB, 8 at once",
    columns: answers,
    picture: "per_second",
    measure: (server, { facts: { reader: token } }, { seconds }) => {
      const form = multipart([["file", pictureOf(100 * 1024)]]);
      return load("request", server, 8, seconds,
                  fileOf([request("POST", "/api/group/cover", { token, ...form })]), 201, "again");
    },
  },
  {
    name: "login",
    title: "Log-ins: 8 at once (argon2id with 64 MiB; the peer hashes with SHA-1)",
    columns: answers,
    picture: "per_second",
    measure: async (server, peer, { seconds }) => {
      const count = 1000 * seconds;
      peer.plantCodes(count);
      const logins = Array.from({ length: count }, (_, i) => request("POST", "/api/auth/login", {
        body: Buffer.from(JSON.stringify({ loginName: "reader1", password, code: "abcd",
                                           uid: `bench${i}` })) }));
      return load("request", server, 8, seconds, fileOf(logins), 201, "once");
    },
  },
];

// What a process has spent so far (proc(5): utime and stime, in hundredths of a second).
function cpuSeconds(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

// Databases, and peers that know their facts; made once for all runs.
export async function prepareChat(say) {
  say("starting MariaDB (durable: every commit is synced) and Redis");
  const mariadb = await startMariadb({ flags: ["--max-connections=500"] });
  const redis = await startRedis();
  const peers = {
    "Coterie, SQLite": sqlitePeer(),
    "Coterie, MariaDB + Redis": mariadbPeer(mariadb, redis),
    "NestJS, MariaDB + Redis": new NestPeer(mariadb, redis),
  };
  for (const [name, peer] of Object.entries(peers)) {
    say(`filling ${name}`);
    await peer.fill();
  }
  return {
    scenarios: scenarios.map((scenario) => ({
      ...scenario,
      peers: Object.keys(peers),
      run: (name, options) => peers[name].withServer(async (server) => {
        const before = cpuSeconds(mariadb.child.pid);
        const figures = await scenario.measure(server, peers[name], options);
        const spent = cpuSeconds(mariadb.child.pid) - before;
        figures.database_us_each = (spent * 1e6) / (figures.messages ?? figures.answers);
        return figures;
      }),
    })),
    end: async () => {
      await mariadb.remove();
      await redis.stop();
    },
  };
}

export const chatScenarios = scenarios.map(({ name, title }) => ({ name, title }));
