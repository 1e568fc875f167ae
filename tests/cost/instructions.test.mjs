// What a delivery and a send cost, counted in instructions: times are too noisy for a test.
//
// Each program runs twice, once with few messages and once with many, one at a time: the difference
// is what the messages cost, whatever starting, connecting and ending do. What was recorded is in
// recorded.json; who makes something dearer or cheaper by more than the tolerance changes it there,
// on purpose and with a reason. The counts are of a release build by the compiler of the presets.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Agent } from "node:http";
import { before, describe, test } from "node:test";

import { startCounted } from "../support/callgrind.mjs";
import { Coterie, binary, surroundings } from "../support/coterie.mjs";
import { examplesFolder } from "../support/examples.mjs";
import { request } from "../support/http.mjs";
import { until } from "../support/process.mjs";
import { closeSockets, connectSocket } from "../support/sockets.mjs";

const recorded = JSON.parse(readFileSync(new URL("recorded.json", import.meta.url), "utf8"));

// Says each of `count` texts when all listeners have heard the one before.
async function oneByOne(count, listeners, event, say) {
  let heard = 0;
  for (const listener of listeners) listener.on(event, () => ++heard);
  for (let i = 1; i <= count; ++i) {
    await say(`message ${i}`.padEnd(80, "x"));
    await until(() => heard >= i * listeners.length, () => `${event} ${i}: ${heard} heard`, 30_000);
  }
  assert.equal(heard, count * listeners.length);
}

// Pings come by the clock, and so more often where the machine is slow: none, in a short test.
const listen = (count, connect) => Promise.all(Array.from({ length: count }, (_, i) => connect(i)));
const options = { transports: ["websocket"] };

async function fanOut(members, count) {
  const server = await startCounted(`${examplesFolder()}/rooms`, (port) => [`${port}`, "1"]);
  try {
    const sockets = await listen(members, () =>
      connectSocket(server.url, { ...options, query: { g: "7" } }));
    await oneByOne(count, sockets, "group-message:7", (text) =>
      sockets[0].emit("send", { g: "7", t: 1, text }));
    closeSockets();
    return await server.stop();
  } finally {
    closeSockets();
    server.child.signal("SIGKILL");
  }
}

// The chat server counted while `use` talks to it through ask(method, path, json). One thread for the
// database: each would open it for itself, at a moment that chance chooses.
async function countChat({ data, tokens }, use) {
  const server = await startCounted(binary(), (port) =>
    ["serve", "--port", `${port}`, "--data", data, "--shards", "1", "--db-workers", "1",
     "--public-url", `http://127.0.0.1:${port}`], surroundings);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = async (method, path, json) => {
    const body = json && JSON.stringify(json);
    const headers = { Authorization: `Bearer ${tokens[0]}`, "Content-Type": "application/json",
                      "Content-Length": Buffer.byteLength(body ?? "") };
    const answer = await request(server.url + path, { method, headers, body, agent, timeout: 30_000 });
    assert.equal(answer.status, json ? 201 : 200, answer.body);
  };
  try {
    await use(server, ask);
    agent.destroy();
    closeSockets();
    return await server.stop();
  } finally {
    agent.destroy();
    closeSockets();
    server.child.signal("SIGKILL");
  }
}

const sendTexts = (facts, count) => countChat(facts, async (server, ask) => {
  const { tokens, groupId } = facts;
  const sockets = await listen(tokens.length, (i) =>
    connectSocket(server.url, { ...options, auth: { token: tokens[i] } }));
  await oneByOne(count, sockets, `group-message:${groupId}`, (content) =>
    ask("POST", "/api/conversation/group/message/text", { groupId, content }));
});

const read = (facts, path, count) => countChat(facts, async (_, ask) => {
  for (let i = 0; i < count; ++i) await ask("GET", path);
});

async function costOf({ few, many, tolerance, instructions, of = 1 }, context, countIn) {
  const cost = Math.round((await countIn(many) - await countIn(few)) / ((many - few) * of));
  const change = cost / instructions - 1;
  const words = `${context.name}: ${cost} instructions, ${instructions} recorded, ` +
                `${(change * 100).toFixed(1)} %`;
  context.diagnostic(words);
  assert.ok(Math.abs(change) <= tolerance, words);
}

test("a delivery in a fan-out costs what is recorded", { timeout: 120_000 },
  (context) => costOf(recorded.delivery, context, (count) => fanOut(recorded.delivery.of, count)));

describe("on SQLite", () => {
  let facts;
  // Ten members; a group with a history, and 20 groups of the first of them.
  before(async () => {
    const server = await Coterie.start();
    const users = [];
    for (let i = 0; i < 10; ++i) users.push(await server.user(`member${i}`));
    const groups = [await server.rest.group(users[0], users.slice(1))];
    for (let i = 1; i < 20; ++i) groups.push(await server.rest.group(users[0], [], `group ${i}`));
    for (const { id } of groups) await server.rest.text(users[0].token, id, "one to begin with");
    for (let i = 0; i < 100; ++i) await server.rest.text(users[0].token, groups[0].id, "x".repeat(80));
    await server.stop();
    facts = { data: server.data, tokens: users.map(({ token }) => token), groupId: groups[0].id };
  });

  test("a page of 30 messages costs what is recorded", { timeout: 120_000 },
    (context) => {
      const path = `/api/conversation/group/message/list?groupId=${facts.groupId}&size=30`;
      return costOf(recorded.page, context, (count) => read(facts, path, count));
    });

  test("a list of 20 conversations costs what is recorded", { timeout: 120_000 },
    (context) => costOf(recorded.list, context,
                        (count) => read(facts, "/api/conversation/list", count)));

  test("a text sent to ten members costs what is recorded", { timeout: 120_000 },
    (context) => costOf(recorded.send, context, (count) => sendTexts(facts, count)));
});
