// Two servers of the chat on a Redis Cluster: keys lie where their slots are, log-ins go on while a
// slot moves and after a primary was killed, and servers on Node are counted wherever they listen.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { createAdapter } from "@socket.io/redis-adapter";
import { Cluster, Redis } from "ioredis";

import { startMariadb } from "../support/backends/mariadb.mjs";
import { startRedisCluster } from "../support/backends/redis_cluster.mjs";
import { Coterie, password, run, temporaryFolder } from "../support/coterie.mjs";
import { examplesFolder } from "../support/examples.mjs";
import { Child, startListening, until } from "../support/process.mjs";
import { features } from "../support/reference_features.mjs";
import { ask, closeSocketsAfterEach, connectSocket } from "../support/sockets.mjs";

let mariadb, cluster, one, two, alice, bobby, group;

before(async () => {
  [mariadb, cluster] = await Promise.all([startMariadb(), startRedisCluster()]);
  mariadb.sql("CREATE DATABASE chat");
  const env = { ...mariadb.settings("chat"), REDIS_CHANNEL_PREFIX: "chat",
                COTERIE_SWEEP_SECONDS: "1" };
  // Told of all nodes, and of one that has neither the first slots nor most of the others.
  [one, two] = await Promise.all([cluster.settings, cluster.nodes[2].settings].map((settings) =>
    Coterie.start({ data: temporaryFolder(), env: { ...env, ...settings } })));
  alice = await one.user("alice1");
  bobby = await two.user("bobby1");
  group = await one.rest.group(alice, [bobby]);
});
after(async () => {
  for (const node of [one, two]) if (node?.child.isRunning) await node.remove();
  await cluster?.stop();
  await mariadb?.remove();
});
closeSocketsAfterEach();

const connect = (node, { token }) =>
  connectSocket(node.url, { auth: { token }, transports: ["websocket"] });
let count = 0;
const unique = (word) => `${word} ${++count}`;

// Each node says something until a member on the other hears it.
async function together() {
  const sockets = await Promise.all([connect(one, alice), connect(two, bobby)]);
  for (const [node, who, listener] of [[one, alice, sockets[1]], [two, bobby, sockets[0]]]) {
    const content = unique("are you there");
    await until(async () => {
      await node.rest.text(who.token, group.id, content);
      return listener.until((got) => got.some(([name, what]) =>
        name === `group-message:${group.id}` && what.content === content), 500).catch(() => false);
    }, () => `${node.url} is heard by the other\n${one.log}\n${two.log}`, 30_000);
  }
}

const askCaptcha = (node, uid) =>
  node.rest.get(`/api/auth/catpcha?uid=${encodeURIComponent(uid)}`);
// A log-in with the captcha of a page that was opened under that name, as `redis` knows it.
async function login(node, uid, { username } = alice, redis = cluster) {
  const captcha = { uid, code: redis.cli("GET", `login-code:${uid}`) };
  const { token } = await node.rest.data("POST", "/api/auth/login",
                                         { json: { loginName: username, password, ...captcha } });
  return token;
}
const loginAnew = async (node, uid, who, redis) => {
  assert.equal((await askCaptcha(node, uid)).status, 200, node.log);
  return login(node, uid, who, redis);
};

test("log-ins and sets lie with whoever has their slots, and are good on both nodes", async () => {
  const owners = new Set();
  for (let i = 0; owners.size < 3; ++i) {
    const token = await loginAnew([one, two][i % 2], unique("page"), [alice, bobby][i % 2]);
    const owner = cluster.ownerOf(cluster.slotOf(token));
    assert.equal(owner.cli("GET", token), `${[alice, bobby][i % 2].id}`);
    assert.equal((await [two, one][i % 2].rest.get("/api/user", { token })).status, 200);
    owners.add(owner);
  }
  assert.deepEqual(cluster.members(`group_users:${group.id}`), [alice.id, bobby.id]);
  await together();
});

test("sets that one server has lost are filled again", async () => {
  for (const node of cluster.nodes.slice(0, 3)) {
    assert.match(node.cli("KEYS", "coterie:group_users:*"), /^coterie:group_users:\d+$/);
  }
  cluster.ownerOf(cluster.slotOf(`group_users:${group.id}`)).cli("FLUSHALL");
  await until(() => cluster.members(`group_users:${group.id}`).length === 2, () => one.log, 30_000);
  for (const who of [alice, bobby]) who.token = await one.token(who.username);
});

test("log-ins go on while their slot moves to another server", async () => {
  const uid = (n) => `{moving}${n}`;
  const slot = cluster.slotOf("moving");
  const source = cluster.ownerOf(slot);
  const target = cluster.nodes.slice(0, 3).find((node) => node !== source);
  const refusals = (word) =>
    Number(new RegExp(`errorstat_${word}:count=(\\d+)`).exec(source.cli("INFO", "errorstats"))?.[1] ?? 0);
  await loginAnew(one, unique("page")); // By now it knows where slots are.
  assert.equal((await askCaptcha(one, uid(1))).status, 200);
  assert.equal((await askCaptcha(two, uid(2))).status, 200);

  target.cli("CLUSTER", "SETSLOT", `${slot}`, "IMPORTING", source.id);
  source.cli("CLUSTER", "SETSLOT", `${slot}`, "MIGRATING", target.id);
  await login(two, uid(1)); // What is still there, and what comes anew.
  assert.equal(refusals("ASK"), 0);
  assert.equal((await askCaptcha(one, uid(3))).status, 200);
  assert.ok(refusals("ASK") > 0);
  source.cli("MIGRATE", "127.0.0.1", `${target.port}`, `login-code:${uid(2)}`, "0", "5000");
  for (const node of [target, source]) node.cli("CLUSTER", "SETSLOT", `${slot}`, "NODE", target.id);

  const before = refusals("MOVED");
  await login(one, uid(2));
  await login(two, uid(3));
  assert.ok(refusals("MOVED") > before);
  const after = refusals("MOVED");
  for (const node of [one, two]) await loginAnew(node, uid(4), alice, target);
  assert.equal(refusals("MOVED"), after); // Both know now.
  assert.equal(target.cli("EXISTS", `login-code:${uid(4)}`), "0");
});

