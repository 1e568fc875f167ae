// Chat servers that are measured: Coterie on two kinds of stores, and the NestJS peer.
// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { createHash, createHmac, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { Coterie, password, run, surroundings, temporaryFolder } from "../tests/support/coterie.mjs";
import { Child, startListening } from "../tests/support/process.mjs";

const top = fileURLToPath(new URL("..", import.meta.url));
const folder = temporaryFolder();
const secret = randomBytes(16).toString("hex");

// What is there before anything is measured, the same for every peer: a group whose members all
// listen; a reader with 50 conversations, one of which has a long history, the others a short one.
export const memberCount = 100;
export const readerGroups = 50;
export const history = 10_000;
const shortHistory = 20;
// The original stands still with 10 of them (see peers/nest/main.ts).
const poolOfNest = 200;
const word = (i) => `message ${i} ${"x".repeat(60)}`;

// Every i below count, at most `width` at once.
export async function each(count, width, use) {
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

export class CoteriePeer {
  constructor(env, plantCodes) {
    // As the original: no thumbnails are made while it is measured, nobody is told to slow down.
    this.env = { ...unlimited, SERVER_JWT_SECRET: secret, COTERIE_FFMPEG: "",
                 COTERIE_PASSWORD_COST: "standard",
                 ...env };
    this.plantCodes = plantCodes;
  }

  // What `use(server)` returns are its facts.
  async fill(use = fillCoterie) {
    const server = await Coterie.start({ env: { ...this.env, COTERIE_PASSWORD_COST: "light" } });
    this.facts = await use(server);
    server.env = this.env;
    await server.stop();
    this.server = server;
  }

  // `env` is for this time only.
  async withServer(use, env = {}) {
    this.server.env = { ...this.env, ...env };
    await this.server.startAgain();
    try {
      return await use({ pid: this.server.child.pid, port: this.server.port });
    } finally {
      await this.server.stop();
    }
  }
}

export function sqlitePeer() {
  const peer = new CoteriePeer({}, (count) => {
    const rows = `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${count - 1})
      INSERT OR REPLACE INTO ttl SELECT 'login-code:bench' || i, 'abcd',
        ${Date.now() + 3_600_000} FROM n;`;
    execFileSync("sqlite3", [join(peer.server.data, "sessions.db")], { input: rows });
  });
  return peer;
}

export function mariadbPeer(mariadb, redis, database = "coterie") {
  mariadb.sql(`CREATE DATABASE ${database}`);
  return new CoteriePeer({ ...mariadb.settings(database), ...redis.settings },
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

export class NestPeer {
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
