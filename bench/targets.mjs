// What Coterie sets out to reach, as ratios within one run; what was not measured is left out. Beside
// what is not reached stands why.
// SPDX-License-Identifier: MIT

const own = "Coterie, 1 shard";
const sqlite = "Coterie, SQLite";
const mariadb = "Coterie, MariaDB + Redis";
const nest = "NestJS, MariaDB + Redis";

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
      value("idle", own, "kib_after") / value("idle", own, "kib_before"), 1.05, { unit: " ×" });
  add("members: bytes per connection", value("members", sqlite, "bytes_per_connection"), 2048);
  add("members: CPU µs per connect", value("members", sqlite, "cpu_us_per_connect"), 120);
  add("members: memory after all are forgotten, of before",
      value("members", sqlite, "kib_after") / value("members", sqlite, "kib_before"), 1.05,
      { unit: " ×" });
  add("pace: p99, of socket.io's p50 under the same load",
      value("pace", own, "p99_us") / value("pace", "socket.io, rooms", "p50_us"), 1, { unit: " ×" });
  for (const name of ["send-8", "send-64"]) {
    add(`${name}: messages a second, of the NestJS peer's`, ratio(name, "per_second", mariadb, nest),
        100, { isLeast: true, unit: " ×" });
    add(`${name}: the peer's CPU per delivery, of ours`,
        ratio(name, "cpu_seconds_per_million", nest, mariadb), 60, { isLeast: true, unit: " ×" });
  }
  add("send-64: messages a second on SQLite", value("send-64", sqlite, "per_second"), 5000,
      { isLeast: true });
  add("history: pages a second, of the NestJS peer's", ratio("history", "per_second", mariadb, nest),
      50, { isLeast: true, unit: " ×" });
  add("list: lists a second, of the NestJS peer's", ratio("list", "per_second", mariadb, nest),
      30, { isLeast: true, unit: " ×" });
  return found;
}
