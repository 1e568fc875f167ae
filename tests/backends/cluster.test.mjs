// Two Coterie servers and one on Node are one cluster, over a Redis of their own: what clients of
// each hear of the others, what servers ask each other, and what happens when Redis says nonsense
// or goes away.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { createAdapter } from "@socket.io/redis-adapter";
import { Emitter } from "@socket.io/redis-emitter";
import { Redis } from "ioredis";

import { startRedis } from "../support/backends/redis.mjs";
import { examplesFolder } from "../support/examples.mjs";
import { Child, startListening, until } from "../support/process.mjs";
import { seededRandom } from "../support/random.mjs";
import { features } from "../support/reference_features.mjs";
import * as sockets from "../support/sockets.mjs";

sockets.closeSocketsAfterEach();
const ask = async (...args) => (await sockets.ask(...args))[0];

let redis, one, two, node, publisher, emitter;
const connections = [];

function connectRedis() {
  const client = new Redis({ port: redis.port, host: "127.0.0.1", maxRetriesPerRequest: null,
                             retryStrategy: () => 50 });
  client.on("error", () => {}); // It is away for a while in one of the tests.
  connections.push(client);
  return client;
}

async function startNode() {
  const http = createServer();
  const io = features(http, undefined, {
    adapter: createAdapter(connectRedis(), connectRedis(), { requestsTimeout: 2000 }),
  });
  io.news = [];
  io.on("news", (...args) => io.news.push(args));
  io.on("name", (...args) => args.at(-1)({ name: "node", heard: args.slice(0, -1) }));
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  return { io, url: `http://127.0.0.1:${http.address().port}` };
}

async function startCoterie(name) {
  const program = `${examplesFolder()}/cluster_node`;
  const { child, ports } = await startListening(1, ([port]) =>
    new Child(program, [`${port}`, `redis://127.0.0.1:${redis.port}/`, name]));
  return { child, url: `http://127.0.0.1:${ports[0]}` };
}

// How many servers listen to what is asked in a namespace.
const serverCount = (nsp = "/") =>
  Number(redis.cli("PUBSUB", "NUMSUB", `socket.io-request#${nsp}#`).split("\n")[1]);

before(async () => {
  redis = await startRedis();
  [one, two, node] = await Promise.all([startCoterie("one"), startCoterie("two"), startNode()]);
  publisher = connectRedis();
  emitter = new Emitter(publisher);
  await until(() => serverCount() === 3);
});
after(async () => {
  await node?.io.close();
  for (const server of [one, two].filter(Boolean)) {
    assert.deepEqual(await server.child.stop(), { code: 0, signal: null }, server.child.log);
  }
  for (const connection of connections) connection.disconnect();
  await redis?.stop();
});

const client = (server, path = "", options = {}) =>
  sockets.connectSocket(server.url + path, { transports: ["websocket"], ...options });
// One client on each server: [one, two, node].
const everywhere = (path, options) =>
  Promise.all([one, two, node].map((server) => client(server, path, options)));

let count = 0;
const unique = (word) => `${word} ${++count}`;

// What each client has heard of `event`, when all have heard what each sender said last.
async function heard(clients, senders, event) {
  const fence = unique("fence");
  for (const sender of senders) await ask(sender, "send", {}, fence, 1);
  for (const each of clients) await each.until(() => each.events(fence).length === senders.length);
  return clients.map((each) => each.events(event).map(([what]) => what));
}

// -- broadcasts -----------------------------------------------------------------------------------

test("what one server says to all is heard on all, once and in order", async () => {
  const clients = await everywhere();
  for (const sender of clients) {
    const event = unique("said");
    const what = [1, -1.5, "zwölf ☃", null, true, { deep: [{ er: [] }], empty: {} }, 2 ** 40];
    for (const each of what) await ask(sender, "send", {}, event, each);
    assert.deepEqual(await heard(clients, [sender], event), [what, what, what]);
  }
});

