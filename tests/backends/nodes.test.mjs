// Two servers of the chat on one Redis, one MariaDB and one folder of files: members of a group hear
// each other wherever they are, what happens on one node is so on the other, and what happens when
// Redis or a node goes away. Over publish and subscribe; streams_nodes.test.mjs runs the same over
// streams.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Emitter } from "@socket.io/redis-emitter";
import { Redis } from "ioredis";

import { startMariadb } from "../support/backends/mariadb.mjs";
import { startRedis } from "../support/backends/redis.mjs";
import { Coterie, password, surroundings, temporaryFolder } from "../support/coterie.mjs";
import { until } from "../support/process.mjs";
import { picture, png } from "../support/rest.mjs";
import { ask, closeSocketsAfterEach, connectSocket } from "../support/sockets.mjs";

const isOverStreams = surroundings.COTERIE_CLUSTER_ADAPTER === "streams";

let mariadb, redis, one, two, alice, bobby;

// A data folder of its own, with the folder of files that all nodes share.
function dataFolder(files) {
  const data = temporaryFolder();
  symlinkSync(files, join(data, "files"));
  return data;
}

// How many nodes hear what is asked.
const listening = () => {
  const channel = isOverStreams ? "socket.io#/#" : "socket.io-request#/#";
  return Number(redis.cli("PUBSUB", "NUMSUB", channel).split("\n")[1]);
};

before(async () => {
  [mariadb, redis] = await Promise.all([
    // It keeps the log-ins when it is killed.
    startMariadb(), startRedis("--appendonly", "yes", "--dir", temporaryFolder())]);
  mariadb.sql("CREATE DATABASE chat");
  const files = join(temporaryFolder(), "shared");
  mkdirSync(files);
  const env = { ...mariadb.settings("chat"), ...redis.settings, COTERIE_SWEEP_SECONDS: "1",
                COTERIE_PRESENCE_GRACE_SECONDS: "1" };
  // At the same moment: both migrate, and both propose a secret.
  [one, two] = await Promise.all(["one", "two"].map((name) =>
    Coterie.start({ data: dataFolder(files), env, flags: ["--node-name", name] })));
  await until(() => listening() === 2);
  alice = await one.user("alice1");
  bobby = await two.user("bobby1");
});
after(async () => {
  for (const node of [one, two]) if (node?.child.isRunning) await node.remove();
  await redis?.stop();
  await mariadb?.remove();
});
closeSocketsAfterEach();

const connect = (node, { token }, options = {}) =>
  connectSocket(node.url, { auth: { token }, transports: ["websocket"], ...options });
const texts = (socket, group) =>
  socket.events(`group-message:${group.id}`).map(([{ content }]) => content);
const hears = (socket, group, content, milliseconds) =>
  socket.until(() => texts(socket, group).includes(content), milliseconds);
let count = 0;
const unique = (word) => `${word} ${++count}`;

// Both nodes hear each other: each says something in `group` until a member on the other hears it.
async function together(group, sockets) {
  for (const [node, who, listener] of [[one, alice, sockets[1]], [two, bobby, sockets[0]]]) {
    await until(async () => {
      const content = unique("are you there");
      await node.rest.text(who.token, group.id, content);
      return hears(listener, group, content, 300).catch(() => false);
    }, () => `${node.url} is heard by the other`, 30_000);
  }
}

// What `sync` has behind a number.
async function missing(socket, group, afterSeq) {
  const found = [];
  for (let isMore = true; isMore;) {
    const wanted = { groupId: group.id, afterSeq: afterSeq + found.length };
    const [{ groups: [{ messages, hasMore }] }] = await ask(socket, "sync", { groups: [wanted] });
    found.push(...messages.map(({ content }) => content));
    isMore = hasMore;
  }
  return found;
}

test("a log-in and a link of one node are good on the other: they share a secret", async () => {
  for (const node of [one, two]) {
    for (const { token, id } of [alice, bobby]) {
      assert.equal((await node.rest.data("GET", "/api/user", { token })).id, id);
    }
  }
  const cover = await one.rest.data("POST", "/api/group/cover",
                                    { token: alice.token, form: [["file", picture()]] });
  const { pathname, search } = new URL(cover.url);
  assert.deepEqual((await two.rest.get(pathname + search)).bytes, png);
  // Should Redis forget it, all would propose the same.
  const [first, second] = [one, two].map(({ data }) => readFileSync(join(data, "secret"), "utf8"));
  assert.equal(first, second);
});

