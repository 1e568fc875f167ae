// /readyz names what is away, while /healthz says that the server lives all the same.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { startMariadb } from "../support/backends/mariadb.mjs";
import { startRedis } from "../support/backends/redis.mjs";
import { startS3 } from "../support/backends/s3.mjs";
import { Coterie } from "../support/coterie.mjs";
import { until } from "../support/process.mjs";

let mariadb, redis, s3, server;
before(async () => {
  [mariadb, redis, s3] = await Promise.all([startMariadb(), startRedis(), startS3()]);
  mariadb.sql("CREATE DATABASE chat");
  server = await Coterie.start({
    env: { ...mariadb.settings("chat"), ...redis.settings, ...s3.settings },
  });
});
after(async () => {
  await server?.remove();
  await Promise.all([mariadb?.remove(), redis?.stop(), s3?.stop()]);
});

const ok = { status: "ok" };
const without = (...away) => ({ status: "unavailable", away });

// Asks until the answer is this one; it is always one of the two that there can be.
async function readyzIs(expected) {
  let last;
  await until(async () => {
    const { status, body } = await server.rest.get("/readyz");
    last = body;
    assert.equal(status, body.status === "ok" ? 200 : 503, JSON.stringify(body));
    return JSON.stringify(body) === JSON.stringify(expected);
  }, () => `${JSON.stringify(expected)}, not ${JSON.stringify(last)}`, 60_000);
  const { status, body } = await server.rest.get("/healthz");
  assert.deepEqual([status, body], [200, ok]);
}

test("what is away is named, and again ready is who has all back", { timeout: 240_000 }, async () => {
  await readyzIs(ok);
  await mariadb.kill();
  await readyzIs(without("database"));
  await Promise.all([redis.kill(), s3.kill()]); // S3 is asked every ten seconds.
  await readyzIs(without("database", "redis", "files"));
  await Promise.all([mariadb.start(), redis.start(), s3.startAgain()]);
  await readyzIs(ok);
  assert.match(server.log, /not ready: database: /);
  assert.match(server.log, /ready again: database/);
});

test("a database that is silent counts as away, and nobody waits for it", { timeout: 120_000 },
  async () => {
    await readyzIs(ok);
    mariadb.child.signal("SIGSTOP");
    try {
      await readyzIs(without("database"));
      const begin = Date.now();
      assert.equal((await server.rest.get("/readyz")).status, 503);
      assert.ok(Date.now() - begin < 10_000, `${Date.now() - begin} ms`);
    } finally {
      mariadb.child.signal("SIGCONT");
    }
    await readyzIs(ok);
  });
