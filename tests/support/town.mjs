// A chat server on real stores, under load, and the outages of each of them.
// SPDX-License-Identifier: MIT
import { setTimeout as sleep } from "node:timers/promises";

import { startMariadb } from "./backends/mariadb.mjs";
import { startPostgres } from "./backends/postgres.mjs";
import { startRedis } from "./backends/redis.mjs";
import { startS3 } from "./backends/s3.mjs";
import { startSmtp } from "./backends/smtp.mjs";
import { Coterie, temporaryFolder } from "./coterie.mjs";
import { Load } from "./load.mjs";
import { until } from "./process.mjs";

const engines = { MariaDB: startMariadb, PostgreSQL: startPostgres };
const database = "town";
const mebibyte = 1 << 20;
// What there may be more of afterwards: pools have grown to their most, and the threads' heaps.
const descriptorsMore = 32;
const memoryMore = 64 * mebibyte;

// What those are told who need a store that is away: codes, and over a socket words.
const ofDatabases = ["storage_unavailable", "storage_busy", "busy",
                     "the storage is not available, please try again",
                     "the server is busy, please try again"];
const named = {
  MariaDB: ofDatabases,
  PostgreSQL: ofDatabases,
  Redis: ["sessions_unavailable"],
  S3: ["files_unavailable"],
  SMTP: ["mail_failed"],
};

// How each store leaves and comes back, "killed" and "silent".
const outages = {
  server: (store) => ({
    killed: [() => store.kill(), () => (store.startAgain ?? store.start).call(store)],
    silent: [() => signal(store, "SIGSTOP"), () => signal(store, "SIGCONT")],
  }),
  mail: (post) => ({
    killed: [() => post.stop(), () => post.start()],
    silent: [() => (post.isSlow = true), () => post.goOn()],
  }),
};
const signal = (store, name) => (store.signal ? store.signal(name) : store.child.signal(name));

export class Town {
  #stores = {};
  #ends = [];

  static async start(engine, options) {
    const town = new Town();
    try {
      await town.#start(engine, options);
    } catch (error) {
      await town.stop();
      throw error;
    }
    return town;
  }

  async #start(engine, options) {
    const sql = await this.#keep(engines[engine](), (store) => store.remove());
    // Log-ins rest in Redis: it has to keep them while it is away.
    const redis = await this.#keep(startRedis("--appendonly", "yes", "--dir", temporaryFolder()),
                                   (store) => store.kill());
    const s3 = await this.#keep(startS3(), (store) => store.stop());
    const post = await this.#keep(startSmtp(), (store) => store.stop());
    this.#stores = { [engine]: outages.server(sql), Redis: outages.server(redis),
                     S3: outages.server(s3), SMTP: outages.mail(post) };
    sql.sql(`CREATE DATABASE ${database}`);
    const env = { ...sql.settings(database), ...redis.settings, ...s3.settings, ...post.env,
                  COTERIE_TRUSTED_PROXIES: "127.0.0.1" };
    this.server = await this.#keep(Coterie.start({ env }), (server) => server.remove());
    this.load = await this.#keep(
      Load.start(this.server, { database: sql, name: database, redis, post }, options),
      (load) => load.close());
    // What is there when everything has been used once, and rests.
    this.load.begin();
    await this.load.served();
    await this.load.end();
    this.before = this.#figures();
    this.load.begin();
  }

  async #keep(starting, end) {
    const started = await starting;
    this.#ends.unshift(() => end(started));
    return started;
  }

  #figures() {
    const { child } = this.server;
    return { descriptors: child.descriptors(), memory: child.memory() };
  }

  // These stores are away for so long, `way` is "killed" or "silent". Returns a line that says what
  // happened meanwhile, and how soon everybody was served again.
  async outage(names, way, milliseconds) {
    const before = this.load.counts();
    for (const name of names) await this.#stores[name][way][0]();
    await sleep(milliseconds);
    for (const name of names) await this.#stores[name][way][1]();
    const back = Date.now();
    await this.load.served();
    const seconds = ((Date.now() - back) / 1000).toFixed(1);
    const { done, refused } = this.load.since(before);
    const allowed = names.flatMap((name) => named[name]);
    for (const code of Object.keys(refused)) {
      if (!allowed.includes(code)) this.load.faults.push(`${names} ${way}: ${code}`);
    }
    return `${names.join(", ")} ${way} for ${milliseconds / 1000} s: done ${JSON.stringify(done)}, ` +
           `refused ${JSON.stringify(refused)}, all served ${seconds} s afterwards`;
  }

  // The load is ended; what was acknowledged is compared with what is there.
  async reckon() {
    await this.load.end();
    const { found, tallies } = await this.load.reckon();
    const rests = () => this.#figures().descriptors <= this.before.descriptors + descriptorsMore;
    await until(rests, undefined, 60_000).catch(() => found.push("descriptors have leaked"));
    const { descriptors, memory } = this.#figures();
    const grown = memory - this.before.memory;
    if (grown > memoryMore) found.push(`${grown} bytes of memory more`);
    tallies.push(`descriptors ${this.before.descriptors} before, ${descriptors} after; memory ` +
                 `${(this.before.memory / mebibyte).toFixed(1)} MiB before, ` +
                 `${(memory / mebibyte).toFixed(1)} MiB after`);
    return { found, tallies };
  }

  // Ends everything, in the reverse order, whatever state it is in.
  async stop() {
    const failures = [];
    for (const end of this.#ends.splice(0)) await end().catch((failure) => failures.push(failure));
    if (failures.length > 0) throw failures[0];
  }
}
