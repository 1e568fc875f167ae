// The long form of what docs/guarantees.md promises: nodes behind haproxy are killed and restarted,
// Redis and MariaDB are cut, while everyone sends and receives. Prints its tallies; exits 0 when no
// promise was broken.
//
//   node tests/fault/guarantees.mjs [--minutes 10] [--members 300] [--nodes 3] [--seed 1]
//                                   [--faults all|rolling] [--setting NAME=VALUE …]
//
// `--faults rolling` is an upgrade, again and again: nodes are restarted one by one, and nothing
// else happens. `--setting` is a setting that all nodes get, as in their environment.
// SPDX-License-Identifier: MIT
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";

import { seededRandom } from "../support/random.mjs";
import { Site } from "../support/site.mjs";

const { values } = parseArgs({ options: {
  minutes: { type: "string", default: "10" },
  members: { type: "string", default: "300" },
  nodes: { type: "string", default: "3" },
  seed: { type: "string", default: "1" },
  faults: { type: "string", default: "all" },
  setting: { type: "string", multiple: true, default: [] },
  pause: { type: "string", default: "3" }, // Seconds between two sends of a member, on average.
} });
if (!["all", "rolling"].includes(values.faults)) throw new Error(`--faults ${values.faults}?`);
const env = Object.fromEntries(values.setting.map((each) => /^(\w+)=(.*)$/s.exec(each).slice(1)));
const random = seededRandom(Number(values.seed));
const seconds = (count) => count * 1000;
const begin = Date.now();
const say = (what) => console.log(`${((Date.now() - begin) / 1000).toFixed(0).padStart(4)} s  ${what}`);

const site = await Site.start(Number(values.nodes), { env });
try {
  say("nodes, MariaDB, Redis and haproxy have started");
  await site.settle(Number(values.members), 100, random);
  say("everyone is connected");
  for (const member of site.members) member.start(seconds(Number(values.pause)));

  const end = Date.now() + seconds(60 * Number(values.minutes));
  const rolling = ["a rolling restart", () => site.rollingRestart(seconds(5))];
  const all = [
    ["Redis is cut for 20 s", () => site.cutRedis(seconds(20))],
    ["MariaDB is cut for 20 s", () => site.cutMariadb(seconds(20))],
    rolling,
  ];
  const faults = values.faults === "all" ? all : [rolling];
  for (let round = 0; Date.now() < end; ++round) {
    if (values.faults === "all") {
      const node = random.below(site.nodes.length);
      say(`node ${node} is killed`);
      await site.killNode(node, seconds(1 + random.below(5)));
      await sleep(seconds(5 + random.below(10)));
    }
    const [what, happen] = faults[round % faults.length];
    say(what);
    await happen();
    await sleep(seconds(10));
  }
  say("the end: sends are finished, everyone catches up");
  const { breaches, tallies, alone } = await site.reckon();
  for (const line of [...tallies, ...breaches.slice(0, 50)]) console.log(line);
  console.log(breaches.length ? `${breaches.length} breaches` : "every promise was kept");
  process.exitCode = breaches.length || alone < site.members.length ? 1 : 0;
} finally {
  await site.stop();
}
