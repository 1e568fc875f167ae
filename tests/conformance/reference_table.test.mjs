// The same bytes to our server and to Node's, and what comes back: it must be the same, but for the
// rows that say otherwise. What other files try on both servers is not repeated here.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { openWebSocket, PollingSession, textFrame } from "../support/engineio.mjs";
import { compareServers } from "../support/examples.mjs";
import { RawConnection } from "../support/http.mjs";
import { RawClient } from "../support/socketio.mjs";
import { frame, upgradeRequest } from "../support/websocket.mjs";

// What differs between any two answers, or says nothing about the protocol.
const unimportant = ["date", "connection", "keep-alive", "content-length", "transfer-encoding"];

const withoutIds = (text) => text.replace(/"sid":"[A-Za-z0-9_-]{20}"/g, '"sid":SID');

function inShort({ status, headers, body }) {
  const ofNothing = body === "" ? ["content-type"] : [];
  const kept = Object.entries(headers)
    .filter(([name]) => ![...unimportant, ...ofNothing].includes(name)).sort();
  return [status, Object.fromEntries(kept), withoutIds(body)];
}

// One request on a connection of its own, written by hand.
async function answerTo(port, bytes, milliseconds = 5000) {
  const connection = await RawConnection.open(port);
  await connection.send(bytes);
  const answered = () => connection.untilResponses(1, milliseconds);
  const came = (await answered()) ? inShort(connection.responses()[0]) : "no answer";
  connection.destroy();
  return came;
}

const http = (method, target, headers = {}, body = "") => {
  const length = body ? { "Content-Length": Buffer.byteLength(body) } : {};
  const lines = Object.entries({ Host: "x", ...headers, ...length });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return Buffer.concat([Buffer.from(`${method} ${target} HTTP/1.1\r\n${head}\r\n`, "latin1"),
                        Buffer.from(body)]);
};

const noHttp = { coterie: [400], node: [400], why: "both refuse it as HTTP, in their own words" };
const handshake = "/engine.io/?EIO=4&transport=polling";
const upgrade = "/engine.io/?EIO=4&transport=websocket";

// Requests without a session: [what, bytes, how we differ].
const requests = [
  ["PATCH is no handshake", http("PATCH", handshake)],
  ["nor is a POST with a body", http("POST", handshake, {}, "4x")],
  ["an Origin with a control character", http("GET", handshake, { Origin: "http://a\x7fb" }), noHttp],
  ["an Origin with a tab", http("GET", handshake, { Origin: "http://a\tb" })],
  ["an Origin beyond ASCII", http("GET", handshake, { Origin: "http://\xe9.example" })],
  ["an error with an Origin", http("GET", "/engine.io/?EIO=4", { Origin: "http://a.example" })],
  ["a method error with an Origin", http("PUT", handshake, { Origin: "http://a.example" })],
  ["the transport comes before the method", http("POST", "/engine.io/?EIO=4&transport=x")],
  ["the transport comes before the session", http("GET", "/engine.io/?EIO=4&transport=x&sid=y")],
  ["the session comes before the method", http("PUT", `${handshake}&sid=nobody`)],
  ["the session comes before the revision", http("GET", "/engine.io/?EIO=3&transport=polling&sid=y")],
  ["the method comes before the revision", http("POST", "/engine.io/?EIO=3&transport=polling")],
  ["a missing upgrade comes before the revision", http("GET", "/engine.io/?EIO=3&transport=websocket")],
  ["a plus and an escape in a value", http("GET", "/engine.io/?EIO=4&transport=polling&t=a+b%20c%zz")],
  ["a query in pieces", http("GET", "/engine.io/?&&EIO=4&&=x&transport=polling&y&")],
  ["semicolons part nothing", http("GET", "/engine.io/?EIO=4;transport=polling")],
  ["a question mark in the query", http("GET", "/engine.io/?EIO=4&transport=polling&x=a?b")],
  ["brackets in a key", http("GET", "/engine.io/?EIO[]=4&transport[x]=polling")],
  ["an old browser", http("GET", handshake, { "User-Agent": "Mozilla/4.0 (compatible;MSIE 8.0)" })],
  ["b64 changes nothing for text", http("GET", `${handshake}&b64=1`)],
];

