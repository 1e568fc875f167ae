// TLS to Redis, with a certificate of the test's own authority: the chat's log-ins, and servers of the
// library that are one through it.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { startRedis } from "../support/backends/redis.mjs";
import { Certificates } from "../support/certificates.mjs";
import { run, withServer } from "../support/coterie.mjs";
import { examplesFolder } from "../support/examples.mjs";
import { Child, freePort, startListening, until, untilListening } from "../support/process.mjs";
import { ask, closeSocketsAfterEach, connectSocket } from "../support/sockets.mjs";

const certificates = new Certificates();
const others = new Certificates();

let redis, tlsPort, settings;
before(async () => {
  tlsPort = await freePort();
  const { certificate, key, authority } = certificates;
  redis = await startRedis("--bind", "127.0.0.1", "127.0.0.2", "--tls-port", `${tlsPort}`,
                           "--tls-cert-file", certificate, "--tls-key-file", key,
                           "--tls-ca-cert-file", authority, "--tls-auth-clients", "no");
  await untilListening(redis.child, [tlsPort]);
  settings = { REDIS_HOST: "localhost", REDIS_PORT: `${tlsPort}`, REDIS_TLS: "true",
               REDIS_CA: authority };
});
after(() => redis?.stop());
closeSocketsAfterEach();

test("log-ins are there, also when Redis was away, and large answers come whole", async () => {
  await withServer({ env: settings }, async (server) => {
    const alice = await server.user("alice1");
    assert.equal(redis.cli("GET", alice.token), `${alice.id}`);
    const ready = (status) => until(async () => (await server.rest.get("/readyz")).status === status,
                                    () => server.log, 30_000);
    await redis.kill();
    await ready(503);
    await redis.start();
    await untilListening(redis.child, [tlsPort]);
    await ready(200);
    const tokens = await Promise.all(Array.from({ length: 5 }, () => server.token("alice1")));
    for (const token of tokens) assert.equal(redis.cli("GET", token), `${alice.id}`);
  });
});

test("a certificate that is not good is said, by its reason", async () => {
  await withServer({ env: settings }, async (server) => {
    await server.user("alice1");
    const refused = async (env, why) => {
      const { code, log } = await run(["token", "alice1", "--data", server.data],
                                      { env: { ...settings, ...env } });
      assert.equal(code, 1, log);
      assert.match(log, why);
    };
    await refused({ REDIS_CA: others.authority },
                  /its certificate: .*(self.signed|unable to get|signature)/);
    await refused({ REDIS_CA: "" }, /its certificate: /);
    await refused({ REDIS_CA: "/nowhere.pem" }, /\/nowhere\.pem: /);
    await refused({ REDIS_HOST: "127.0.0.2" }, /its certificate: .*mismatch/i); // Not of that name.
    await refused({ REDIS_PORT: `${redis.port}` }, /Redis at localhost:\d+: /); // It speaks no TLS.
  });
});

test("servers of the library are one through it, with large messages, too", async () => {
  const url = `rediss://127.0.0.1:${tlsPort}`;
  const start = () => startListening(1, ([port]) =>
    new Child(`${examplesFolder()}/cluster`, [`${port}`, url],
              { env: { ...process.env, SSL_CERT_FILE: certificates.authority } }));
  const nodes = [await start(), await start()];
  try {
    const [a, b] = await Promise.all(nodes.map(({ ports }) => connectSocket(`http://127.0.0.1:${ports[0]}`)));
    await until(async () => (await ask(a, "who"))[0].length === 2, undefined, 20_000);
    await ask(b, "join", "room");
    const texts = ["short", "x".repeat(700_000), "after it"];
    for (const text of texts) a.emit("say", "room", text);
    await b.until(() => b.events("said").length === texts.length);
    assert.deepEqual(b.events("said").map(([text]) => text.length), texts.map((text) => text.length));
    assert.deepEqual(b.events("said").map(([text]) => text), texts);
  } finally {
    for (const { child } of nodes) await child.stop();
  }
});