test("rooms, exceptions, flags and senders that spare themselves reach across", async () => {
  const clients = await everywhere();
  const [room, spared] = [unique("room"), unique("spared")];
  const event = unique("said");
  for (const each of clients) await ask(each, "join", room);
  await ask(clients[1], "join", spared);
  for (const [i, sender] of clients.entries()) {
    const orders = [{ rooms: [room] }, { rooms: [room, "nobody"], except: [spared] },
                    { rooms: [spared] }, { fromSocket: true, rooms: [room] },
                    { rooms: [room], volatile: true }, { rooms: [room], uncompressed: true },
                    { rooms: [clients[(i + 1) % 3].id] }, { rooms: ["nobody"] }];
    for (const [n, order] of orders.entries()) {
      if (order.volatile) await heard(clients, [sender], event); // Nobody is busy then.
      await ask(sender, "send", order, event, `${i} ${n}`);
      if (order.volatile) await heard(clients, [sender], event);
    }
  }
  const expected = clients.map((_, at) => clients.flatMap((_, i) => [
    `${i} 0`, at !== 1 && `${i} 1`, at === 1 && `${i} 2`, at !== i && `${i} 3`, `${i} 4`, `${i} 5`,
    at === (i + 1) % 3 && `${i} 6`].filter(Boolean)));
  const sorted = (lists) => lists.map((list) => [...list].sort());
  assert.deepEqual(sorted(await heard(clients, clients, event)), sorted(expected));
});

test("bytes and a megabyte of text arrive as they were sent", async () => {
  const clients = await everywhere();
  const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, i) => i % 256));
  for (const sender of clients) {
    const event = unique("bytes");
    const text = "é".repeat(450_000);
    await ask(sender, "send", {}, event, bytes);
    await ask(sender, "send", {}, event, text);
    assert.deepEqual(await heard(clients, [sender], event), clients.map(() => [bytes, text]));
  }
});

test("local is for one server alone", async () => {
  const clients = await everywhere();
  for (const [i, sender] of clients.entries()) {
    const event = unique("local");
    await ask(sender, "send", { local: true }, event, 1);
    assert.deepEqual(await heard(clients, [sender], event), clients.map((_, at) => at === i ? [1] : []));
  }
});

test("namespaces that clients make are of the cluster as well", async () => {
  for (const pair of [[one, two], [one, node], [node, one]]) {
    const path = `/dynamic-${++count}`;
    const [from, to] = await Promise.all(pair.map((server) => client(server, path)));
    await until(() => serverCount(path) === 2);
    from.emit("all", "hello");
    assert.deepEqual(await to.event("to-all"), ["hello"]);
    from.disconnect();
    to.disconnect();
    await until(() => serverCount(path) === 0, () => `${path} is left`);
  }
});

// -- orders and questions -------------------------------------------------------------------------

const roomsOf = async (asker, id) =>
  (await ask(asker, "fetch", {})).find((each) => each.id === id)?.rooms ?? [];

test("sockets of other servers are sent into rooms, out of them and away", async () => {
  for (const i of [0, 1, 2]) {
    const clients = await everywhere();
    const sender = clients[i];
    for (const other of clients) {
      const room = unique("room");
      await ask(sender, "sockets-join", { rooms: [other.id] }, room);
      await until(async () => (await roomsOf(other, other.id)).includes(room));
      await ask(sender, "sockets-leave", { rooms: [room] }, room);
      await until(async () => !(await roomsOf(other, other.id)).includes(room));
    }
    for (const other of clients.filter((each) => each !== sender)) {
      sender.emit("sockets-disconnect", { rooms: [other.id] }, true);
      await other.event("disconnect");
    }
    assert.equal(sender.connected, true);
    sender.disconnect();
  }
});

