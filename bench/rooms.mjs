// The library beside its peers: servers of rooms, and what is measured about them.
// SPDX-License-Identifier: MIT
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";

import { Child, startListening } from "../tests/support/process.mjs";
import { built, load } from "./load.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const ours = fileURLToPath(new URL("../build/release/examples/rooms", import.meta.url));
const cores = (availableParallelism ?? (() => 2))();

// Node and the floor have one thread; the first of Coterie's rows is to be compared with them.
const servers = {
  "Coterie, 1 shard": (port) => [ours, port, 1],
  [`Coterie, ${cores} shards`]: (port) => [ours, port, cores],
  "bare epoll": (port) => [`${built}floor`, port],
  "socket.io, rooms": (port) => ["node", `${here}peers/node.mjs`, port, "rooms"],
  "socket.io, each member": (port) => ["node", `${here}peers/node.mjs`, port, "members"],
};

const speed = ["per_second", "cpu_seconds_per_million", "p50_us", "p99_us", "p999_us"];

function fanOut(connections, groupSize) {
  const groups = connections / groupSize;
  return {
    name: `fanout-${connections}x${groupSize}`,
    title: `Fan-out: ${connections} connections in ${groups === 1 ? "one group" : `groups of ${groupSize}`}`,
    columns: speed,
    picture: "cpu_seconds_per_million",
    measure: (server, { seconds }) => load("fanout", server, connections, groupSize, 8, seconds),
  };
}

// At 20 % of what socket.io with rooms can do, as measured in this run; 200 messages where it was
// not. All peers then carry the same.
let messagesPerSecond = 200;
export function noteMaximum(scenario, peer, figures) {
  if (scenario !== "fanout-1000x100" || peer !== "socket.io, rooms") return;
  messagesPerSecond = Math.max(1, Math.round((figures.per_second / 100) * 0.2));
}

const scenarios = [
  fanOut(1000, 100),
  fanOut(5000, 50),
  fanOut(2000, 2000),
  {
    name: "pace",
    title: "Latency: 1000 connections in groups of 100, at a fifth of what socket.io can carry",
    columns: ["messages_per_second", ...speed.slice(1)],
    picture: "p99_us",
    measure: async (server, { seconds }) => ({
      messages_per_second: messagesPerSecond,
      ...await load("pace", server, 1000, 100, messagesPerSecond, seconds),
    }),
  },
  {
    name: "echo",
    title: "Echo: 100 connections ask and wait for the answer",
    columns: speed,
    picture: "cpu_seconds_per_million",
    measure: (server, { seconds }) => load("echo", server, 100, seconds),
  },
  {
    name: "idle",
    title: "Idle: connections that only are there",
    columns: ["connections", "bytes_per_connection", "cpu_us_per_connect", "cpu_us_per_disconnect",
              "kib_before", "kib_after"],
    picture: "bytes_per_connection",
    measure: (server, { idle }) => load("idle", server, idle, 2),
  },
];

async function withServer(words, use) {
  const { child, ports } = await startListening(1, ([port]) => {
    const [command, ...rest] = words(port).map(String);
    return new Child(command, rest);
  });
  try {
    return await use({ pid: child.pid, port: ports[0] });
  } finally {
    await child.stop();
  }
}

export const rooms = {
  scenarios: scenarios.map((scenario) => ({
    ...scenario,
    peers: Object.keys(servers),
    run: (peer, options) =>
      withServer(servers[peer], (server) => scenario.measure(server, options)),
  })),
  end: () => {},
};
