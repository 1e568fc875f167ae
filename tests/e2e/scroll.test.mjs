// Fifty thousand messages in one group: what the document holds and what the page remembers.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Child, until } from "../support/process.mjs";
import { desktop } from "./browser.mjs";
import { messages, Scene } from "./scene.mjs";

const count = 50_000;
const nodesMax = 1500;
let scene;
let page;

const eventually = (condition, what) => until(condition, () => what, 60_000);

async function fill() {
  const { server, groupId } = scene;
  const user = (await scene.call("jonas77", "GET", "/user")).id;
  const statement = `
    PRAGMA busy_timeout = 10000;
    WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
    INSERT INTO group_message ("createAt", "updateAt", "type", "content", "userId", "groupId",
                               "seq")
    SELECT (SELECT "createAt" FROM "group" WHERE id = ${groupId}),
           (SELECT "createAt" FROM "group" WHERE id = ${groupId}), 0,
           'entry ' || i || CASE WHEN i % 7 = 0 THEN ' ' || hex(zeroblob(i % 200)) ELSE '' END,
           ${user}, ${groupId}, i FROM n;
    UPDATE "group" SET "lastSeq" = ${count} WHERE id = ${groupId};`;
  const child = new Child("sqlite3", [join(server.data, "coterie.db")], { input: statement });
  const { code } = await child.closed;
  assert.equal(code, 0, child.log);
}

// What is still held after the garbage has been thrown away.
async function memory() {
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  await session.detach();
  return usedSize / 1024 / 1024;
}

const nodes = () => page.evaluate(() => document.getElementsByTagName("*").length);
const shown = async () =>
  (await messages(page).allTextContents()).map((text) => Number(/^entry (\d+)/.exec(text)?.[1]));

before(async () => {
  scene = await Scene.set({ mira_k: "Mira", jonas77: "Jonas" });
  await fill();
  page = await scene.visit("mira_k", desktop);
});

after(() => scene?.strike());

describe("a long history", { timeout: 600_000 }, () => {
  test("opens at its end", async () => {
    await messages(page)
      .filter({ hasText: /^entry 50000$/ })
      .waitFor();
    assert.ok((await nodes()) < nodesMax);
  });

  test("is scrolled through with a bounded document and flat memory", async () => {
    const log = page.getByRole("log");
    let lowest = count;
    let most = 0;
    const climbTo = (goal) =>
      eventually(async () => {
        await log.evaluate((box) => box.scrollBy(0, -2500));
        const numbers = await shown();
        numbers.forEach((number, place) => {
          if (place > 0) assert.equal(number, numbers[place - 1] + 1, "one after the other");
        });
        lowest = Math.min(lowest, ...numbers);
        most = Math.max(most, await nodes());
        return lowest < goal;
      }, `entry ${goal}, at ${lowest}`);
    await climbTo(count - 1000);
    const early = await memory();
    await climbTo(count - 4000);
    const late = await memory();
    console.log(`# at most ${most} elements; ${early.toFixed(1)} MiB, then ${late.toFixed(1)} MiB`);
    assert.ok(most < nodesMax, `${most} elements`);
    assert.ok(late < early + 3, `${early} MiB became ${late} MiB`);
  });

  test("holds still while pages come in above and messages below", async () => {
    const middle = () =>
      page.evaluate(() => {
        const box = document.querySelector("[role=log]").getBoundingClientRect();
        const at = document.elementFromPoint(box.left + 80, box.top + box.height / 2);
        return at?.closest("li")?.querySelector(".bubble")?.textContent ?? "";
      });
    await page.waitForLoadState("networkidle");
    const before = await eventually(middle, "a message in the middle");
    await scene.say("jonas77", "Down here");
    await page
      .getByRole("button", { name: "To the newest messages" })
      .filter({ hasText: "1" })
      .waitFor();
    assert.equal(await middle(), before);
  });

  test("is left by one click, and the way down is as whole as the way up", async () => {
    await page.getByRole("button", { name: "To the newest messages" }).click();
    await messages(page).filter({ hasText: "Down here" }).waitFor();
    await eventually(async () => (await page.title()) === "Coterie", "the count to clear");
  });

  test("never broke its own policy or threw", () => {
    assert.deepEqual(scene.browser.trouble, []);
  });
});
