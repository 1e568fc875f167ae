// Two chat servers, one database and one Redis behind HAProxy and behind nginx, with official
// clients that poll, upgrade, or use WebSocket alone, and a server that is killed.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { Agent } from "node:http";
import { after, before, describe, test } from "node:test";

import { startPostgres } from "../support/backends/postgres.mjs";
import { haproxy, nginx } from "../support/backends/proxies.mjs";
import { startRedis } from "../support/backends/redis.mjs";
import { Coterie } from "../support/coterie.mjs";
import { until } from "../support/process.mjs";
import { ask, closeSockets, closeSocketsAfterEach, connectSocket, openSocket } from "../support/sockets.mjs";

const many = 12;
const polling = ["polling"];

let postgres, redis, alice;
const servers = [];
before(async () => {
  [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  postgres.sql("CREATE DATABASE chat");
  const env = { ...postgres.settings("chat"), ...redis.settings, SERVER_JWT_SECRET: "of both" };
  for (let i = 0; i < 2; ++i) servers.push(await Coterie.start({ env }));
  alice = await servers[0].user("alice1");
});
after(async () => {
  for (const server of servers) if (server.child.isRunning) await server.remove();
  await Promise.all([postgres?.remove(), redis?.stop()]);
});
closeSocketsAfterEach();

const auth = () => ({ auth: { token: alice.token } });
// Clients from as many addresses of this machine.
const from = (i) => ({ agent: new Agent({ localAddress: `127.0.${i}.1` }) });
const cookies = () => ({ withCredentials: true });
const none = () => ({});

const each = (make) => Promise.all(Array.from({ length: many }, (_, i) => make(i + 1)));
const connectAll = (url, kind, options) =>
  each((i) => connectSocket(url, { ...auth(), ...kind(i), ...options }));

function upgraded(socket) {
  const { engine } = socket.io;
  return engine.transport.name === "websocket" || new Promise((resolve) => engine.once("upgrade", resolve));
}

async function withProxy(proxy, way, use) {
  const running = await proxy.start(servers.map(({ port }) => port), proxy.ways[way]);
  try {
    return await use(running.url);
  } finally {
    closeSockets();
    await running.stop();
  }
}

// One server is killed: some lose their session by it, others do not notice; all are in again.
async function killOne(sockets) {
  const lost = (socket) => socket.events("disconnect").length > 0;
  await servers[1].kill();
  try {
    await until(() => sockets.some(lost), undefined, 60_000);
    // Whoever has not noticed yet is asked, too.
    const answers = (socket) => ask(socket, "sync", { groups: [] }).then(() => true, () => false);
    await Promise.all(sockets.map((socket) =>
      until(() => socket.connected && answers(socket), undefined, 60_000)));
    const count = sockets.filter(lost).length;
    assert.ok(count > 0 && count < many, `${count} of ${many} were at the one that was killed`);
  } finally {
    await servers[1].startAgain();
  }
}

for (const [name, proxy] of Object.entries({ haproxy, nginx })) {
  describe(name, { timeout: 240_000 }, () => {
    for (const [way, kind] of [["cookie", cookies], ["address", from]]) {
      test(`by ${way}: clients poll, upgrade, and go to the other server when theirs is killed`, () =>
        withProxy(proxy, way, async (url) => {
          const risen = await connectAll(url, kind, { transports: ["polling", "websocket"] });
          await Promise.all(risen.map(upgraded));
          closeSockets();
          await killOne(await connectAll(url, kind, {
            transports: polling, reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 500,
          }));
        }));
    }

    test("with nothing to go by, those who poll are strangers, and WebSocket alone works", () =>
      withProxy(proxy, "any", async (url) => {
        const strangers = await each((i) => openSocket(url, { ...auth(), transports: polling }).until(
          (got) => got.some(([event]) => event === "disconnect" || event === "connect_error") ||
                   (got.length > 0 && i)));
        assert.ok(strangers.includes(true), "nobody was sent to the wrong server");
        closeSockets();
        await connectAll(url, none, { transports: ["websocket"] });
      }));

    test("REST goes through it, whichever server answers", () =>
      withProxy(proxy, "any", async (url) => {
        const answers = await each(async () => {
          const answer = await fetch(`${url}/api/user`, {
            headers: { authorization: `Bearer ${alice.token}` },
          });
          return (await answer.json()).data.username;
        });
        assert.deepEqual(answers, Array(many).fill("alice1"));
      }));
  });
}
