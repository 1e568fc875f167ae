// How cost grows: the same measurement at several sizes. A scenario's points stand where those of
// other scenarios have their peers.
// SPDX-License-Identifier: MIT
import { fileURLToPath } from "node:url";

import { startMariadb } from "../tests/support/backends/mariadb.mjs";
import { startRedis } from "../tests/support/backends/redis.mjs";
import { Child, startListening } from "../tests/support/process.mjs";
import { adoption } from "./adoption.mjs";
import { sqlitePeer } from "./chat_peers.mjs";
import { histories } from "./histories.mjs";
import { load } from "./load.mjs";
import { cpuSeconds, tokensOf } from "./requests.mjs";

const server = fileURLToPath(new URL("../build/release/examples/rooms", import.meta.url));

// Several minutes for all of them; `--runs` and `--seconds` say otherwise.
const lengths = { runs: 3, seconds: 2 };
const thousands = (count) => count.toLocaleString("en-US");
const points = (counts) => Object.fromEntries(counts.map((count) => [thousands(count), count]));
// No latencies: as much is on its way as anybody takes.
const perDelivery = ["per_second", "cpu_seconds_per_million"];
const delivering = { title: "CPU µs per delivery", columns: ["cpu_seconds_per_million"] };

// `count` servers of rooms, which are one when there is a Redis.
async function withRooms({ count = 1, shards = 1, redis = "" }, use) {
  const started = [];
  try {
    for (let i = 0; i < count; ++i) {
      started.push(await startListening(1, ([port]) =>
        new Child(server, [port, shards, redis].filter(Boolean).map(String))));
    }
    return await use({ port: started.map(({ ports }) => ports[0]).join(),
                       pid: started.map(({ child }) => child.pid).join() });
  } finally {
    for (const { child } of started) await child.stop();
  }
}

const fanOut = (rooms, connections, groupSize, seconds) =>
  withRooms(rooms, (target) => load("fanout", target, connections, groupSize, 8, seconds));

async function onNodes(count, seconds) {
  const redis = await startRedis();
  try {
    const before = cpuSeconds(redis.child.pid);
    const figures = await fanOut({ count, redis: `redis://${redis.address}` }, 1000, 100, seconds);
    const spent = cpuSeconds(redis.child.pid) - before;
    figures.redis_seconds_per_million = (spent * 1e6) / figures.deliveries;
    figures.all_seconds_per_million =
      figures.cpu_seconds_per_million + figures.redis_seconds_per_million;
    return figures;
  } finally {
    await redis.stop();
  }
}

// The chat with a few users, in whose names any number of members is online.
let chat;
async function online(count, seconds) {
  if (!chat) {
    chat = sqlitePeer();
    await chat.fill(async (started) => {
      const owner = await started.user("member0");
      return { tokens: [owner.token], groupId: (await started.rest.group(owner)).id };
    });
  }
  const { groupId, tokens } = chat.facts;
  const file = tokensOf({ tokens: Array(count).fill(tokens[0]) });
  return chat.withServer((target) => load("send", target, groupId, 8, seconds, file));
}

const scenarios = [
  {
    name: "growth-members",
    title: "Members of a group: 10,000 connections in groups of so many",
    axis: "members",
    points: points([10, 100, 1000, 10_000]),
    columns: perDelivery,
    pictures: [delivering],
    measure: (groupSize, { seconds }) => fanOut({}, 10_000, groupSize, seconds),
  },
  {
    name: "growth-online",
    title: "Members that are online: texts by 8 senders of the chat, on SQLite; what a text costs by " +
      "itself is shared by all who hear it",
    axis: "members",
    points: points([10, 100, 1000, 10_000]),
    columns: ["per_second", "cpu_us_per_send", "cpu_seconds_per_million"],
    pictures: [delivering],
    measure: (count, { seconds }) => online(count, seconds),
  },
  {
    name: "growth-connections",
    title: "Connections: so many, in groups of 100 that talk all the time",
    axis: "connections",
    points: points([1000, 2000, 5000, 10_000, 18_000]),
    columns: perDelivery,
    pictures: [delivering],
    measure: (count, { seconds }) => fanOut({}, count, 100, seconds),
  },
  {
    name: "growth-idle",
    title: "Connections that only are there",
    axis: "connections",
    points: points([1000, 2000, 5000, 10_000, 18_000]),
    columns: ["bytes_per_connection", "cpu_us_per_connect", "cpu_us_per_disconnect"],
    pictures: [{ title: "bytes per connection", columns: ["bytes_per_connection"] },
               { title: "CPU µs", columns: ["cpu_us_per_connect", "cpu_us_per_disconnect"] }],
    bound: { runs: 1 }, // Bytes do not vary, and each waits for what is left to be given back.
    measure: (count, { seconds }) => withRooms({}, (target) => load("idle", target, count, seconds)),
  },
  {
    name: "growth-shards",
    title: "Shards: 1000 connections in groups of 100",
    axis: "shards",
    points: points([1, 2]),
    columns: perDelivery,
    pictures: [delivering],
    measure: (shards, { seconds }) => fanOut({ shards }, 1000, 100, seconds),
  },
  {
    name: "growth-nodes",
    title: "Nodes that are one through Redis: 1000 connections in groups of 100, dealt out to all",
    axis: "nodes",
    points: points([1, 2, 3]),
    columns: ["per_second", "cpu_seconds_per_million", "redis_seconds_per_million",
              "all_seconds_per_million"],
    pictures: [{ title: "CPU µs per delivery", columns: ["cpu_seconds_per_million",
                "redis_seconds_per_million", "all_seconds_per_million"] }],
    measure: (count, { seconds }) => onNodes(count, seconds),
  },
];

// What there is without a database server, and then what wants one.
export const curves = [...scenarios, ...histories, adoption].map((scenario) => ({ lengths, ...scenario }));

const isLarge = (point) => point >= 10_000_000;

// `isTenMillion`: with the points that take minutes to make.
export async function prepareGrowth(say, isChosen, isTenMillion) {
  const wanted = histories.some(isChosen) ? histories : [];
  if (wanted.length > 0) say("starting MariaDB (durable: every commit is synced) and Redis");
  const stores = wanted.length > 0
    ? { mariadb: await startMariadb({ flags: ["--innodb-buffer-pool-size=1G"] }), redis: await startRedis() }
    : {};
  return {
    scenarios: curves.map((scenario) => {
      const kept = Object.entries(scenario.points)
        .filter(([, point]) => isTenMillion || scenario.name === adoption.name || !isLarge(point));
      return {
        ...scenario,
        peers: kept.map(([name]) => name),
        run: (name, options) => scenario.measure(scenario.points[name], options, stores),
      };
    }),
    end: async () => {
      await stores.mariadb?.remove();
      await stores.redis?.stop();
    },
  };
}