test("every server finds the sockets of all", async () => {
  const clients = await everywhere("", { auth: { token: "t" }, query: { q: "1" },
                                         extraHeaders: { "X-Agent": "tester" } });
  for (const [i, each] of clients.entries()) await ask(each, "set-data", { n: i });
  const room = unique("room");
  for (const each of clients.slice(1)) await ask(each, "join", room);
  for (const asker of clients) {
    const found = await ask(asker, "fetch", { rooms: [room] });
    const expected = clients.slice(1).map(({ id }, i) => (
      { id, rooms: [id, room].sort(), data: { n: i + 1 }, auth: { token: "t" } }));
    assert.deepEqual(found, expected.sort((a, b) => (a.id < b.id ? -1 : 1)));
  }
  const census = await ask(clients[0], "census");
  assert.equal(census.missing, 0);
  assert.deepEqual(census.sockets.map(({ id }) => id).sort(), clients.map(({ id }) => id).sort());
  for (const { url, agent, address } of census.sockets) {
    assert.match(url, /^\/socket\.io\/\?q=1&EIO=4&transport=websocket/);
    assert.deepEqual([agent, address.replace("::ffff:", "")], ["tester", "127.0.0.1"]);
  }
  const ours = (await node.io.fetchSockets()).find(({ id }) => id === clients[0].id);
  const { headers, query, issued, time, secure, xdomain, address } = ours.handshake;
  assert.deepEqual([headers["x-agent"], query.q, secure, xdomain, address],
                   ["tester", "1", false, false, "127.0.0.1"]);
  assert.ok(Math.abs(new Date(time) - issued) < 1000 && Math.abs(Date.now() - issued) < 60_000);
});

test("servers tell each other events", async () => {
  const [a, b] = await everywhere();
  node.io.serverSideEmit("news", "of node", { n: 1 });
  assert.equal(await ask(a, "tell-cluster", "of one", [1, null]), "told");
  const news = [["of node", { n: 1 }], ["of one", [1, null]]];
  const told = [[], []];
  await until(async () => {
    told[0].push(...await ask(a, "news"));
    told[1].push(...await ask(b, "news"));
    return told[0].length === 1 && told[1].length === 2 && node.io.news.length === 1;
  }, () => JSON.stringify([told, node.io.news]));
  assert.deepEqual(told[0], [news[0]]);
  assert.deepEqual(told[1].sort(), [...news].sort());
  assert.deepEqual(node.io.news.splice(0), [news[1]]);
});

test("servers ask each other, and know who has not answered", async () => {
  const [a] = await everywhere();
  const by = (name) => ({ name, heard: [1, "two"] });
  const sorted = (answers) => answers.sort((x, y) => (x.name < y.name ? -1 : 1));
  const { answers, missing } = await ask(a, "ask-cluster", "name", 2000);
  assert.deepEqual([sorted(answers), missing], [[by("node"), by("two")], 0]);
  const ofNode = await node.io.serverSideEmitWithAck("name", 1, "two");
  assert.deepEqual(sorted(ofNode), [by("one"), by("two")]);
  assert.deepEqual(await ask(a, "ask-cluster", "nobody", 200), { answers: [], missing: 2 });
});

test("clients of all servers are asked, and answer", async () => {
  const clients = await everywhere();
  for (const [i, each] of clients.entries()) {
    each.on("question", (what, ack) => what !== "two of you?" || i < 2 ? ack(`${what} ${i}`) : 0);
  }
  for (const asker of clients) {
    const expected = [0, 1, 2].map((i) => JSON.stringify(`who? ${i}`));
    assert.deepEqual(await ask(asker, "ask", {}, 5000, "who?"),
                     { answers: expected, isPartial: false });
    assert.deepEqual(await ask(asker, "ask", { rooms: [clients[2].id] }, 5000, "who?"),
                     { answers: expected.slice(2), isPartial: false });
    assert.deepEqual(await ask(asker, "ask", {}, 500, "two of you?"),
                     { answers: [0, 1].map((i) => JSON.stringify(`two of you? ${i}`)), isPartial: true });
  }
});

// -- the emitter ----------------------------------------------------------------------------------