test("members on either node hear what is sent on either, in the order of ids", async () => {
  const group = await one.rest.group(alice, [bobby]);
  const sockets = [await connect(one, alice), await connect(two, alice), await connect(one, bobby),
                   await connect(two, bobby)];
  const sent = [];
  for (let i = 0; i < 20; ++i) {
    const [node, who] = [[one, alice], [two, bobby], [two, alice], [one, bobby]][i % 4];
    sent.push(await node.rest.text(who.token, group.id, `${i}`));
    // The next is sent when this one is everywhere: nodes at the same time promise no order.
    for (const socket of sockets) await hears(socket, group, `${i}`);
  }
  for (const socket of sockets) {
    assert.deepEqual(texts(socket, group), sent.map(({ content }) => content));
  }
});

test("who joins a group on one node hears it on the other at once", async () => {
  const group = await one.rest.group(alice);
  const socket = await connect(two, bobby);
  await one.rest.data("GET", `/api/group/join/${group.inviteCode}`, { token: bobby.token });
  await one.rest.text(alice.token, group.id, "welcome");
  await hears(socket, group, "welcome");
});

test("a log-out on one node ends the sockets of that log-in on the other, and no others", async () => {
  const token = await one.token(bobby.username);
  const [ended, kept] = [await connect(two, { token }), await connect(two, bobby)];
  await one.rest.data("GET", "/api/auth/logout", { token });
  assert.deepEqual(await ended.event("disconnect"), ["io server disconnect"]);
  assert.deepEqual(ended.events("authFail"), [[]]);
  assert.ok(kept.connected);
});

test("a read mark of one device reaches the user's others on the other node", async () => {
  const group = await one.rest.group(alice, [bobby]);
  const sent = await one.rest.text(alice.token, group.id, "read me");
  const { id } = (await two.rest.data("GET", "/api/conversation/list", { token: bobby.token }))
    .find(({ groupId }) => groupId === group.id);
  const [phone, laptop] = [await connect(one, bobby), await connect(two, bobby)];
  await ask(phone, "update-last-msg", { id, messageId: sent.id });
  assert.equal((await laptop.event("read-mark"))[0].lastMsgId, sent.id);
});

test("who is online on one node is seen on the other, and heard when he types", async () => {
  const group = await one.rest.group(alice, [bobby]);
  const here = await connect(one, alice);
  const there = await connect(two, bobby);
  const [{ online }] = await ask(here, "watch-presence", { groupId: group.id });
  const isOnline = ({ id }) => here.events(`presence:${group.id}`).reduce((is, [change]) =>
    (change.online.includes(id) || is) && !change.offline.includes(id), online.includes(id));
  assert.ok(isOnline(alice));
  await until(() => isOnline(bobby), undefined, 30_000);
  there.emit("typing", { groupId: group.id });
  assert.deepEqual(await here.event(`typing:${group.id}`), [{ userId: bobby.id }]);
  const moved = await connect(one, bobby);
  there.disconnect();
  assert.deepEqual((await ask(moved, "watch-presence", { groupId: group.id }))[0].online.sort(),
                   [alice.id, bobby.id].sort());
  moved.disconnect();
  await until(() => !isOnline(bobby), undefined, 30_000);
  assert.ok(isOnline(alice));
});

test("an administrator sees the connections of all nodes, and ends them", async () => {
  await one.command("user", "add", "olga_ops", "--admin", "--password", password,
                    "--email", "olga@example.com");
  const token = await one.token("olga_ops");
  const asked = (node, path) => node.rest.data("GET", `/api/admin${path}`, { token });
  const [here, there] = [await connect(one, alice), await connect(two, bobby)];
  for (const node of [one, two]) {
    // Those of tests before may still be leaving.
    await until(async () => (await asked(node, "")).connections === 2);
    const listed = await asked(node, "/connections");
    assert.deepEqual(listed.map(({ id, username, node: at }) => [id, username, at]),
                     [[there.id, "bobby1", "two"], [here.id, "alice1", "one"]]);
  }
  await one.rest.data("POST", "/api/admin/disconnect", { token, json: { id: there.id } });
  await there.event("disconnect");
  assert.ok(here.connected);
});

