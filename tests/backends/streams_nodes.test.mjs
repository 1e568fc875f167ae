// The chat over streams: on two servers all is as in nodes.test.mjs, but that clients continue on
// any of them; and on one server clients see no difference.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { startRedis } from "../support/backends/redis.mjs";
import { Child } from "../support/process.mjs";

const settings = { COTERIE_CLUSTER_ADAPTER: "streams" };

process.env.COTERIE_TEST_SETTINGS = JSON.stringify(settings);
const { run, temporaryFolder } = await import("../support/coterie.mjs");
await import("./nodes.test.mjs");

test("contract/realtime and contract/recovery hold over streams", { timeout: 120_000 }, async () => {
  const redis = await startRedis();
  try {
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    // With SQLite, only who names a prefix is one of several.
    env.COTERIE_TEST_SETTINGS = JSON.stringify({ ...settings, ...redis.settings,
                                                 REDIS_CHANNEL_PREFIX: "a chat" });
    for (const name of ["realtime", "recovery"]) {
      const path = fileURLToPath(new URL(`../contract/${name}.test.mjs`, import.meta.url));
      const child = new Child(process.execPath, ["--test", path], { env });
      const { code } = await child.closed;
      assert.equal(code, 0, child.log);
    }
    assert.ok(Number(redis.cli("XLEN", "a chat")) > 0);
  } finally {
    await redis.stop();
  }
});

test("a Redis that is too old for streams is refused at the start", async () => {
  const redis = await startRedis("--rename-command", "GETDEL", "");
  try {
    const { code, log } = await run(["serve", "--port", "0", "--data", temporaryFolder()],
                                    { env: { ...redis.settings, REDIS_CHANNEL_PREFIX: "old" } });
    assert.equal(code, 1, log);
    assert.match(log, /cluster_adapter: streams want Redis 6\.2 or later/);
  } finally {
    await redis.stop();
  }
});