test("an emitter reaches clients of every server", async () => {
  const clients = await everywhere();
  const room = unique("room");
  await ask(clients[1], "join", room);
  const bytes = Buffer.from([7, 8]);
  emitter.emit("plain", 1, bytes);
  const all = await Promise.all(clients.map((each) => each.event("plain")));
  assert.deepEqual(all, clients.map(() => [1, bytes]));
  emitter.to(room).volatile.emit("to room", "x"); // Behind what is unsent it would be dropped.
  emitter.except(room).emit("except", "y");
  emitter.of("/log").emit("elsewhere", 1);
  await clients[1].event("to room");
  await Promise.all([clients[0], clients[2]].map((each) => each.event("except")));
  emitter.in(clients[0].id).socketsJoin("made");
  emitter.in("made").emit("to made", 1); // Another channel, but behind it.
  await until(async () => (await roomsOf(clients[0], clients[0].id)).includes("made"));
  emitter.serverSideEmit("news", "of the emitter");
  await until(async () => (await ask(clients[0], "news")).length === 1);
  emitter.in(clients[0].id).disconnectSockets();
  await clients[0].event("disconnect");
  const counts = clients.map((each) =>
    ["plain", "to room", "except", "elsewhere"].map((event) => each.events(event).length));
  assert.deepEqual(counts, [[1, 0, 1, 0], [1, 1, 0, 0], [1, 0, 1, 0]]);
  node.io.news.splice(0);
});

// -- trouble --------------------------------------------------------------------------------------

test("while Redis is away each server serves its own, and then they are one again", async () => {
  const clients = await everywhere();
  const neighbour = await client(one);
  await redis.kill();
  await ask(clients[0], "send", {}, "meanwhile", 1);
  assert.deepEqual(await neighbour.event("meanwhile"), [1]);
  const census = await until(async () => {
    const each = await ask(clients[0], "census");
    return each.missing > 0 && each;
  });
  assert.deepEqual(census.sockets.map(({ id }) => id).sort(), [clients[0].id, neighbour.id].sort());
  await until(async () => (await ask(clients[0], "ask-cluster", "name", 1000)).missing > 0);
  await ask(clients[0], "send", {}, "while away", 2);
  await redis.start();
  await until(() => serverCount() === 3, undefined, 20_000);
  const event = unique("again");
  for (const sender of clients) await ask(sender, "send", {}, event, "back");
  for (const each of clients) await each.until(() => each.events(event).length === 3);
  // It waited, for those who were subscribed again by then.
  assert.ok([0, 1].includes(clients[1].events("while away").length));
  assert.deepEqual(await ask(clients[0], "ask-cluster", "name", 2000).then((all) => all.missing), 0);
});