// Upgrades: [what, target, headers, how we differ]; the answer's status, fields and first frames.
const upgrades = [
  ["a fine one", upgrade, {}],
  ["version 8", upgrade, { "Sec-WebSocket-Version": "8" },
   { coterie: [400, "Missing or invalid Sec-WebSocket-Version header"], node: [101, "0{"],
     why: "8 was a draft; RFC 6455 is 13" }],
  ["a subprotocol", upgrade, { "Sec-WebSocket-Protocol": "chat, superchat" }],
  ["an Origin with a control character", upgrade, { Origin: "http://a\x7fb" },
   { coterie: [400, "Malformed HTTP request"], node: [400, ""], why: noHttp.why }],
  ["PUT", upgrade, {}, undefined, "PUT"],
  ["the transport comes before the session", "/engine.io/?EIO=4&transport=x&sid=y", {}],
  ["the session comes before the revision", "/engine.io/?EIO=3&transport=websocket&sid=y", {}],
  ["an unknown path", "/nothing/", {},
   { coterie: [404, ""], node: "no answer", why: "a clear answer, where Node closes after a second" }],
];

async function upgradeSeen(port, target, headers, method) {
  const connection = await RawConnection.open(port);
  await connection.send(Buffer.from(upgradeRequest(target, { headers, method }), "latin1"));
  await connection.until(() => /\r\n\r\n[^]{2}/.test(connection.text) || connection.isClosed);
  const [, status, body] = /^HTTP\/1\.1 (\d+)[^]*?\r\n\r\n([^]*)/.exec(connection.text) ?? [];
  const fields = connection.text.split("\r\n\r\n")[0].split("\r\n").slice(1)
    .map((line) => line.split(":")[0].toLowerCase()).filter((name) => name !== "date").sort();
  connection.destroy();
  if (status === undefined) return { short: "no answer", fields };
  // Of a 101: what the frame behind it begins with, without its header.
  const words = status === "101" ? body.slice(4, 6) : body;
  return { short: [Number(status), words], fields };
}

// With a session on polling: [what, talk(session, port), how we differ].
const sessions = [
  ["HEAD", (s) => s.request({ method: "HEAD" })],
  ["OPTIONS", (s) => s.request({ method: "OPTIONS" })],
  ["a POST of JSON", async (s) => [await s.post("4x", { headers: { "Content-Type": "application/json" } }),
                                   await s.poll()]],
  ["a POST without a type", async (s) => [await s.request({ method: "POST", body: "4x" }),
                                          await s.poll()]],
  ["a POST of octets that names a charset", async (s) => [
    await s.post("4x", { headers: { "Content-Type": "application/octet-stream; charset=x" } }),
    await s.poll()]],
  ["a POST of a form, as old JSONP had it", async (s) => [
    await s.post("4x", { headers: { "Content-Type": "application/x-www-form-urlencoded" } }),
    await s.poll()]],
  ["a poll that accepts gzip, of a short answer", async (s) => [
    await s.post("4x"), await s.request({ headers: { "Accept-Encoding": "gzip, deflate, br" } })]],
  ["a poll with b64", async (s, port) => [await s.post("bAQI="),
                                          await answerTo(port, http("GET", `${s.target()}&b64=1`))]],
  ["a poll with a body", async (s, port) => [await s.post("4x"),
                                             await answerTo(port, http("GET", s.target(), {}, "4y"))]],
  ["two POSTs at once over two connections", async (s) => {
    const answers = await Promise.all([s.post("4a"), s.post("4b")]);
    return [...answers.map(({ status }) => status), (await s.poll()).packets.sort()];
  }],
  ["a body of another session's size limit", (s) => s.post(`4${"é".repeat(499_999)}`)],
  ["a hundred sessions are a hundred sids", async (s, port) => {
    const sids = new Set();
    for (let i = 0; i < 100; ++i) {
      sids.add((await PollingSession.open({ url: `http://127.0.0.1:${port}`, path: "/engine.io/" })).sid);
    }
    return sids.size;
  }],
  ["a poll that is parked when the upgrade comes", async (s) => {
    const socket = await s.websocket();
    await socket.send(textFrame("2probe"));
    await socket.next();
    const parked = s.poll();
    await sleep(20);
    await socket.send(textFrame("5"), textFrame("4up"));
    return [(await parked).body, await socket.next()];
  }, { coterie: ["6", ["text", "4up"]], node: ["1", ["text", "4up"]],
       why: "a noop is kinder than a close to a client that is a little late" }],
  ["a message on the wrong WebSocket and then the right one", async (s) => {
    const wrong = await s.websocket();
    await wrong.send(textFrame("4x"));
    const [end] = await wrong.next();
    const right = await s.websocket();
    await right.send(textFrame("2probe"));
    const probed = await right.next();
    await right.send(textFrame("5"), textFrame("4y"));
    return [end === "silence", probed, await right.next()];
  }],
  ["queued before, during and behind an upgrade", async (s) => {
    await s.post("4a");
    const socket = await s.websocket();
    await socket.send(textFrame("2probe"));
    await socket.next();
    const fetched = (await s.poll()).packets;
    await s.post("4b\x1ebAQI=");
    await socket.send(textFrame("5"), textFrame("4c"));
    return [fetched, await socket.next(), await socket.next(), await socket.next()];
  }],
];

