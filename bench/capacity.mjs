// Prints docs/capacity.md: what the last medians of ./bench/run mean for a machine. Arithmetic only.
//
//   ./bench/run && node bench/capacity.mjs > docs/capacity.md
// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";

import { medianFile } from "./report.mjs";

const { date, machine, scenarios } = JSON.parse(readFileSync(medianFile, "utf8"));

function value(scenario, peer, column) {
  const found = scenarios.find(({ name }) => name === scenario)?.peers
    .find((each) => each.peer === peer)?.values[column];
  if (!Number.isFinite(found)) throw new Error(`${scenario} has not been measured: ./bench/run ${scenario}`);
  return found;
}

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
const stores = [store("SQLite"), store("MariaDB + Redis")];

const row = (...cells) => `| ${cells.join(" | ")} |`;
const perSecond = (microseconds) => about(1e6 / microseconds);
const gibibytes = (count) => about(count / 2 ** 30);

const pings = million / pingSeconds;
const pingCores = (pings * echo) / 1e6;
const shownPing = `${about(pings)} pings a second × ${about(echo)} µs = ${about(pingCores)} cores`;

process.stdout.write(`# Capacity

What one core carries, out of the medians measured on ${date} (${machine}). This page is made by
\`node bench/capacity.mjs\` from the last \`./bench/run\`; a core here is one of that machine, busy to the
brim with the server alone. Plan with half of it.

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

A connection that only is there takes ${about(bytes)} bytes of ours, and about ${about(kernelBytes)} of the kernel's.
A GiB of ours holds ${about(2 ** 30 / bytes)} of them.

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

SQLite works inside the server, so its time is in these figures; MariaDB's is not: it needs about as much
again. More senders cost less each, because whatever waits is committed together.

## A million connections, on paper

| what | arithmetic |
| --- | --- |
| memory of ours | ${about(million)} × ${about(bytes)} bytes = ${gibibytes(million * bytes)} GiB |
| memory of the kernel | ${about(million)} × ${about(kernelBytes)} bytes = ${gibibytes(million * kernelBytes)} GiB |
| heartbeats, one in ${pingSeconds} s | ${shownPing} |
| one message to all of them | ${about(million)} × ${about(single)} µs = ${about((million * single) / 1e6)} s of one core |
| all of them come back within five minutes | ${about(million / 300)} a second × ${about(connect)} µs = ${about((million / 300) * connect / 1e6)} cores, and TLS where it ends here |
| file descriptors | \`ulimit -n\` above a million, \`fs.nr_open\` as well |
| addresses | a client address has some 28,000 ports for one port of ours: no bound, unless a proxy stands between |

Not measured here: TLS in the server, networks slower than memory, and a database on another machine.
`);
