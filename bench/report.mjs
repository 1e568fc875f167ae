// What was measured as people read it: medians in tables, and a picture.
// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { chart } from "./chart.mjs";
import { linesOver } from "./lines.mjs";
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
  redis_seconds_per_million: ["Redis' CPU s per million", 2],
  all_seconds_per_million: ["CPU s per million, of all", 2],
  making_seconds: ["made in s", 0],
  dry_run_seconds: ["dry run s", 1],
  adoption_seconds: ["ready after s", 0],
  numbering_seconds: ["of which numbering s", 0],
  peak_mib: ["most memory MiB", 0],
};
for (const each of ["page", "list", "history", "send", "long_list"]) {
  const name = each.replace("_", " ");
  columns[`${each}_cpu_us`] = [`${name} CPU µs`, 0];
  for (const quantile of [50, 95, 99]) {
    columns[`${each}_p${quantile}_us`] = [`${name} p${quantile} µs`, 0];
  }
}

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
  return results.map(({ name, title, columns: wanted, picture, pictures, axis, options, figures }) => ({
    name, title, columns: wanted, picture, pictures, axis, runs: options.runs, seconds: options.seconds,
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
  const head = [scenario.axis ?? "", ...scenario.columns.map((column) => columns[column][0])];
  const rows = scenario.peers.map(({ peer, values }) =>
    [peer, ...scenario.columns.map((column) => shown(values[column], column))]);
  const problems = scenario.peers.filter((each) => each.problems.length > 0).map(({ peer, problems: all }) =>
    `- ${peer}, in ${all.length} of the runs: ${all[0]}\n`);
  return `## ${scenario.title}\n\n${table(head, rows)}${problems.length ? `\n${problems.join("")}` : ""}`;
}

function targetSection(scenarios) {
  const all = targets(scenarios);
  if (all.length === 0) return "";
  const rows = all.map(({ what, wanted, found, isReached }) =>
    [what, wanted, found, isReached ? "yes" : "**no**"]);
  const reasons = all.filter(({ isReached, why }) => !isReached && why)
    .map(({ what, why }) => `- **${what}**: ${why}\n`);
  return `## Targets\n\n${table(["", "wanted", "found", "reached"], rows)}` +
    (reasons.length
      ? `\nWhat is not reached, and why (profiled in November 2026):\n\n${reasons.join("")}` : "");
}

const git = (...words) => execFileSync("git", words, { cwd: top, encoding: "utf8" }).trim();

// The last medians of each scenario, for capacity.mjs.
export const medianFile = join(top, "build/bench/results/medians.json");

function keep(scenarios, facts) {
  const kept = existsSync(medianFile) ? JSON.parse(readFileSync(medianFile, "utf8")).scenarios : [];
  const others = kept.filter(({ name }) => !scenarios.some((each) => each.name === name));
  const all = [...others, ...scenarios.map((scenario) => ({ ...scenario, date: facts.date }))];
  mkdirSync(dirname(medianFile), { recursive: true });
  writeFileSync(medianFile, JSON.stringify({ ...facts, scenarios: all }));
  return all;
}

// Of the least and the most of a curve, which is flat when they are alike.
export function spreadOf({ peers }, column) {
  const values = peers.map((each) => each.values[column]).filter(Number.isFinite);
  return { least: Math.min(...values), most: Math.max(...values) };
}

function spreads(scenario) {
  return scenario.pictures.flatMap((picture) => picture.columns).map((column) => {
    const { least, most } = spreadOf(scenario, column);
    return `- ${columns[column][0]}: from ${shown(least, column)} to ${shown(most, column)}, ` +
      `${(most / least).toFixed(2)} ×\n`;
  }).join("");
}

// A curve: its pictures, its table, and how flat it is.
function curveSection(scenario, out) {
  const names = scenario.peers.map(({ peer }) => peer);
  const images = scenario.pictures.map(({ title, columns: shownColumns }, i) => {
    const file = `${scenario.name}${i > 0 ? `-${i + 1}` : ""}.svg`;
    const lines = shownColumns.map((column) =>
      ({ name: columns[column][0], values: scenario.peers.map(({ values }) => values[column]) }));
    writeFileSync(join(out, file), linesOver({ title, axis: scenario.axis, names, lines }));
    return `![${title} over ${scenario.axis}](${file})\n`;
  });
  const runs = scenario.runs === 1 ? "one run" : `medians of ${scenario.runs} runs`;
  const lengths = `${scenario.date}: ${runs} of ${scenario.seconds} s.\n`;
  const flat = scenario.pictures.length > 0 ? [`From the least to the most:\n\n${spreads(scenario)}`]
                                            : [];
  return [section(scenario), lengths, ...flat, ...images].join("\n");
}

// Writes growth.md and its pictures, of all curves that were ever measured here.
function writeCurves(scenarios, machine, out) {
  const text = [
    "# How cost grows\n",
    `Revision ${git("rev-parse", "--short", "HEAD")}; ${machine}. Made by \`./bench/run growth\`.\n`,
    "The same measurement at several sizes. CPU time is the server's own where nothing else is said; " +
    "memory is the server's proportional set size without files. CPU seconds per million deliveries " +
    "are microseconds per delivery: a curve is flat where size does not make a delivery dearer.\n",
    ...scenarios.map((scenario) => curveSection(scenario, out)),
  ].join("\n");
  writeFileSync(join(out, "growth.md"), text);
  return text;
}

// Writes <date>.md and <date>.svg into options.out, and growth.md where there are curves; returns
// what they say.
export function write(results, options) {
  const measured = medians(results);
  const date = new Date().toISOString().slice(0, 10);
  const machine = `${cpus().length} × ${cpus()[0].model.trim()}, Linux ${release()}, Node ${process.version}`;
  mkdirSync(options.out, { recursive: true });
  const kept = keep(measured, { date, machine, runs: options.runs });
  const isCurve = (scenario) => scenario.pictures !== undefined;
  const scenarios = measured.filter((scenario) => !isCurve(scenario));
  const curves = measured.some(isCurve) ? writeCurves(kept.filter(isCurve), machine, options.out) : "";
  if (scenarios.length === 0) return curves;
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
  writeFileSync(join(options.out, `${date}.md`), text);
  writeFileSync(join(options.out, `${date}.svg`), chart(scenarios));
  return `${text}\n${curves}`;
}
