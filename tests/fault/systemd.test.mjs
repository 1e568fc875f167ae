// A server under systemd: what it tells it, and a port that it is handed and that outlives it.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { binary, surroundings, temporaryFolder } from "../support/coterie.mjs";
import { request } from "../support/http.mjs";
import { Child, until } from "../support/process.mjs";

const systemd = fileURLToPath(new URL("../support/systemd.py", import.meta.url));

// Starts one and waits until it is ready. Calls use({child, url, told}); told() are its words so far.
async function underSystemd(options, use) {
  const words = ["serve", "--port", "1", "--data", temporaryFolder()]; // The port is not its own.
  const env = { ...surroundings, COTERIE_PASSWORD_COST: "light" };
  const child = new Child("/usr/bin/python3", [systemd, ...options, binary(), ...words], { env });
  const told = () => [...child.stdout.matchAll(/^told (.*)$/gm)].map(([, text]) => JSON.parse(text));
  const ended = () => [...child.stdout.matchAll(/^ended (.*)$/gm)].map(([, code]) => Number(code));
  try {
    await until(() => told().includes("READY=1"), () => child.log, 30_000);
    const port = Number(/^port (\d+)$/m.exec(child.stdout)[1]);
    await use({ child, told, ended, url: `http://127.0.0.1:${port}` });
  } finally {
    assert.equal((await child.stop()).code, 0, child.log);
  }
  assert.deepEqual(ended().at(-1), 0, child.log);
  assert.equal(told().at(-1), "STOPPING=1", child.log);
}

const page = "/"; // Which no worker has a part in.
const statusOf = async (url) => (await request(`${url}/readyz`)).status;

for (const [name, options] of [["in the file system", []], ["outside of it", ["--abstract"]]]) {
  test(`it says by a socket ${name} when it is ready, reloads and stops`, { timeout: 60_000 }, () =>
    underSystemd(options, async ({ child, told, url }) => {
      assert.equal(await statusOf(url), 200);
      assert.deepEqual(told(), ["READY=1"]);
      child.signal("SIGHUP");
      await until(() => told().length === 3, () => child.log);
      assert.match(told()[1], /^RELOADING=1\nMONOTONIC_USEC=\d+$/);
      assert.equal(told()[2], "READY=1");
    }));
}

test("its watchdog is fed as long as its loops turn", { timeout: 60_000 }, () =>
  underSystemd(["--watchdog", "0.5"], async ({ child, told }) => {
    const fed = () => told().filter((word) => word === "WATCHDOG=1").length;
    await until(() => fed() >= 4, () => child.log, 30_000);
  }));

test("a restart with its port kept by systemd refuses nobody", { timeout: 120_000 }, () =>
  underSystemd([], async ({ child, told, ended, url }) => {
    const starts = () => told().filter((word) => word === "READY=1").length;
    const outcomes = new Map();
    const count = (outcome) => outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    let isOver = false;
    // Each call has a connection of its own.
    const callers = Array.from({ length: 8 }, async () => {
      while (!isOver) {
        await request(`${url}${page}`, { timeout: 30_000 }).then(({ status }) => count(status),
                                                                 ({ code }) => count(code));
      }
    });
    for (let round = 2; round <= 4; ++round) {
      const answered = outcomes.get(200) ?? 0;
      child.signal("SIGUSR1");
      await until(() => starts() === round, () => child.log, 30_000);
      await until(() => outcomes.get(200) > answered + 50, () => JSON.stringify([...outcomes]), 30_000);
    }
    isOver = true;
    await Promise.all(callers);
    console.log(`# ${JSON.stringify([...outcomes])}`);
    assert.deepEqual(ended(), [0, 0, 0]);
    assert.equal(outcomes.get("ECONNREFUSED"), undefined);
    // Who was let in as the old one went may have been sent away, but that is a moment's few.
    const others = [...outcomes].filter(([outcome]) => outcome !== 200);
    for (const [outcome] of others) assert.ok([503, "ECONNRESET"].includes(outcome), `${outcome}`);
    const lost = others.reduce((sum, [, times]) => sum + times, 0);
    assert.ok(lost <= 8 * 3, JSON.stringify([...outcomes]));
  }));
