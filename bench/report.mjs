// What was measured as people read it: medians in tables, and a picture.
// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { chart } from "./chart.mjs";
import { targets } from "./targets.mjs";

const top = fileURLToPath(new URL("..", import.meta.url));

// How a column is headed, and with how many digits behind the point it is shown.
export const columns = {
  per_second: ["a second", 0],
  messages_per_second: ["messages a second", 0],
  cpu_seconds_per_million: ["CPU s per million", 2],
  cpu_seconds_per_thousand: ["CPU s per thousand", 3],
  cpu_us_per_send: ["CPU µs per send", 0],
  database_us_each: ["database CPU µs each", 0],
  bytes_per_connection: ["bytes per connection", 0],
  cpu_us_per_connect: ["CPU µs per connect", 1],
  cpu_us_per_disconnect: ["CPU µs per disconnect", 1],
  bytes_each: ["bytes each", 0],
  connections: ["connections", 0],
  kib_before: ["KiB before", 0],
  kib_after: ["KiB after", 0],
  answer_p50_us: ["answer p50 µs", 0],
  answer_p99_us: ["answer p99 µs", 0],
  p50_us: ["p50 µs", 0],
  p99_us: ["p99 µs", 0],
  p999_us: ["p99.9 µs", 0],
};

export function median(values) {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  if (sorted.length === 0) return NaN;
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export const shown = (value, column) => Number.isFinite(value)
  ? value.toLocaleString("en-US", { maximumFractionDigits: columns[column][1] }) : "–";

// Each scenario with the medians of its columns, by peer.
function medians(results) {
  return results.map(({ name, title, columns: wanted, picture, figures }) => ({
    name, title, columns: wanted, picture,
    peers: Object.entries(figures).map(([peer, runs]) => ({
      peer,
      values: Object.fromEntries(wanted.map((column) => [column, median(runs.map((run) => run[column]))])),
      problems: runs.flatMap((run) => problemOf(run)),
    })),
  }));
}

function problemOf(run) {
  const counts = ["missing", "out_of_order", "failed", "lost", "refused", "unanswered", "others"]
    .filter((name) => run[name]).map((name) => `${name} ${run[name]}`);
  if (run.problem) counts.push(run.problem.split("\n")[0]);
  return counts.length > 0 ? [counts.join(", ")] : [];
}

const table = (head, rows) => [head, head.map((_, i) => (i ? "--:" : "---")), ...rows]
  .map((cells) => `| ${cells.join(" | ")} |\n`).join("");

function section(scenario) {
  const head = ["", ...scenario.columns.map((column) => columns[column][0])];
  const rows = scenario.peers.map(({ peer, values }) =>
    [peer, ...scenario.columns.map((column) => shown(values[column], column))]);
  const problems = scenario.peers.filter((each) => each.problems.length > 0).map(({ peer, problems: all }) =>
    `- ${peer}, in ${all.length} of the runs: ${all[0]}\n`);
  return `## ${scenario.title}\n\n${table(head, rows)}${problems.length ? `\n${problems.join("")}` : ""}`;
}

function targetSection(scenarios) {
  const rows = targets(scenarios).map(({ what, wanted, found, isReached }) =>
    [what, wanted, found, isReached ? "yes" : "**no**"]);
  return rows.length ? `## Targets\n\n${table(["", "wanted", "found", "reached"], rows)}` : "";
}

const git = (...words) => execFileSync("git", words, { cwd: top, encoding: "utf8" }).trim();

// The last medians of each scenario, for capacity.mjs.
export const medianFile = join(top, "build/bench/results/medians.json");

function keep(scenarios, facts) {
  const kept = existsSync(medianFile) ? JSON.parse(readFileSync(medianFile, "utf8")).scenarios : [];
  const others = kept.filter(({ name }) => !scenarios.some((each) => each.name === name));
  mkdirSync(dirname(medianFile), { recursive: true });
  writeFileSync(medianFile, JSON.stringify({ ...facts, scenarios: [...others, ...scenarios] }));
}

// Writes <date>.md and <date>.svg into options.out; returns the former.
export function write(results, options) {
  const scenarios = medians(results);
  const date = new Date().toISOString().slice(0, 10);
  const machine = `${cpus().length} × ${cpus()[0].model.trim()}, Linux ${release()}, Node ${process.version}`;
  const text = [
    `# Measured on ${date}\n`,
    `Revision ${git("rev-parse", "--short", "HEAD")}; ${machine}; medians of ${options.runs} runs of ` +
    `${options.seconds} s, in which the peers took turns. Made by \`./bench/run\`.\n`,
    "CPU time is the server's own, MariaDB's is a column of its own; memory is the server's " +
    "proportional set size without files. The load runs on the same machine: rates are what both " +
    "together reach.\n",
    `![The medians as bars](${date}.svg)\n`,
    targetSection(scenarios),
    ...scenarios.map(section),
  ].filter(Boolean).join("\n");
  mkdirSync(options.out, { recursive: true });
  writeFileSync(join(options.out, `${date}.md`), text);
  writeFileSync(join(options.out, `${date}.svg`), chart(scenarios));
  keep(scenarios, { date, machine, runs: options.runs });
  return text;
}
