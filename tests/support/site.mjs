// Several chat servers behind haproxy, on one MariaDB and one Redis, and what can happen to them.
// SPDX-License-Identifier: MIT
import { setTimeout as sleep } from "node:timers/promises";

import { startMariadb } from "./backends/mariadb.mjs";
import { haproxy } from "./backends/proxies.mjs";
import { startRedis } from "./backends/redis.mjs";
import { Coterie, temporaryFolder } from "./coterie.mjs";
import { rowsOf } from "./load.mjs";
import { breaches, Member } from "./member.mjs";
import { until } from "./process.mjs";

const database = "chaos";

export class Site {
  nodes = [];
  members = [];
  #restarts = []; // When nodes were restarted one by one: {from, to}.

  // `env` are further settings of all nodes.
  static async start(count, { env = {} } = {}) {
    const site = new Site();
    try {
      await site.#start(count, env);
    } catch (error) {
      await site.stop();
      throw error;
    }
    return site;
  }

  async #start(count, more) {
    // Log-ins rest in Redis: it has to keep them while it is away.
    this.redis = await startRedis("--appendonly", "yes", "--dir", temporaryFolder());
    this.mariadb = await startMariadb();
    this.mariadb.sql(`CREATE DATABASE ${database}`);
    const env = { ...this.mariadb.settings(database), ...this.redis.settings,
                  SERVER_JWT_SECRET: "the same on every node, and long enough", ...more };
    for (let i = 0; i < count; ++i) this.nodes.push(await Coterie.start({ env }));
    this.balancer = await haproxy.start(this.nodes.map(({ port }) => port), haproxy.ways.cookie);
    this.url = this.balancer.url;
  }

  // `count` people in groups of `size`, each in two of them, connected through the balancer; a
  // third of them may poll, the others use WebSocket alone.
  async settle(count, size, random) {
    const [node] = this.nodes;
    const users = [];
    for (let i = 0; i < count; ++i) users.push(await node.user(`member${1000 + i}`));
    const groups = [];
    for (let i = 0; i < count; i += size / 2) {
      const inside = Array.from({ length: Math.min(size, count) }, (_, at) => users[(i + at) % count]);
      const { id } = await node.rest.group(inside[0], inside.slice(1), `Group ${i}`);
      groups.push({ id, inside: new Set(inside) });
    }
    for (const [i, user] of users.entries()) {
      const transports = i % 3 ? ["websocket"] : ["polling", "websocket"];
      const own = groups.filter(({ inside }) => inside.has(user)).map(({ id }) => id);
      this.members.push(new Member({ ...user, url: this.url, groups: own, transports, random }));
    }
    await until(() => this.members.every(({ socket }) => socket.connected),
                () => `everyone to connect:\n${this.log}`, 60_000);
  }

  get log() {
    return this.nodes.map((node, i) => node.log.replace(/^/gm, `node ${i}: `)).join("\n");
  }

  async killNode(i, absence) {
    await this.nodes[i].kill();
    await sleep(absence);
    await this.nodes[i].startAgain();
  }

  // One after the other, as an upgrade does.
  async rollingRestart(pause) {
    const from = Date.now();
    for (const node of this.nodes) {
      await node.restart();
      await sleep(pause);
    }
    this.#restarts.push({ from, to: Date.now() });
  }

  async cutRedis(absence) {
    await this.redis.stop();
    await sleep(absence);
    await this.redis.start();
  }

  async cutMariadb(absence) {
    await this.mariadb.kill();
    await sleep(absence);
    await this.mariadb.start();
  }

  // Everyone brings their sends to an end and catches up; then what they were told is compared with
  // what is stored. `tallies` are for people.
  async reckon() {
    await Promise.all(this.members.map((member) => member.finish()));
    const stored = this.rows();
    const last = new Map();
    for (const { groupId, seq } of stored) last.set(groupId, Math.max(last.get(groupId) ?? 0, seq));
    const isWhole = (member) =>
      member.groups.every((group) => member.known(group).length === (last.get(group) ?? 0));
    const areWhole = () => this.members.every(isWhole);
    await until(areWhole, undefined, 30_000).catch(() => {});
    const alone = this.members.filter(isWhole).length;
    // An app asks when it is opened, too.
    for (const member of this.members) member.catchUp();
    await until(areWhole, undefined, 60_000).catch(() => {});
    const tallies = [...this.#tallies(stored), `${alone} were whole by themselves`];
    return { breaches: breaches(this.members, stored), tallies, alone };
  }

  rows() {
    return rowsOf(this.mariadb, database);
  }

  #tallies(stored) {
    const sum = (of) => this.members.reduce((total, member) => total + of(member), 0);
    const absences = this.members.flatMap((member) => member.absences);
    const ofRestarts = absences.filter(({ at }) =>
      this.#restarts.some(({ from, to }) => from <= at && at <= to));
    const counts = Object.keys(this.members[0].counts)
      .map((name) => `${name} ${sum(({ counts: own }) => own[name])}`);
    return [
      `${this.members.length} members, ${this.nodes.length} nodes`,
      `sent ${sum(({ sent }) => sent.size)}, acknowledged ${sum((m) => m.acknowledged.size)}, ` +
        `stored ${stored.length}`,
      counts.join(", "),
      `${absences.length} absences, ${gapsOf(absences)}`,
      `${ofRestarts.length} of them by ${this.#restarts.length} rolling restarts, ${gapsOf(ofRestarts)}`,
    ];
  }

  async stop() {
    for (const member of this.members) member.close();
    await this.balancer?.stop();
    for (const node of this.nodes) if (node.child.isRunning) await node.remove();
    await this.mariadb?.remove();
    if (this.redis?.child.isRunning) await this.redis.stop();
  }
}

// How long they were, from losing the socket to having missed nothing.
function gapsOf(absences) {
  const sorted = absences.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return `milliseconds until whole: p50 ${at(0.5)}, p99 ${at(0.99)}, longest ${at(1)}`;
}
