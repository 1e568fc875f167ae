// Two Coterie servers and one on Node are one cluster by a stream of Redis: clients are moved from
// one to another, by a proxy that cuts their connection, and hear what they have missed, in order
// and once; also while Redis is away for a while.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect, createServer as createTcpServer } from "node:net";
import { after, before, test } from "node:test";
import { createAdapter } from "@socket.io/redis-streams-adapter";
import { Redis } from "ioredis";
import { Server } from "socket.io";

import { startRedis } from "../support/backends/redis.mjs";
import { examplesFolder } from "../support/examples.mjs";
import { Child, startListening, until } from "../support/process.mjs";
import * as sockets from "../support/sockets.mjs";

sockets.closeSocketsAfterEach();
const ask = async (...args) => (await sockets.ask(...args))[0];

let redis, one, two, node, client;
const duplicates = [];

function startProxy() {
  const streams = new Set();
  const proxy = { target: undefined };
  const server = createTcpServer((near) => {
    const far = connect(new URL(proxy.target).port, "127.0.0.1");
    for (const stream of [near, far]) {
      streams.add(stream);
      stream.on("error", () => {});
      stream.on("close", () => (near.destroy(), far.destroy(), streams.delete(stream)));
    }
    near.pipe(far).pipe(near);
  });
  // All connections break; from now on they lead there.
  proxy.move = (to) => {
    proxy.target = to.url;
    for (const stream of streams) stream.destroy();
  };
  proxy.listen = async (to) => {
    proxy.target = to.url;
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    proxy.url = `http://127.0.0.1:${server.address().port}`;
    return proxy;
  };
  proxy.close = () => {
    server.close();
    for (const stream of streams) stream.destroy();
  };
  return proxy;
}

async function startNode() {
  client = new Redis({ port: redis.port, host: "127.0.0.1", maxRetriesPerRequest: null,
                       retryStrategy: () => 50 });
  client.on("error", () => {}); // It is away for a while in one of the tests.
  // The adapter reads on connections of its own, which it does not close.
  const duplicate = client.duplicate.bind(client);
  client.duplicate = (...args) => {
    const another = duplicate(...args);
    duplicates.push(another);
    return another;
  };
  const http = createServer();
  const io = new Server(http, { adapter: createAdapter(client),
                                connectionStateRecovery: { maxDisconnectionDuration: 120_000 } });
  io.on("connection", (socket) => {
    socket.on("join", (room, ack) => (socket.join(room), ack([...socket.rooms])));
    socket.on("say", (room, text) => io.to(room).emit("said", text));
  });
  io.on("name", (ack) => ack("node"));
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  return { io, url: `http://127.0.0.1:${http.address().port}` };
}

async function startCoterie() {
  const { child, ports } = await startListening(1, ([port]) =>
    new Child(`${examplesFolder()}/cluster`, [`${port}`, `redis://127.0.0.1:${redis.port}/`, "streams"]));
  return { child, url: `http://127.0.0.1:${ports[0]}` };
}

const hasNoticed = ({ child }) => child.log.includes("events of other servers are missing");
const serverCount = () => Number(redis.cli("PUBSUB", "NUMSUB", "socket.io#/#").split("\n")[1]);

before(async () => {
  redis = await startRedis();
  await Promise.all([startCoterie().then((it) => (one = it)), startCoterie().then((it) => (two = it)),
                     startNode().then((it) => (node = it))]);
  await until(() => serverCount() === 3);
});
after(async () => {
  await node?.io.close();
  const servers = [one, two].filter(Boolean);
  const ends = await Promise.allSettled(servers.map(({ child }) => child.stop()));
  for (const each of [client, ...duplicates]) each?.disconnect();
  await redis?.stop();
  for (const [i, { value }] of ends.entries()) {
    assert.deepEqual(value, { code: 0, signal: null }, servers[i].child.log);
  }
});

const enter = async (server, room, options = {}) => {
  const socket = await sockets.connectSocket(server.url, { transports: ["websocket"], ...options });
  await ask(socket, "join", room);
  return socket;
};
const said = (socket) => socket.events("said").map(([text]) => text);
const heard = (socket, count) => socket.until(() => said(socket).length >= count, 20_000);

let count = 0;
const newRoom = () => `room ${++count}`;

// A client behind a proxy, which comes back by itself.
async function travel(from, room, use) {
  const proxy = await startProxy().listen(from);
  try {
    const traveller = await enter(proxy, room, { reconnection: true, reconnectionDelay: 100,
                                                 reconnectionDelayMax: 300 });
    await use(traveller, async (to, meanwhile = () => {}) => {
      const connects = () => traveller.events("connect").length;
      const before = connects();
      const { id } = traveller;
      proxy.move({ url: "http://127.0.0.1:9" }); // Nowhere
      await traveller.until(() => !traveller.connected);
      await meanwhile();
      proxy.move(to);
      await traveller.until(() => connects() > before, 20_000);
      assert.equal(traveller.recovered, true);
      assert.equal(traveller.id, id);
    });
  } finally {
    proxy.close();
  }
}

