// The chat end to end: what is measured of Coterie and of the NestJS peer.
// SPDX-License-Identifier: MIT
import { startMariadb } from "../tests/support/backends/mariadb.mjs";
import { startRedis } from "../tests/support/backends/redis.mjs";
import { password } from "../tests/support/coterie.mjs";
import { multipart, pictureOf } from "../tests/support/rest.mjs";
import { history, mariadbPeer, memberCount, NestPeer, readerGroups, sqlitePeer } from "./chat_peers.mjs";
import { load } from "./load.mjs";
import { cpuSeconds, fileOf, request, tokensOf } from "./requests.mjs";

const answers = ["per_second", "cpu_seconds_per_thousand", "database_us_each", "bytes_each",
                 "p50_us", "p99_us", "p999_us"];

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

// Who has left may come back for a while, and that is looked after every 30 seconds.
const sweepSeconds = 35;

const scenarios = [
  {
    name: "members",
    lengths: { runs: 3 },  // Each takes minutes, and memory hardly differs.
    title: "Idle members: logged in, in the room of their group; who has left is forgotten after a second",
    // Usually after two minutes, in case of their return: what remains then is what counts.
    env: { COTERIE_RECOVERY_SECONDS: "1" },
    columns: ["connections", "bytes_per_connection", "cpu_us_per_connect", "cpu_us_per_disconnect",
              "kib_before", "kib_after"],
    picture: "bytes_per_connection",
    measure: (server, { facts }, { idle }) =>
      load("idle", server, idle, 2, tokensOf(facts), sweepSeconds),
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
      }, scenario.env),
    })),
    end: async () => {
      await mariadb.remove();
      await redis.stop();
    },
  };
}

export const chatScenarios = scenarios.map(({ name, title }) => ({ name, title }));
