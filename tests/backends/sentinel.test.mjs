// A chat whose Redis is found by Sentinels, while the primary is killed and another takes its place.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { redisCli } from "../support/backends/redis.mjs";
import { startSentinels } from "../support/backends/sentinel.mjs";
import { Coterie, run } from "../support/coterie.mjs";
import { until } from "../support/process.mjs";
import { closeSocketsAfterEach, connectSocket } from "../support/sockets.mjs";

const secret = "hidden";

let sentinels, server;
before(async () => {
  sentinels = await startSentinels({ password: secret });
  server = await Coterie.start({ env: sentinels.settings });
});
after(async () => {
  await server?.remove();
  await sentinels?.stop();
});
closeSocketsAfterEach();

const inRedis = (redis, ...words) => redisCli({ ...redis.settings, REDIS_PASSWORD: secret }, ...words);

test("log-ins are with the primary, and with the next one when it is killed", { timeout: 120_000 },
  async () => {
    const alice = await server.user("alice1");
    assert.equal(inRedis(sentinels.primary(), "GET", alice.token), `${alice.id}`);
    const socket = await connectSocket(server.url, { auth: { token: alice.token } });
    await until(() => inRedis(sentinels.primary(), "WAIT", "1", "1000") === "1",
                () => "the replica follows", 60_000);

    const old = sentinels.primary();
    const isReady = async () => (await server.rest.get("/readyz")).status === 200;
    await old.kill();
    await until(async () => !await isReady(), () => server.log, 30_000);
    await sentinels.failedOver(old);
    await until(isReady, () => server.log, 60_000);
    const token = await server.token("alice1");
    assert.equal(inRedis(sentinels.primary(), "GET", token), `${alice.id}`);
    for (const each of [alice.token, token]) {
      assert.equal((await server.rest.get("/api/user", { token: each })).status, 200, server.log);
    }
    assert.ok(socket.connected);
    assert.match(server.log, /Redis at chat:\d+ is away: [^]*Redis at chat:\d+ is back/);
  });

test("one Sentinel that is there is enough; with none it is said who was asked", async () => {
  const places = sentinels.settings.REDIS_SENTINELS.split(", ");
  const token = (env) => run(["token", "alice1", "--data", server.data],
                             { env: { ...sentinels.settings, ...env } });
  const one = await token({ REDIS_SENTINELS: `127.0.0.1:1,${places[1]}` });
  assert.equal(one.code, 0, one.log);
  const none = await token({ REDIS_SENTINELS: "127.0.0.1:1" });
  assert.equal(none.code, 1);
  assert.match(none.log, /no Sentinel knows where it is: 127\.0\.0\.1:1: Connection refused/);
  const other = await token({ REDIS_MASTER: "other" });
  assert.match(other.log, /it knows no 'other'/);
});