test("all clients of all servers hear what all say, in one order on Coterie's", async () => {
  const room = newRoom();
  const clients = await Promise.all([one, two, node].map((server) => enter(server, room)));
  for (let i = 0; i < 100; ++i) {
    for (const [n, each] of clients.entries()) each.emit("say", room, `${n} ${i}`);
  }
  for (const each of clients) await heard(each, 300);
  const lists = clients.map(said);
  assert.deepEqual(lists[0], lists[1]);
  for (const list of lists) {
    for (const n of [0, 1, 2]) {
      const of = list.filter((text) => text.startsWith(`${n} `));
      assert.deepEqual(of, Array.from({ length: 100 }, (_, i) => `${n} ${i}`));
    }
  }
});

test("a client that is moved from server to server hears all, in order and once", async () => {
  const room = newRoom();
  const speakers = await Promise.all([one, two, node].map((server) => enter(server, room)));
  const witness = await enter(two, room);
  let last = 0;
  const speak = async () => {
    for (let i = 0; i < 20; ++i) speakers[last % 3].emit("say", room, `text ${++last}`);
    await heard(witness, last);
  };
  await travel(one, room, async (traveller, move) => {
    await speak();
    await heard(traveller, last);
    for (const to of [two, one, one, two]) {
      await move(to, speak);
      await speak();
      await heard(traveller, last);
    }
    assert.deepEqual(said(traveller), said(witness));
    assert.equal(said(traveller).length, last);
  });
});

test("nothing is lost or doubled for a client that is moved while something is said", async () => {
  const room = newRoom();
  const speaker = await enter(two, room);
  const witness = await enter(one, room);
  let last = 0;
  const timer = setInterval(() => speaker.emit("say", room, `text ${++last}`), 2);
  try {
    await travel(one, room, async (traveller, move) => {
      await heard(traveller, 1);
      const [first] = said(traveller);
      for (const to of [two, one, two]) await move(to);
      clearInterval(timer);
      await heard(witness, last);
      await traveller.until(() => said(traveller).at(-1) === `text ${last}`, 20_000);
      const all = said(witness);
      assert.deepEqual(said(traveller), all.slice(all.indexOf(first)));
    });
  } finally {
    clearInterval(timer);
  }
});

test("a client comes from Coterie to Node's server, too", async () => {
  const room = newRoom();
  const speaker = await enter(two, room);
  await travel(one, room, async (traveller, move) => {
    speaker.emit("say", room, "before");
    await heard(traveller, 1);
    await move(node, async () => {
      speaker.emit("say", room, "meanwhile");
      await heard(speaker, 2);
    });
    speaker.emit("say", room, "after");
    await heard(traveller, 3);
    assert.deepEqual(said(traveller), ["before", "meanwhile", "after"]);
  });
});

test("servers are asked and found across the cluster", async () => {
  const room = newRoom();
  const [a, b] = await Promise.all([one, two].map((server) => enter(server, room)));
  const c = await enter(node, room);
  const ids = await ask(a, "who");
  for (const { id } of [a, b, c]) assert.ok(ids.includes(id), `${ids}`);
  const found = (await node.io.in(room).fetchSockets()).map(({ id }) => id);
  assert.deepEqual(found.sort(), [a.id, b.id, c.id].sort());
  assert.deepEqual((await ask(a, "servers")).sort(), [`coterie on ${new URL(two.url).port}`, "node"]);
  for (const each of [a, b, c]) each.on("asked", (text, ack) => ack(`${text} ${each.id}`));
  const answers = await ask(b, "ask", "who?");
  for (const { id } of [a, b, c]) assert.ok(answers.includes(`who? ${id}`), `${answers}`);
  node.io.in(b.id).socketsJoin("moved");
  node.io.in("moved").disconnectSockets();
  await b.event("disconnect");
});

test("what is said while Redis is away comes when it is back, and clients are told of no gap", async () => {
  const room = newRoom();
  const [a, b] = await Promise.all([one, two].map((server) => enter(server, room)));
  a.emit("say", room, "before");
  for (const each of [a, b]) await heard(each, 1);
  // It hears nothing and says nothing, as when the network is gone, and forgets nothing.
  redis.child.signal("SIGSTOP");
  try {
    a.emit("say", room, "meanwhile 1");
    a.emit("say", room, "meanwhile 2");
    await ask(a, "join", room); // Both are with the server.
    assert.equal(said(a).length, 1);
  } finally {
    redis.child.signal("SIGCONT");
  }
  await heard(b, 3);
  assert.deepEqual(said(b), ["before", "meanwhile 1", "meanwhile 2"]);
  await heard(a, 3);
  assert.deepEqual(said(a), said(b));
  redis.cli("CLIENT", "KILL", "TYPE", "normal");
  for (let i = 0; i < 10; ++i) a.emit("say", room, `cut ${i}`);
  await heard(b, 13);
  assert.deepEqual(said(b).slice(3), Array.from({ length: 10 }, (_, i) => `cut ${i}`));
  assert.ok(![one, two].some(hasNoticed), one.child.log + two.child.log);
  await until(() => serverCount() === 3);
});

test("a Redis that has forgotten everything is noticed, and the cluster goes on", async () => {
  const room = newRoom();
  const [a, b] = await Promise.all([one, two].map((server) => enter(server, room)));
  await redis.kill();
  await redis.start();
  await until(() => serverCount() === 3, undefined, 20_000);
  a.emit("say", room, "again");
  await heard(b, 1);
  await until(() => [one, two].every(hasNoticed));
  b.emit("say", room, "and again");
  await heard(a, 2);
  assert.deepEqual(said(a), ["again", "and again"]);
});