function hostileMessages() {
  const packed = (...values) => Buffer.concat(values.map((each) => Buffer.from(each, "hex")));
  const broadcast = Buffer.from("93a661474b59324883a47479706502a46461746192a17201a36e7370a12f83a5726f" +
                                "6f6d7390a665786365707490a5666c61677380", "hex");
  const nested = (open, depth, close = "") => open.repeat(depth) + close.repeat(depth);
  const texts = [
    "{", "{}", "[]", "null", '{"type":null}', '{"type":99}', '{"type":-1}', '{"type":"5"}', '{"type":5}',
    '{"type":5,"requestId":"x","opts":null}', '{"type":5,"requestId":"x","opts":{"rooms":7,"except":{}}}',
    '{"type":2,"opts":{"rooms":[],"except":[]}}', '{"type":2,"opts":{"rooms":[[]]},"rooms":["x"]}',
    '{"type":2,"sid":"nobody","room":"x","requestId":"x"}', '{"type":4,"opts":{"rooms":{}},"close":true}',
    '{"type":4}', '{"type":6,"data":null}', '{"type":6,"data":[]}', '{"type":6,"data":[{}]}',
    '{"type":6,"data":["__proto__"],"requestId":7}', '{"type":7,"requestId":"x","packet":null,"opts":{}}',
    '{"type":7,"requestId":"x","packet":{"type":2,"data":["disconnect"],"nsp":"/"},"opts":{}}',
    '{"type":7,"requestId":"x","packet":{"type":3,"data":["a"],"nsp":"/"},"opts":{}}',
    `{"uid":"${"u".repeat(100_000)}","type":1,"requestId":"x"}`,
    '{"type":8,"requestId":"x","clientCount":-1}', '{"type":8,"requestId":"x","clientCount":1e300}',
    '{"requestId":"x","sockets":[null,{},{"id":"x","handshake":{"headers":{"a\\nb":"c\\nd"},"url":"\\n"}}]}',
    nested('{"a":', 100_000), nested("[", 400_000, "]"), '{"type":6,"data":["\ud800"]}',
  ].map((text) => Buffer.from(text));
  return [
    ...texts,
    ...["c1", "93", "", "7b", "c0", "9300", "dfffffffff", "ddffffffff", "dbffffffff", "c6ffffffff",
        "c9ffffffff00", "d9", "cf00", "81", "a1ff", "d60000", "93a178c0c0", "93a17882a474797065c0c080",
        "8101", "93a3666f6f83a47479706502a46461746191c0a36e7370a12f80"].map((each) => packed(each)),
    Buffer.alloc(400_000, 0x91), Buffer.alloc(400_000, 0x81), Buffer.alloc(1_000_000, 0xc0),
    Buffer.alloc(300_000, 0xa0), broadcast.subarray(0, -1), Buffer.concat([broadcast, Buffer.of(0)]),
  ].flatMap((each) => [each, Buffer.concat([Buffer.of(0x7b), each])]);
}

// The last one: Node's server would not live through it.
test("nonsense on any channel does no harm", async () => {
  const clients = await Promise.all([client(one), client(two)]);
  await node.io.close();
  await until(() => serverCount() === 2);
  const uid = redis.cli("PUBSUB", "CHANNELS", "socket.io-response#/#?*").split("\n")[0];
  const channels = ["socket.io#/#", "socket.io#/#room#", "socket.io#/##", "socket.io#/#\xff",
                    "socket.io-request#/#", "socket.io-response#/#", uid];
  const before = one.child.memory();
  const hostile = hostileMessages();
  for (const channel of channels) {
    await Promise.all(hostile.map((message) => publisher.publish(channel, message)));
  }
  const random = seededRandom(7);
  const seeds = [
    Buffer.from("93a661474b59324883a47479706502a46461746192a362696ec40401020304a36e7370a12f83a5726f6f6d" +
                "7390a665786365707490a5666c61677380", "hex"),
    Buffer.from("85a3756964a661474b593248a9726571756573744964a6352d504b3645a47479706507a67061636b65748" +
                "3a47479706502a46461746192a361736b01a36e7370a12fa46f70747383a5726f6f6d7390a6657863657074" +
                "90a5666c61677381a774696d656f7574cd01f4", "hex"),
    Buffer.from('{"uid":"aGKY2H","requestId":"Qn75ye","type":5,"opts":{"rooms":[],"except":[]}}'),
    Buffer.from('{"uid":"aGKY2H","type":6,"data":["sse","x",{"a":1}]}'),
  ];
  for (let i = 0; i < 2000; ++i) {
    const message = Buffer.from(seeds[i % seeds.length]);
    for (let n = 0; n < 3; ++n) message[random.below(message.length)] = random.below(256);
    publisher.publish(random.pick(channels), message);
  }
  const event = unique("alive");
  for (const each of clients) await ask(each, "send", {}, event, "yes");
  for (const each of clients) await each.until(() => each.events(event).length === 2);
  assert.equal((await ask(clients[0], "census")).missing, 0);
  assert.ok(one.child.isRunning && two.child.isRunning);
  const grown = one.child.memory() - before;
  assert.ok(grown < 300e6, `${grown} bytes more`);
});
