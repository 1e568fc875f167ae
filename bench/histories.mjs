// A history that grows: what a page, a list and a send cost behind so many messages of one group.
// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { join } from "node:path";

import { mariadbPeer, sqlitePeer } from "./chat_peers.mjs";
import { load } from "./load.mjs";
import { cpuSeconds, fileOf, request, tokensOf } from "./requests.mjs";

const memberCount = 10; // Online, so that a send is ten deliveries.
const groupCount = 50;
const lengths = [1000, 10_000, 100_000, 1_000_000, 10_000_000];
const part = 1_000_000; // A transaction of MariaDB's.

// One group of all members, which gets the history, and 49 more of its owner's.
async function fill(server) {
  const members = [];
  for (let i = 0; i < memberCount; ++i) members.push(await server.user(`member${i}`));
  const [owner, ...others] = members;
  const group = await server.rest.group(owner, others, "everyone");
  for (let i = 1; i < groupCount; ++i) {
    const { id } = await server.rest.group(owner, [], `group ${i}`);
    await server.rest.text(owner.token, id, "hello");
  }
  return { tokens: members.map(({ token }) => token), groupId: group.id, userId: owner.id };
}

const filling = "x".repeat(60);

// How each store's peer is made, and how messages `first` to `last` get into its group.
const kinds = {
  SQLite: {
    make: () => sqlitePeer(),
    sql: (peer, text) => execFileSync("sqlite3", ["-tabs", join(peer.server.data, "coterie.db")],
                                      { input: text, encoding: "utf8" }),
    add: ({ userId, groupId }, first, last) => `PRAGMA synchronous = OFF;
BEGIN;
WITH RECURSIVE n(i) AS (SELECT ${first} UNION ALL SELECT i + 1 FROM n WHERE i < ${last})
INSERT INTO group_message (createAt, updateAt, type, content, userId, groupId, seq)
  SELECT ${Date.now()}, ${Date.now()}, 0, 'message ' || i || ' ${filling}', ${userId}, ${groupId}, i
  FROM n;
UPDATE \`group\` SET lastSeq = ${last} WHERE id = ${groupId};
COMMIT;`,
  },
  "MariaDB + Redis": {
    make: ({ mariadb, redis }) => mariadbPeer(mariadb, redis, "history"),
    sql: (peer, text, { mariadb }) => mariadb.sql(text, "history"),
    add: ({ userId, groupId }, first, last) => `START TRANSACTION;
INSERT INTO group_message (createAt, updateAt, type, content, userId, groupId, seq)
  SELECT NOW(6), NOW(6), '0', CONCAT('message ', seq, ' ${filling}'), ${userId}, ${groupId}, seq
  FROM seq_${first}_to_${last};
UPDATE \`group\` SET lastSeq = ${last} WHERE id = ${groupId};
COMMIT;`,
  },
};

// The ids of the group's messages, after as many have come as are missing.
function grow({ sql, add }, peer, stores, length) {
  const { groupId } = peer.facts;
  const look = () => sql(peer, `SELECT COALESCE(MIN(id), 0), COALESCE(MAX(id), 0), COALESCE(MAX(seq), 0)
    FROM group_message WHERE groupId = ${groupId};`, stores).trim().split("\t").map(Number);
  for (let [,, last] = look(); last < length; last = Math.min(length, last + part)) {
    sql(peer, add(peer.facts, last + 1, Math.min(length, last + part)), stores);
  }
  const [first, last] = look();
  return { first, last };
}

function pagesOf({ first, last }, { tokens, groupId }) {
  const path = `/api/conversation/group/message/list?groupId=${groupId}&size=30&cursorId=`;
  return Array.from({ length: 1000 }, (_, i) =>
    request("GET", `${path}${Math.round(last - ((last - first) * ((i * 389) % 1000)) / 1000)}`,
            { token: tokens[0] }));
}

async function measure({ target, peer, ids, seconds, databasePid }) {
  const { tokens, groupId } = peer.facts;
  const figures = {};
  const take = async (name, ...words) => {
    const before = databasePid ? cpuSeconds(databasePid) : 0;
    const found = await load(words[0], target, ...words.slice(1));
    const spent = databasePid ? cpuSeconds(databasePid) - before : 0;
    const own = found.cpu_us_per_send ?? found.cpu_seconds_per_thousand * 1e3;
    figures[`${name}_cpu_us`] = own + (spent * 1e6) / (found.messages ?? found.answers);
    figures[`${name}_p50_us`] = found.answer_p50_us ?? found.p50_us;
    figures[`${name}_p99_us`] = found.answer_p99_us ?? found.p99_us;
    if (found.problem) figures.problem = `${name}: ${found.problem}`;
  };
  const list = request("GET", "/api/conversation/list", { token: tokens[0] });
  await take("page", "request", 1, seconds, fileOf(pagesOf(ids, peer.facts)), 200, "again");
  await take("list", "request", 1, seconds, fileOf([list]), 200, "again");
  await take("send", "send", groupId, 8, seconds, tokensOf(peer.facts));
  return figures;
}

function scenario(name, storeName) {
  const kind = kinds[storeName];
  let peer;
  const asked = ["page", "list", "send"];
  return {
    name,
    title: `History on ${storeName}: a page of 30 anywhere in it, a list of ${groupCount} conversations, ` +
      `a text to ${memberCount} who are online`,
    axis: "messages in the group",
    points: Object.fromEntries(lengths.map((length) => [length.toLocaleString("en-US"), length])),
    columns: asked.flatMap((each) => [`${each}_cpu_us`, `${each}_p50_us`, `${each}_p99_us`]),
    pictures: [{ title: `CPU µs${storeName === "SQLite" ? "" : ", MariaDB's with it"}`,
                 columns: asked.map((each) => `${each}_cpu_us`) }],
    bound: { runs: 1 }, // The next run would find the history long.
    measure: async (length, { seconds }, stores) => {
      if (!peer) {
        peer = kind.make(stores);
        await peer.fill(fill);
      }
      const ids = grow(kind, peer, stores, length);
      return peer.withServer((target) =>
        measure({ target, peer, ids, seconds,
                  databasePid: storeName === "SQLite" ? 0 : stores.mariadb.child.pid }));
    },
  };
}

export const histories = [scenario("growth-sqlite", "SQLite"), scenario("growth-mariadb", "MariaDB + Redis")];