test("a primary that is killed is followed by its replica; until then errors say so",
  { timeout: 120_000 }, async () => {
    const first = cluster.ownerOf(0);
    const uid = (node) => {
      for (;;) {
        const name = unique("page");
        if (cluster.ownerOf(cluster.slotOf(`login-code:${name}`)) === node) return name;
      }
    };
    const [lost, kept] = [uid(first), uid(cluster.nodes[1])];
    let token;
    do token = await one.token(alice.username); while (cluster.ownerOf(cluster.slotOf(token)) !== first);
    await until(() => first.cli("WAIT", "1", "1000") === "1", () => "the replica follows", 60_000);
    const sockets = await Promise.all([connect(one, alice), connect(two, bobby)]);
    const resyncs = sockets.map((socket) => socket.events("resync").length);

    const isReady = async (node) => (await node.rest.get("/readyz")).status === 200;
    assert.ok(await isReady(one) && await isReady(two));
    await first.kill();
    const refused = await askCaptcha(one, lost);
    assert.deepEqual([refused.status, refused.body.code], [503, "sessions_unavailable"]);
    await until(async () => !await isReady(one), () => one.log, 30_000);
    await cluster.whole((node) => node === cluster.nodes[3]);
    for (const node of [one, two]) {
      await until(() => isReady(node), () => node.log, 60_000);
      for (const each of [lost, kept]) await loginAnew(node, each);
      assert.equal((await node.rest.get("/api/user", { token })).status, 200, node.log);
    }
    for (const [i, socket] of sockets.entries()) {
      await socket.until((got) => got.filter(([name]) => name === "resync").length > resyncs[i],
                         30_000);
      assert.ok(socket.connected);
    }
    await together();
    const { address } = cluster.nodes[3];
    await until(() => one.log.includes(`keys of the Redis Cluster are at ${address}, `), () => one.log);
    const mark = () => cluster.nodes[3].cli("KEYS", "coterie:group_users:*");
    const runId = /run_id:(\w+)/.exec(cluster.nodes[3].cli("INFO", "server"))[1];
    await until(() => cluster.cli("GET", mark()) === runId, () => one.log, 30_000);
    assert.deepEqual(cluster.members(`group_users:${group.id}`), [alice.id, bobby.id]);
  });

// -- servers on Node ------------------------------------------------------------------------------

test("a server on Node and ours count each other, whichever server each listens to", async () => {
  const { child, ports } = await startListening(1, ([port]) =>
    new Child(`${examplesFolder()}/cluster_node`,
              [`${port}`, `redis://${cluster.nodes[1].address}/`, "ours"]));
  const pub = new Cluster(cluster.living.map(({ port }) => ({ host: "127.0.0.1", port })));
  const sub = new Redis({ host: "127.0.0.1", port: cluster.nodes[2].port });
  const http = createServer();
  const io = features(http, undefined, { adapter: createAdapter(pub, sub, { requestsTimeout: 2000 }) });
  try {
    http.listen(0, "127.0.0.1");
    await once(http, "listening");
    const clients = await Promise.all([ports[0], http.address().port].map((port) =>
      connectSocket(`http://127.0.0.1:${port}`, { transports: ["websocket"] })));
    const ids = clients.map(({ id }) => id).sort();
    const idsOf = (sockets) => sockets.map(({ id }) => id).sort();
    // Ours is where the first slot is, Node's elsewhere.
    const channel = "socket.io-request#/#";
    const listening = (node) => Number(node.cli("PUBSUB", "NUMSUB", channel).split("\n")[1]);
    await until(() => listening(cluster.ownerOf(0)) === 1 && listening(cluster.nodes[2]) === 1);
    const [{ sockets, missing }] = await ask(clients[0], "census");
    assert.deepEqual([idsOf(sockets), missing], [ids, 0]);
    assert.deepEqual(idsOf(await io.fetchSockets()), ids);
    assert.deepEqual((await ask(clients[0], "ask-cluster", "nobody", 300))[0],
                     { answers: [], missing: 1 });
  } finally {
    await io.close();
    for (const connection of [pub, sub]) connection.disconnect();
    assert.deepEqual(await child.stop(), { code: 0, signal: null }, child.log);
  }
});

test("what is not for a Redis Cluster is refused in words", async () => {
  const serve = (env) => run(["serve", "--port", "0", "--data", temporaryFolder()], { env });
  const { code, log } = await serve({ ...cluster.settings, REDIS_DB: "1" });
  assert.equal(code, 1);
  assert.match(log, /redis_db.*a Redis Cluster has no other/);
  const { child } = await startListening(1, ([port]) =>
    new Child(`${examplesFolder()}/cluster`,
              [`${port}`, `redis://${cluster.living[0].address}/`, "streams"]));
  await until(() => /a Redis Cluster, which streams are not made for/.test(child.log), () => child.log);
  await child.stop();
});