// On WebSocket from the start: [what, frames, how we differ]. Ends with the echo of "4end".
const conversations = [
  ["a separator is data", [textFrame("4a\x1e4b")]],
  ["binary as text", [textFrame("bAQI=")]],
  ["open, upgrade and noop are ignored", [textFrame('0{"sid":"x"}'), textFrame("5"), textFrame("6")]],
  ["a pong with words", [textFrame("3probe"), textFrame("3")]],
  ["a ping with words", [textFrame("2probe")]],
  ["an empty text", [textFrame("")]],
  ["type 7", [textFrame("7")]],
  ["a letter", [textFrame("x")]],
  ["text and binary by turns", [textFrame("4a"), frame("binary", "b"), textFrame("4"), frame("binary")]],
];

async function conversation(place, frames) {
  const socket = await openWebSocket(place);
  await socket.send(...frames, textFrame("4end"));
  const seen = [];
  do seen.push(await socket.next()); while (seen.at(-1)[1] !== "4end" && seen.at(-1).length > 1);
  socket.destroy();
  return seen;
}

// Socket.IO over a WebSocket: [what, packets, how we differ]; each group of packets is sent when what
// the one before has brought is in. Ends with what the last one has brought, or the close.
const talks = [
  ["a refusal with details, and another try", [['0{"refuse":"no"}'], ["0"]]],
  ["a refusal elsewhere while one is in", [["0"], ['0/1,{"refuse":"no"}'], ["0/1,"]]],
  ["the server ends the socket; it may come back", [["0"], ['2["leave-me"]'], ["0"]]],
  ["the server ends one of two", [["0"], ["0/other,"], ['2/other,["leave-me"]']]],
  ["the server ends the connection", [["0"], ["0/1,"], ['2["echo",1]', '2["close-me"]']]],
  ["an event for a socket that the server has ended", [["0"], ['2["leave-me"]'], ['2["echo",1]']]],
  ["a question and its answer", [["0"], ['2["ask",1]'], ['3ID["a",{"b":2}]']]],
  ["a question answered twice", [["0"], ['2["ask",1]'], ["3ID[1]"], ["3ID[2]"]]],
  ["a question answered under another number", [["0"], ['2["ask",1]'], ["3777[1]"], ["3ID[2]"]]],
  ["an ack for another namespace's question",
   [["0"], ["0/1,"], ['2["ask",1]'], ["3/1,ID[1]"], ["3ID[2]"]]],
  ["rooms are a namespace's own", [["0"], ["0/1,"], ['21["join","r"]'], ['2/1,["tell","r",1]']]],
  ["one does not hear what one tells a room", [["0"], ['21["join","r"]'], ['2["tell","r",1]']]],
  ["what is told to all, the teller hears, too", [["0"], ['2["tell-all","x",{"a":[]}]']]],
  ["an ack without arguments is an empty list", [["0"], ['21["echo-ack"]']]],
  ["id 0", [["0"], ['20["echo-ack","a"]']]],
  ["leading zeros of an id", [["0"], ['2007["echo-ack","a"]']]],
  ["an id on CONNECT", [["05{}"]]],
  ["white space in front of a payload", [["0"], ['21 ["echo-ack"]']],
   { coterie: ["closed"], node: [["31[]"]], why: "no encoder writes it, and it might be an id" }],
  ["DISCONNECT and an event in one segment", [["0"], ["1", '2["echo",1]']],
   { coterie: ["closed"], node: [[]], why: "packets are taken in order: who has left says no more" }],
];

