// Each store of a chat is away for a while, killed and then silent, while people use the chat in
// every way: what they were told, and whether anything is missing. Exits 0 when nothing is.
//
//   node tests/fault/outages.mjs [--seconds 30] [--load 4] [--seed 1] [--only MariaDB,S3]
// SPDX-License-Identifier: MIT
import { parseArgs } from "node:util";

import { Town } from "../support/town.mjs";
import { seededRandom } from "../support/random.mjs";

const { values } = parseArgs({ options: {
  seconds: { type: "string", default: "30" },
  load: { type: "string", default: "4" }, // Times six who talk, and one of each other kind.
  seed: { type: "string", default: "1" },
  only: { type: "string", default: "MariaDB,Redis,S3,SMTP,PostgreSQL" },
} });
const milliseconds = 1000 * Number(values.seconds);
const wanted = values.only.split(",");

let isBroken = false;
for (const engine of ["MariaDB", "PostgreSQL"]) {
  // The other stores are the same ones: they need not be away twice.
  const stores = wanted.filter((name) =>
    engine === "MariaDB" ? name !== "PostgreSQL" : name === "PostgreSQL");
  if (stores.length === 0) continue;
  console.log(`-- on ${engine}`);
  const town = await Town.start(engine, { random: seededRandom(Number(values.seed)),
                                          scale: Number(values.load) });
  try {
    for (const name of stores) {
      for (const way of ["killed", "silent"]) {
        console.log(await town.outage([name], way, milliseconds));
      }
    }
    const { found, tallies } = await town.reckon();
    for (const line of [...tallies, ...found.slice(0, 50)]) console.log(line);
    isBroken ||= found.length > 0;
  } catch (error) {
    console.log(error);
    isBroken = true;
  } finally {
    await town.stop();
  }
}
console.log(isBroken ? "something is wrong" : "everything that was acknowledged is there");
process.exit(isBroken ? 1 : 0);
