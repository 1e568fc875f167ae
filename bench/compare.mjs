// The plan of ./bench/run: every scenario with each of its peers, in turns, several times over.
// SPDX-License-Identifier: MIT
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { prepareChat, chatScenarios } from "./chat.mjs";
import { curves, prepareGrowth } from "./growth.mjs";
import { write } from "./report.mjs";
import { noteMaximum, rooms } from "./rooms.mjs";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

const lengths = {
  long: { runs: 5, seconds: 10, idle: 10_000, out: at("results") },
  short: { runs: 1, seconds: 2, idle: 2000, out: at("../build/bench/results") },
};

const byWord = { rooms: rooms.scenarios, chat: chatScenarios,
                 growth: curves.filter(({ name }) => name !== "adoption") };
const all = [...rooms.scenarios, ...chatScenarios, ...curves];

const names = all.map(({ name, title }) => `  ${name.padEnd(20)}${title}`);

const help = `usage: ./bench/run [--short] [--runs N] [--seconds N] [--out FOLDER] [SCENARIO...]

Without scenarios it measures "rooms" and "chat", which stand for the library and the chat beside
their peers; "growth" stands for the curves: what the same costs at several sizes. Prints each
measurement as it is taken, then the medians; writes them as tables and pictures into FOLDER
(bench/results, with --short build/bench/results), the curves into growth.md.

  --short        one run of two seconds each, 2000 idle connections: to see that all of it works
  --runs N       so many runs (5; of curves 3), whose medians are shown; in each the peers take turns
  --seconds N    for each measurement (10; of curves 2)
  --ten-million  the histories of growth-sqlite and growth-mariadb go on to 10 million messages, which
                 takes a quarter of an hour and 6 GB on the disk, as "adoption" does

scenarios:
${names.join("\n")}
`;

function choose() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { short: { type: "boolean" }, help: { type: "boolean" }, runs: { type: "string" },
               seconds: { type: "string" }, out: { type: "string" },
               "ten-million": { type: "boolean" } },
  });
  if (values.help) {
    process.stdout.write(help);
    process.exit(0);
  }
  const options = { ...lengths[values.short ? "short" : "long"] };
  // What was said goes before what a scenario would like.
  const said = values.short ? { runs: options.runs, seconds: options.seconds } : {};
  for (const name of ["runs", "seconds"]) {
    if (values[name] !== undefined) said[name] = Number(values[name]);
  }
  Object.assign(options, said);
  if (values.out) options.out = values.out;
  const known = all.map(({ name }) => name);
  const words = positionals.length > 0 ? positionals : ["rooms", "chat"];
  const wanted = words.flatMap((each) => byWord[each]?.map(({ name }) => name) ?? [each]);
  const unknown = wanted.find((name) => !known.includes(name));
  if (unknown || !(options.runs >= 1) || !(options.seconds >= 1)) {
    process.stderr.write(unknown ? `no such scenario: ${unknown}\n\n${help}` : help);
    process.exit(2);
  }
  const chosen = new Set(wanted);
  return { options, said, isTenMillion: values["ten-million"] ?? false,
           isChosen: ({ name }) => chosen.has(name) };
}

const say = (text) => process.stderr.write(`-- ${text}\n`);

// One run of all scenarios; what is measured is appended to `results`.
async function runOnce(scenarios, results) {
  for (const { options, ...scenario } of scenarios) {
    for (const peer of scenario.peers) {
      const figures = await scenario.run(peer, options).catch((error) => ({ problem: error.message }));
      noteMaximum(scenario.name, peer, figures);
      results.get(scenario.name).figures[peer].push(figures);
      process.stdout.write(`${scenario.name} | ${peer} | ${JSON.stringify(figures)}\n`);
    }
  }
}

const { options, said, isTenMillion, isChosen } = choose();
const halves = [];
if (rooms.scenarios.some(isChosen)) halves.push(rooms);
if (chatScenarios.some(isChosen)) halves.push(await prepareChat(say));
if (curves.some(isChosen)) halves.push(await prepareGrowth(say, isChosen, isTenMillion));
try {
  const scenarios = halves.flatMap((half) => half.scenarios).filter(isChosen).map((scenario) =>
    ({ ...scenario, options: { ...options, ...scenario.lengths, ...said, ...scenario.bound } }));
  const results = new Map(scenarios.map((scenario) => [scenario.name, {
    ...scenario, figures: Object.fromEntries(scenario.peers.map((peer) => [peer, []])),
  }]));
  const runs = Math.max(...scenarios.map((scenario) => scenario.options.runs));
  for (let i = 1; i <= runs; ++i) {
    say(`run ${i} of ${runs}`);
    await runOnce(scenarios.filter((scenario) => i <= scenario.options.runs), results);
  }
  process.stdout.write(`\n${write([...results.values()], options)}`);
} finally {
  for (const half of halves) await half.end();
}