test("each node knows of the other, and says what both need", async () => {
  for (const [node, other] of [[one, "two"], [two, "one"]]) {
    await until(() => node.log.includes(`node ${other} is part of this chat, too`), () => node.log);
  }
});

if (!isOverStreams) test("an emitter of another process reaches clients of every node", async () => {
  const group = await one.rest.group(alice, [bobby]);
  const sockets = [await connect(one, alice), await connect(two, bobby)];
  const publisher = new Redis({ port: redis.port, host: "127.0.0.1" });
  new Emitter(publisher).to(`group:${group.id}`).emit("announcement", { from: "a script" });
  for (const socket of sockets) {
    assert.deepEqual(await socket.event("announcement"), [{ from: "a script" }]);
  }
  publisher.disconnect();
});

test("while Redis is away a node goes on with its own (over streams what is said waits); when it is " +
     "back all hear resync, and then each other", async () => {
  const group = await one.rest.group(alice, [bobby]);
  const sockets = [await connect(one, alice), await connect(two, bobby), await connect(one, bobby)];
  const before = sockets.map((socket) => socket.events("resync").length);
  await redis.kill();
  await one.rest.text(alice.token, group.id, "among us");
  const hearers = isOverStreams ? sockets : [sockets[0], sockets[2]];
  const allHear = () => Promise.all(hearers.map((socket) => hears(socket, group, "among us", 30_000)));
  if (!isOverStreams) await allHear();
  await redis.start();
  for (const [i, socket] of sockets.entries()) {
    await socket.until((got) => got.filter(([name]) => name === "resync").length > before[i], 30_000);
  }
  await allHear();
  // Whoever asks then misses nothing.
  const [answer] = await ask(sockets[1], "sync", { groups: [{ groupId: group.id, afterSeq: 0 }] });
  assert.deepEqual(answer.groups[0].messages.map(({ content }) => content), ["among us"]);
  await together(group, sockets);
  for (const hearer of hearers) {
    assert.deepEqual(texts(hearer, group).filter((text) => text === "among us"), ["among us"]);
  }
});

// A stopped node lays its clients' sessions into Redis, where the other finds them with streams.
for (const [end, isRecovered] of [["stop", isOverStreams], ["kill", false]]) {
  test(`after the ${end} of a node its clients come to the other by themselves, and miss nothing` +
       (isRecovered ? ": they continue there" : ": they ask for it"), async () => {
    const group = await one.rest.group(alice, [bobby]);
    const options = { reconnection: true, reconnectionDelay: 50 };
    const sockets = [await connect(two, bobby, options), await connect(one, alice)];
    const [moving, staying] = sockets;
    let count = 0;
    let isOver = false;
    const sending = (async () => {
      while (!isOver) {
        await one.rest.text(alice.token, group.id, `${++count}`);
        await sleep(10);
      }
    })();
    try {
      for (const socket of sockets) await hears(socket, group, "5");
      moving.io.uri = one.url; // As what stands in front of both would do.
      await two[end]();
      await moving.event("connect", 1);
    } finally {
      isOver = true;
      await sending;
    }
    assert.equal(moving.recovered, isRecovered);
    await one.rest.text(alice.token, group.id, `${++count}`);
    const sent = Array.from({ length: count }, (_, i) => `${i + 1}`);
    for (const socket of sockets) await hears(socket, group, sent.at(-1));
    assert.deepEqual(texts(staying, group), sent);
    const known = texts(moving, group);
    if (!isRecovered) {
      // What came before, and behind that what is asked for.
      const gap = known.findIndex((text, i) => text !== sent[i]);
      const whole = gap < 0 ? known.length : gap;
      known.splice(whole, Infinity, ...await missing(moving, group, whole));
    }
    assert.deepEqual(known, sent);
    await two.startAgain();
    await until(() => listening() === 2, undefined, 30_000);
    await together(group, [staying, await connect(two, bobby)]);
  });
}
