// The promises of docs/guarantees.md while nodes die and stores are away; guarantees.mjs is the
// long form.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { seededRandom } from "../support/random.mjs";
import { Site } from "../support/site.mjs";

let site;
before(async () => {
  site = await Site.start(3);
  await site.settle(18, 12, seededRandom(7));
});
after(() => site?.stop());

test("three nodes, killed, restarted and cut off: all acknowledged is there once, everyone has all of it",
  { timeout: 240_000 },
  async (context) => {
    for (const member of site.members) member.start(300);
    await sleep(1_000);
    await site.killNode(1, 1_000);
    await sleep(1_000);
    await site.cutRedis(3_000);
    await sleep(1_000);
    await site.cutMariadb(3_000);
    await sleep(1_000);
    await site.rollingRestart(500);
    await sleep(1_000);
    const { breaches, tallies, alone } = await site.reckon();
    for (const line of tallies) context.diagnostic(line);
    assert.deepEqual(breaches, [], site.log.slice(-20_000));
    assert.equal(alone, site.members.length, "whole without being told to ask");
    const sum = (name) => site.members.reduce((total, { counts }) => total + counts[name], 0);
    assert.ok(sum("retried") > 0 && sum("synced") > 0, "the faults were felt");
    assert.ok(site.rows().length > 100, "a good deal was sent");
  });
