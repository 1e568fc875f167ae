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
import { test } from "node:test";

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
  const sockets = await listen(members, () =>
    connectSocket(server.url, { ...options, query: { g: "7" } }));
  await oneByOne(count, sockets, "group-message:7", (text) =>
    sockets[0].emit("send", { g: "7", t: 1, text }));
  closeSockets();
  return server.stop();
}

async function sendTexts({ data, tokens, groupId }, count) {
  const server = await startCounted(binary(), (port) =>
    ["serve", "--port", `${port}`, "--data", data, "--shards", "1", "--public-url",
     `http://127.0.0.1:${port}`], surroundings);
  const sockets = await listen(tokens.length, (i) =>
    connectSocket(server.url, { ...options, auth: { token: tokens[i] } }));
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  await oneByOne(count, sockets, `group-message:${groupId}`, async (content) => {
    const body = JSON.stringify({ groupId, content });
    const headers = { Authorization: `Bearer ${tokens[0]}`, "Content-Type": "application/json",
                      "Content-Length": Buffer.byteLength(body) };
    const answer = await request(`${server.url}/api/conversation/group/message/text`,
                                 { method: "POST", headers, body, agent });
    assert.equal(answer.status, 201, answer.body);
  });
  agent.destroy();
  closeSockets();
  return server.stop();
}

// Without messages of its own a run would not have warmed up: tables grow, pages are faulted in.
async function costOf({ few, many, tolerance, instructions }, context, countIn, eachOf = 1) {
  const counts = [await countIn(many), await countIn(few)];
  context.diagnostic(`${counts}`);
  const cost = Math.round((counts[0] - counts[1]) / ((many - few) * eachOf));
  const change = cost / instructions - 1;
  const words = `${cost} instructions, ${instructions} recorded: ${(change * 100).toFixed(1)} %`;
  context.diagnostic(words);
  assert.ok(Math.abs(change) <= tolerance, words);
}

test("a delivery in a fan-out costs as many instructions as recorded", { timeout: 120_000 },
  (context) => {
    const { members } = recorded.delivery;
    return costOf(recorded.delivery, context, (count) => fanOut(members, count), members);
  });

test("a text sent to a group on SQLite costs as many instructions as recorded",
  { timeout: 180_000 },
  async (context) => {
    const filled = await Coterie.start();
    const users = [];
    for (let i = 0; i < recorded.send.members; ++i) users.push(await filled.user(`member${i}`));
    const group = await filled.rest.group(users[0], users.slice(1));
    await filled.stop();
    const facts = { data: filled.data, tokens: users.map(({ token }) => token), groupId: group.id };
    await costOf(recorded.send, context, (count) => sendTexts(facts, count));
  });
