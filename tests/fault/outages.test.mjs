// Every store of a chat is away for a moment, killed and silent, while people use the chat in every
// way: named errors meanwhile, full service afterwards, nothing missing. outages.mjs is the long
// form; backends/databases does the same to PostgreSQL.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { seededRandom } from "../support/random.mjs";
import { Town } from "../support/town.mjs";

const stores = ["MariaDB", "Redis", "S3", "SMTP"];

let town;
before(async () => {
  town = await Town.start("MariaDB", { random: seededRandom(3), pause: 60 });
});
after(() => town?.stop());

test("each store killed, then all silent at once: named errors, full service after, nothing missing",
  { timeout: 240_000 },
  async (context) => {
    for (const name of stores) context.diagnostic(await town.outage([name], "killed", 1_500));
    context.diagnostic(await town.outage(stores, "silent", 3_000));
    const { found, tallies } = await town.reckon();
    for (const line of tallies) context.diagnostic(line);
    assert.deepEqual(found, [], town.server.log.slice(-20_000));
    const { refused } = town.load.counts();
    for (const code of ["storage_unavailable", "sessions_unavailable", "files_unavailable", "mail_failed"]) {
      assert.ok(refused[code] > 0, `${code}: ${JSON.stringify(refused)}`);
    }
  });
