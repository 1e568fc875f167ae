// A Redis Cluster (7.0 or later) on free ports of 127.0.0.1: three primaries, each with a third of
// the slots, and a replica of the first, which follows it when it is gone for two seconds.
// SPDX-License-Identifier: MIT
import { join } from "node:path";

import { temporaryFolder } from "../coterie.mjs";
import { startListening, until } from "../process.mjs";
import { Redis, redisCli } from "./redis.mjs";

const thirds = [[0, 5460], [5461, 10922], [10923, 16383]];

async function startNode() {
  const redis = new Redis();
  const { child, ports } = await startListening(2, ([port, bus]) => {
    redis.words = ["--cluster-enabled", "yes", "--cluster-port", `${bus}`,
                   "--cluster-config-file", join(temporaryFolder(), "nodes.conf"),
                   "--cluster-node-timeout", "2000", "--cluster-replica-validity-factor", "0",
                   "--repl-diskless-sync-delay", "0"];
    return redis.serve(port);
  });
  return Object.assign(redis, { child, port: ports[0], bus: ports[1],
                                address: `127.0.0.1:${ports[0]}`,
                                id: redisCli({ REDIS_PORT: ports[0] }, "CLUSTER", "MYID") });
}

class RedisCluster {
  constructor(nodes) {
    this.nodes = nodes;
  }

  // What Coterie has to be told; the first of these is not there.
  get settings() {
    return { REDIS_CLUSTER: ["127.0.0.1:1", ...this.nodes.map(({ address }) => address)].join(", ") };
  }

  get living() {
    return this.nodes.filter(({ child }) => child.isRunning);
  }

  // The answer of whoever has the key.
  cli(...words) {
    return this.living[0].cli("-c", ...words);
  }

  members(key) {
    return this.cli("SMEMBERS", key).split("\n").filter(Boolean).map(Number).sort((a, b) => a - b);
  }

  slotOf(key) {
    return Number(this.living[0].cli("CLUSTER", "KEYSLOT", key));
  }

  // Who has a slot, as `asked` says.
  ownerOf(slot, asked = this.living[0]) {
    for (const line of asked.cli("CLUSTER", "NODES").split("\n")) {
      const [id, , , , , , , , ...ranges] = line.split(" ");
      const isIn = (range) => {
        const [first, last = first] = range.split("-").map(Number);
        return first <= slot && slot <= last;
      };
      if (ranges.some(isIn)) return this.nodes.find((node) => node.id === id);
    }
    return undefined;
  }

  // Until all that live agree on who has the first slot, and that nothing is amiss.
  whole(isFirst = () => true) {
    const isWhole = (node) => /cluster_state:ok/.test(node.cli("CLUSTER", "INFO")) &&
                              isFirst(this.ownerOf(0, node));
    return until(() => this.living.every(isWhole),
                 () => this.living[0].cli("CLUSTER", "NODES"), 60_000);
  }

  async stop() {
    for (const node of this.living) await node.kill();
  }
}

export async function startRedisCluster() {
  const nodes = await Promise.all([0, 1, 2, 3].map(startNode));
  const [first, ...others] = nodes;
  nodes.forEach((node, i) => node.cli("CLUSTER", "SET-CONFIG-EPOCH", `${i + 1}`));
  thirds.forEach((range, i) => nodes[i].cli("CLUSTER", "ADDSLOTSRANGE", ...range.map(String)));
  for (const { port, bus } of others) first.cli("CLUSTER", "MEET", "127.0.0.1", `${port}`, `${bus}`);
  const replica = nodes[3];
  const cluster = new RedisCluster(nodes);
  await until(() => replica.cli("CLUSTER", "NODES").includes(first.id), undefined, 60_000);
  replica.cli("CLUSTER", "REPLICATE", first.id);
  await until(() => replica.cli("INFO", "replication").includes("master_link_status:up"),
              undefined, 60_000);
  const knowReplica = () =>
    nodes.every((node) => /slave /.test(node.cli("CLUSTER", "NODES")));
  await until(knowReplica, undefined, 60_000);
  await cluster.whole();
  return cluster;
}
