// The plan of ./bench/run: every scenario with each of its peers, in turns, several times over.
// SPDX-License-Identifier: MIT
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { prepareChat, chatScenarios } from "./chat.mjs";
import { write } from "./report.mjs";
import { noteMaximum, rooms } from "./rooms.mjs";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

const lengths = {
  long: { runs: 5, seconds: 10, idle: 10_000, out: at("results") },
  short: { runs: 1, seconds: 2, idle: 2000, out: at("../build/bench/results") },
};

const names = [...rooms.scenarios, ...chatScenarios].map(({ name, title }) => `  ${name.padEnd(16)}${title}`);

const help = `usage: ./bench/run [--short] [--runs N] [--seconds N] [--out FOLDER] [SCENARIO...]

Without scenarios it measures all of them; "rooms" and "chat" stand for their halves. Prints each
measurement as it is taken, then the medians; writes them as a table and a picture into FOLDER
(bench/results, with --short build/bench/results).

  --short       one run of two seconds each, 2000 idle connections: to see that all of it works
  --runs N      so many runs (5), of which the medians are shown; in each the peers take turns
  --seconds N   for each measurement (10)

scenarios:
${names.join("\n")}
`;

function choose() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { short: { type: "boolean" }, help: { type: "boolean" }, runs: { type: "string" },
               seconds: { type: "string" }, out: { type: "string" } },
  });
  if (values.help) {
    process.stdout.write(help);
    process.exit(0);
  }
  const options = { ...lengths[values.short ? "short" : "long"] };
  for (const name of ["runs", "seconds"]) {
    if (values[name] !== undefined) options[name] = Number(values[name]);
  }
  if (values.out) options.out = values.out;
  const halves = { rooms: rooms.scenarios, chat: chatScenarios };
  const known = Object.values(halves).flat().map(({ name }) => name);
  const wanted = positionals.flatMap((each) => halves[each]?.map(({ name }) => name) ?? [each]);
  const unknown = wanted.find((name) => !known.includes(name));
  if (unknown || !(options.runs >= 1) || !(options.seconds >= 1)) {
    process.stderr.write(unknown ? `no such scenario: ${unknown}\n\n${help}` : help);
    process.exit(2);
  }
  const chosen = new Set(wanted.length > 0 ? wanted : known);
  return { options, isChosen: ({ name }) => chosen.has(name) };
}

const say = (text) => process.stderr.write(`-- ${text}\n`);

// One run of all scenarios; what is measured is appended to `results`.
async function runOnce(scenarios, options, results) {
  for (const scenario of scenarios) {
    for (const peer of scenario.peers) {
      const figures = await scenario.run(peer, options).catch((error) => ({ problem: error.message }));
      noteMaximum(scenario.name, peer, figures);
      results.get(scenario.name).figures[peer].push(figures);
      process.stdout.write(`${scenario.name} | ${peer} | ${JSON.stringify(figures)}\n`);
    }
  }
}

const { options, isChosen } = choose();
const halves = [];
if (rooms.scenarios.some(isChosen)) halves.push(rooms);
if (chatScenarios.some(isChosen)) halves.push(await prepareChat(say));
try {
  const scenarios = halves.flatMap((half) => half.scenarios).filter(isChosen);
  const results = new Map(scenarios.map((scenario) => [scenario.name, {
    ...scenario, figures: Object.fromEntries(scenario.peers.map((peer) => [peer, []])),
  }]));
  for (let i = 1; i <= options.runs; ++i) {
    say(`run ${i} of ${options.runs}`);
    await runOnce(scenarios, options, results);
  }
  process.stdout.write(`\n${write([...results.values()], options)}`);
} finally {
  for (const half of halves) await half.end();
}
