// Prints docs/capacity.md: what the last medians of ./bench/run mean for a machine. Arithmetic only.
//
//   ./bench/run && ./bench/run growth && node bench/capacity.mjs > docs/capacity.md
// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";

import { medianFile, spreadOf } from "./report.mjs";

const { date, machine, scenarios } = JSON.parse(readFileSync(medianFile, "utf8"));

function value(scenario, peer, column) {
  const found = scenarios.find(({ name }) => name === scenario)?.peers
    .find((each) => each.peer === peer)?.values[column];
  if (!Number.isFinite(found)) {
    throw new Error(`${scenario} has not been measured: ./bench/run ${scenario}`);
  }
  return found;
}

const { runs } = scenarios.find(({ name }) => name === "fanout-1000x100") ?? {};

// Two digits are as many as such figures are worth.
const about = (number) => Number(number.toPrecision(2)).toLocaleString("en-US");

const own = "Coterie, 1 shard";
const kernelBytes = 4000; // A quiet TCP connection with empty buffers, in the kernel's own memory.
const pingSeconds = 25;
const million = 1e6;

const delivery = value("fanout-1000x100", own, "cpu_seconds_per_million"); // µs
const wide = value("fanout-5000x50", own, "cpu_seconds_per_million");
const single = value("pace", own, "cpu_seconds_per_million");
const echo = value("echo", own, "cpu_seconds_per_million");
const bytes = value("idle", own, "bytes_per_connection");
const connect = value("idle", own, "cpu_us_per_connect");
const store = (name) => ({
  name,
  send: value("send-64", `Coterie, ${name}`, "cpu_us_per_send"),
  alone: value("send-8", `Coterie, ${name}`, "cpu_us_per_send"),
  page: value("history", `Coterie, ${name}`, "cpu_seconds_per_thousand") * 1e3,
  list: value("list", `Coterie, ${name}`, "cpu_seconds_per_thousand") * 1e3,
});
// A question costs MariaDB, where it is one.
const database = (scenario) =>
  about(value(scenario, "Coterie, MariaDB + Redis", "database_us_each"));
const stores = [store("SQLite"), store("MariaDB + Redis")];

const row = (...cells) => `| ${cells.join(" | ")} |`;
const perSecond = (microseconds) => about(1e6 / microseconds);
const gibibytes = (count) => about(count / 2 ** 30);

const all = about(million);
const pings = million / pingSeconds;
const back = million / 300;
const paper = [
  ["memory of ours", `${all} × ${about(bytes)} bytes = ${gibibytes(million * bytes)} GiB`],
  ["memory of the kernel",
   `${all} × ${about(kernelBytes)} bytes = ${gibibytes(million * kernelBytes)} GiB`],
  [`heartbeats, one in ${pingSeconds} s`,
   `${about(pings)} a second × ${about(echo)} µs = ${about((pings * echo) / 1e6)} cores`],
  ["one message to all of them",
   `${all} × ${about(single)} µs = ${about((million * single) / 1e6)} s of one core`],
  ["all of them come back within five minutes",
   `${about(back)} a second × ${about(connect)} µs = ${about((back * connect) / 1e6)} cores, ` +
   "and TLS where it ends here"],
  ["file descriptors", "`ulimit -n` above a million, `fs.nr_open` as well"],
  ["ports", "each client address has some 28,000 for one of ours: no bound, unless a proxy stands between"],
];

// A curve in one line: what was varied, between what, and what a thing costs at its cheapest and at
// its dearest.
function flatness(name, column, what, unit = "µs") {
  const curve = scenarios.find((each) => each.name === name);
  if (!curve) throw new Error(`${name} has not been measured: ./bench/run growth`);
  const { least, most } = spreadOf(curve, column);
  const names = curve.peers.map(({ peer }) => peer);
  return row(`${names[0]} to ${names.at(-1)} ${curve.axis}`, what,
             `${about(least)} to ${about(most)} ${unit}`, `${(most / least).toFixed(1)} ×`);
}

