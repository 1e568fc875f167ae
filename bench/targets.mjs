// What Coterie sets out to reach, as ratios within one run; what was not measured is left out. Beside
// what is not reached stands why.
// SPDX-License-Identifier: MIT

const own = "Coterie, 1 shard";
const sqlite = "Coterie, SQLite";
const mariadb = "Coterie, MariaDB + Redis";
const nest = "NestJS, MariaDB + Redis";

// From profiles and from trying, in November 2026; figures that change with each run are not here.
const why = {
  memory: "What is in use is what it was before (`malloc_info`: 0.8 MiB in the shards' heaps, both " +
    "times), yet small free blocks keep their pages: the C library keeps up to seven of each size at " +
    "hand for each thread, which after a crowd lie scattered over what it needed. Without that " +
    "(`glibc.malloc.tcache_count=0`) 2.5 MiB less stay, but a connect costs a seventh more; half a MiB " +
    "could be had by code. Heaps are trimmed when a crowd has left, and when it is forgotten: without " +
    "that three times as much stays. Connections to the database that a crowd needed are closed after " +
    "it. Other allocators were tried: after the crowd jemalloc holds 2.3 times as much as glibc, " +
    "mimalloc 2.8, tcmalloc 3.7.",
  sends: "The listeners are the bound: a hundred for each send, so that 100 × the peer would be more " +
    "than a million deliveries a second, which is what one core of this machine does over a bare " +
    "epoll loop, with the database, the requests and the load on the other. 55 % of our CPU for a " +
    "send is the kernel's, and MariaDB takes another third of ours.",
  eight: "The listeners again: 100 × the peer would be more deliveries a second than a bare epoll loop " +
    "does here with nothing beside it. With 8 senders there is also a chain: a round takes 1.9 ms, of " +
    "which 0.9 is the transaction (five statements; the disk's part, fdatasync, is 0.1), 0.2 is " +
    "announcing, and most of the rest passes until the eight, who have been told, send again, while " +
    "800 deliveries are written and read on the same two cores. Done: one commit for all who send at " +
    "the time (storage/group_commit). Tried without effect: to write the answers before the " +
    "deliveries.",
  eightCpu: "With 8 senders eight messages share a write to each listener, with 64 some sixty do. The " +
    "shards' writes are 54 % of our CPU for a send, requests and statements 33 %, what is said to " +
    "other servers of a cluster 13 %.",
  pages: "Half of a page's CPU is MariaDB's, one statement on an index for 30 rows. Of ours, half is the " +
    "kernel's (asking the database and waiting for it). Done: rows are fetched as what they are, not " +
    "as text; authors are remembered for a second; of the threads that wait, the one is called that " +
    "worked last. More than that only a cache of pages would bring.",
};

export function targets(scenarios) {
  const value = (scenario, peer, column) => scenarios.find(({ name }) => name === scenario)?.peers
    .find((each) => each.peer === peer)?.values[column] ?? NaN;
  const found = [];
  const add = (what, number, most, { isLeast = false, unit = "", why } = {}) => {
    if (!Number.isFinite(number)) return;
    const digits = Math.abs(number) < 10 ? 2 : 0;
    found.push({ what, wanted: `${isLeast ? "≥" : "≤"} ${most}${unit}`,
                 found: `${number.toFixed(digits)}${unit}`,
                 isReached: isLeast ? number >= most : number <= most, why });
  };
  const ratio = (scenario, column, one, other) =>
    value(scenario, one, column) / value(scenario, other, column);

  for (const name of ["fanout-1000x100", "fanout-5000x50", "fanout-2000x2000"]) {
    add(`${name}: CPU per delivery, of bare epoll's`,
        ratio(name, "cpu_seconds_per_million", own, "bare epoll"), 1.15, { unit: " ×" });
    add(`${name}: CPU per delivery, of socket.io's rooms`,
        ratio(name, "cpu_seconds_per_million", own, "socket.io, rooms"), 0.2, { unit: " ×" });
  }
  add("idle: bytes per connection", value("idle", own, "bytes_per_connection"), 1536);
  add("idle: CPU µs per connect", value("idle", own, "cpu_us_per_connect"), 45);
  add("idle: memory after all have left, of before",
      value("idle", own, "kib_after") / value("idle", own, "kib_before"), 1.05,
      { unit: " ×", why: why.memory });
  add("members: bytes per connection", value("members", sqlite, "bytes_per_connection"), 2048);
  add("members: CPU µs per connect", value("members", sqlite, "cpu_us_per_connect"), 120);
  add("members: memory after all are forgotten, of before",
      value("members", sqlite, "kib_after") / value("members", sqlite, "kib_before"), 1.05,
      { unit: " ×", why: why.memory });
  add("pace: p99, of socket.io's p50 under the same load",
      value("pace", own, "p99_us") / value("pace", "socket.io, rooms", "p50_us"), 1,
      { unit: " ×", why: `At this pace it is the machine: bare epoll has ${
        (value("pace", "bare epoll", "p99_us") / value("pace", "socket.io, rooms", "p50_us")).toFixed(2)
      } × in the same runs.` });
  for (const name of ["send-8", "send-64"]) {
    add(`${name}: messages a second, of the NestJS peer's`, ratio(name, "per_second", mariadb, nest),
        100, { isLeast: true, unit: " ×", why: name === "send-8" ? why.eight : why.sends });
    add(`${name}: the peer's CPU per delivery, of ours`,
        ratio(name, "cpu_seconds_per_million", nest, mariadb), 60,
        { isLeast: true, unit: " ×", why: why.eightCpu });
  }
  add("send-64: messages a second on SQLite", value("send-64", sqlite, "per_second"), 5000,
      { isLeast: true });
  add("history: pages a second, of the NestJS peer's", ratio("history", "per_second", mariadb, nest),
      50, { isLeast: true, unit: " ×", why: why.pages });
  add("list: lists a second, of the NestJS peer's", ratio("list", "per_second", mariadb, nest),
      30, { isLeast: true, unit: " ×" });
  return found;
}