async function talk(server, groups) {
  const client = await RawClient.open(server);
  const seen = [];
  let marks = 20;
  let question = "0"; // The id of the last question: Node counts for all sockets, we for each.
  const shown = (packet) => withoutIds(packet).replace(/^2(\d+)\["question"/, (whole, id) => {
    question = id;
    return '2ID["question"';
  });
  for (const packets of groups) {
    await client.send(...packets.map((packet) => packet.replace("ID", question)));
    // Two namespaces joined behind each group, one after the other: when the second lets us in, all
    // else that there is has come (Node answers what came in one segment in any order).
    const came = [];
    for (let round = 0; round < 2; ++round) {
      const mark = `/${marks--},`;
      await client.send(`0${mark}`);
      for (let isMarked = false; !isMarked;) {
        const packet = await client.next();
        if (packet === "closed") return [...seen, ...(came.length > 0 ? [came] : []), packet];
        isMarked = packet.startsWith(`2${mark}`);
        if (!isMarked && !packet.startsWith(`0${mark}`)) came.push(shown(packet));
      }
    }
    seen.push(came);
  }
  client.destroy();
  return seen;
}

// Compares what `look` sees of both; `differs` is {coterie, node, why} where we differ on purpose.
async function compare(servers, look, differs, same = (seen, wanted) => assert.deepEqual(seen, wanted)) {
  const seen = { coterie: await look(servers.coterie), node: await look(servers.node) };
  if (!differs) return assert.deepEqual(seen.coterie, seen.node);
  for (const name of ["coterie", "node"]) same(seen[name], differs[name]);
}

const startsWith = (seen, wanted) =>
  assert.deepEqual(Array.isArray(wanted) ? seen.slice(0, wanted.length) : seen, wanted);
const endsWith = (seen, wanted) => assert.deepEqual(seen.slice(-wanted.length), wanted);

compareServers("conformance", "Engine.IO beside Node's", (servers) => {
  for (const [what, bytes, differs] of requests) {
    test(what, () =>
      compare(servers(), ({ echo }) => answerTo(echo.port, bytes), differs, startsWith));
  }

  for (const [what, target, headers, differs, method] of upgrades) {
    test(`upgrade: ${what}`, async () => {
      const look = ({ echo }) => upgradeSeen(echo.port, target, headers, method);
      if (!differs) return compare(servers(), look);
      return compare(servers(), async (server) => (await look(server)).short, differs, (seen, wanted) =>
        typeof wanted === "string" ? assert.equal(seen, wanted)
                                   : assert.deepEqual([seen[0], wanted[1]], [wanted[0], wanted[1]]));
    });
  }

  for (const [what, converse, differs] of sessions) {
    test(`with a session: ${what}`, () => compare(servers(), async ({ echo }) => {
      const seen = await converse(await PollingSession.open(echo), echo.port);
      const short = (each) => (each?.headers ? inShort(each) : each);
      return Array.isArray(seen) ? seen.map(short) : short(seen);
    }, differs));
  }

  for (const [what, frames, differs] of conversations) {
    test(`WebSocket: ${what}`, () =>
      compare(servers(), ({ echo }) => conversation(echo, frames), differs));
  }
});

compareServers("scenario", "Socket.IO beside Node's", (servers) => {
  for (const [what, groups, differs] of talks) {
    test(what, () => compare(servers(), (server) => talk(server, groups), differs, endsWith));
  }

  test("polling: the last words come before the farewell", () => compare(servers(), async (server) => {
    const client = await PollingSession.open({ ...server, path: "/socket.io/" });
    await client.post("40");
    await client.poll();
    await client.post('42["echo","bye"]\x1e42["close-me"]');
    const last = await client.poll();
    const farewell = await client.poll();
    return [last.packets, farewell.packets, (await client.poll()).status];
  }));

  test("polling: who is ended may come back over the same connection", () =>
    compare(servers(), async (server) => {
      const client = await PollingSession.open({ ...server, path: "/socket.io/" });
      await client.post("40");
      await client.poll();
      await client.post('42["leave-me"]');
      const ended = await client.poll();
      await client.post("40");
      const back = await client.poll();
      return [ended.packets, back.packets.map(withoutIds)];
    }));
});