const curves = [
  flatness("growth-members", "cpu_seconds_per_million", "a delivery"),
  flatness("growth-connections", "cpu_seconds_per_million", "a delivery"),
  flatness("growth-idle", "bytes_per_connection", "a connection", "bytes"),
  flatness("growth-idle", "cpu_us_per_connect", "a client that connects"),
  flatness("growth-shards", "cpu_seconds_per_million", "a delivery"),
  flatness("growth-nodes", "all_seconds_per_million", "a delivery, Redis' part with it"),
  ...["sqlite", "mariadb"].flatMap((engine) => ["page", "list", "send"].map((what) =>
    flatness(`growth-${engine}`, `${what}_cpu_us`,
             `a ${what} on ${engine === "sqlite" ? "SQLite" : "MariaDB, its part with it"}`))),
];

// A text costs something by itself, and something for each who hears it: the line through the
// curve's ends.
function costOfSend() {
  const { peers } = scenarios.find(({ name }) => name === "growth-online");
  const [few, many] = [peers[0], peers.at(-1)].map(({ peer, values }) =>
    ({ count: Number(peer.replaceAll(",", "")), cost: values.cpu_us_per_send }));
  const each = (many.cost - few.cost) / (many.count - few.count);
  return { alone: few.cost - few.count * each, each };
}
const text = costOfSend();

process.stdout.write(`# Capacity

What one core carries, out of the medians measured on ${date}
(${machine}).
${runs >= 5 ? "" : `
**These come from a short run on a busy machine: what is said of time is right to a factor of two.**
`}
This page is made by \`node bench/capacity.mjs\` from the last \`./bench/run\`. A core here is one of that
machine, busy to the brim with the server alone. Plan with half of it.

## The library

| a core does | a second | because one costs |
| --- | --: | --: |
${[
  row("deliveries, groups of 100 that talk all the time", perSecond(delivery), `${about(delivery)} µs`),
  row("deliveries, 5000 connections in groups of 50", perSecond(wide), `${about(wide)} µs`),
  row("deliveries, one message now and then: a system call each", perSecond(single), `${about(single)} µs`),
  row("questions and answers", perSecond(echo), `${about(echo)} µs`),
  row("clients that connect", perSecond(connect), `${about(connect)} µs`),
].join("\n")}

A delivery is one message to one connection. It costs what the kernel takes to send it: the library adds
less than a fifth to a bare loop over epoll, and less still when many messages leave in one write.

A connection that only is there takes ${about(bytes)} bytes of ours, and about
${about(kernelBytes)} of the kernel's. A GiB of ours holds ${about(2 ** 30 / bytes)} of them.

## The chat

Texts to a group of 100 who are all online, so that one send is 100 deliveries; reads by 8 at once.

| a core does | on SQLite | on MariaDB + Redis |
| --- | --: | --: |
${[
  ["sends a second, 64 people sending", "send"],
  ["sends a second, 8 people sending", "alone"],
  ["pages of 30 messages a second", "page"],
  ["lists of 50 conversations a second", "list"],
].map(([what, column]) => row(what, ...stores.map((each) =>
    `${perSecond(each[column])} (${about(each[column])} µs)`))).join("\n")}

SQLite works inside the server, so its time is in these figures. MariaDB needs cores of its own: for a
send by 64 people ${database("send-64")} µs, for a page ${database("history")} µs,
for a list ${database("list")} µs. More senders cost less each, because whatever waits is committed together.

## What size does

A cost that is flat stays what it is when there is more of everything. The curves themselves are made by
\`./bench/run growth\`.

| from … to | of | costs | dearest by cheapest |
| --- | --- | --: | --: |
${curves.join("\n")}

A text to a group costs the chat ${about(text.alone)} µs by itself, and ${about(text.each)} µs for each
member who is online, be that ten or ten thousand. What a second shard or node adds to a delivery is
that every message is told to each of them, once; the more members hear it there, the less that is
for each.

## A million connections, on paper

| what | arithmetic |
| --- | --- |
${paper.map((cells) => row(...cells)).join("\n")}

Not measured here: TLS in the server, networks slower than memory, and a database on another machine.
`);
