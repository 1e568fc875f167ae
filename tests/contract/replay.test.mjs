// The contract with clients of the seed system, exchange by exchange: recorded.json holds what a
// running copy of that system was asked and what it answered, in three sessions of one chat after
// another. Coterie is asked the same and must answer the same, but for what differences.mjs names.
//
// An exchange is a call, something that a socket does or hears, or frames of a WebSocket; what says
// "prepares" was not recorded but is needed by those behind it. This runs against whatever backends
// COTERIE_TEST_SETTINGS names; mails go to a mail server in this process.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";

import { WebSocket } from "ws";

import { startSmtp } from "../support/backends/smtp.mjs";
import { Coterie } from "../support/coterie.mjs";
import { Likeness } from "../support/likeness.mjs";
import { mp4Of } from "../support/media.mjs";
import { until } from "../support/process.mjs";
import { picture, pictureOf } from "../support/rest.mjs";
import { closeSockets, openSocket } from "../support/sockets.mjs";
import { Differences } from "./differences.mjs";

const read = (name) => readFileSync(new URL(name, import.meta.url), "utf8");
const sessions = JSON.parse(read("recorded.json"));
const differences = new Differences(read("../../docs/protocol.md"));
const jsonType = "application/json; charset=utf-8";

const post = await startSmtp();
let server;
let likeness;
let sockets;
before(async () => {
  // A cover that is drawn without looking at the film is as good here, and there at once.
  server = await Coterie.start({ env: { ...post.env, COTERIE_FFMPEG: "" } });
});
after(async () => {
  closeSockets();
  await server?.remove();
  await post.stop();
});

const mayAdd = (key) => differences.mayAdd(key);

// Fails where what happened is not what was recorded, but for the differences that are due; and
// where it would be without one of them.
function check(actual, { due, without }) {
  assert.equal(likeness.difference(actual, due, mayAdd), undefined);
  for (const [row, other] of without) {
    assert.ok(likeness.difference(actual, other, mayAdd), `no difference any more: ${row}`);
  }
}

const dueOf = (exchange, recorded, path) =>
  exchange.prepares ? { due: recorded, without: [] } : differences.due(exchange, recorded, path);

// -- calls --------------------------------------------------------------------------------------

// What a person reads: the code in a mail, the captcha in a picture, a new one each time.
async function readAsPerson(request) {
  const text = JSON.stringify(request);
  for (const [, email] of text.matchAll(/<code ([^>]+)>/g)) {
    if (!likeness.has(`code ${email}`)) likeness.bind(`code ${email}`, await post.codeFor(email));
  }
  for (const [, , uid] of text.matchAll(/<(captcha|captchaLower|captchaUpper) ([^>]+)>/g)) {
    await server.rest.get(`/api/auth/catpcha?uid=${uid}`);
    const shown = server.captchaText(uid);
    likeness.bind(`captcha ${uid}`, shown);
    likeness.bind(`captchaLower ${uid}`, shown.toLowerCase());
    likeness.bind(`captchaUpper ${uid}`, shown.toUpperCase());
    likeness.bind(`usedCaptcha ${uid}`, shown);
  }
}

// A part of a form: {png: size}, {mp4: true} or {text}, as the type that it claims to be.
function partOf([name, value]) {
  if (typeof value === "string") return [name, likeness.filled(value)];
  const small = picture().bytes;
  const bytes = value.text !== undefined ? Buffer.from(value.text)
    : value.mp4 ? mp4Of(2048)
    : value.png > small.length ? pictureOf(value.png).bytes : small.subarray(0, value.png);
  return [name, { bytes, type: value.type, name: value.name }];
}

async function call(exchange) {
  const { call: line, as, json, raw, gzip, form, headers } = exchange;
  await readAsPerson({ json, raw, headers });
  post.refuses = exchange.post === "refuses";
  const [, method, place] = /^(\S+) (.*)$/.exec(likeness.filled(line));
  const path = place.replace(server.url, "");
  const rest = path.startsWith("http") ? Object.assign(Object.create(server.rest), { url: "" })
                                       : server.rest;
  const answer = await rest.call(method, path, {
    token: as && likeness.filled(`<token ${as}>`), json: likeness.filled(json),
    raw: gzip ? gzipSync(gzip) : likeness.filled(raw), form: form?.map(partOf),
    headers: likeness.filled(headers),
  });
  post.refuses = false;
  if (method === "GET") likeness.bind("etag", answer.headers.etag);
  if (answer.body?.data?.url) likeness.bind("url last", answer.body.data.url);
  if (exchange.bind) return bindFrom(answer.body.data, exchange.bind);
  const recorded = answerOf(exchange, path);
  check(heard(answer, exchange), dueOf(exchange, recorded, path));
}

function bindFrom(data, names) {
  for (const [name, place] of Object.entries(names)) {
    likeness.bind(`id ${name}`, place.split(".").reduce((value, key) => value[key], data));
  }
}

// Of an answer what is compared.
function heard(answer, { bytes, packets, fields = {} }) {
  return {
    status: answer.status,
    type: answer.type ?? null,
    ...Object.fromEntries(Object.keys(fields).map((name) => [name, answer.headers[name] ?? null])),
    ...(bytes ? { bytes: answer.bytes.length }
      : packets ? { packets: answer.text.split("\x1e").map(packetOf) }
      : { body: /^[[{]/.test(answer.text) ? JSON.parse(answer.text) : answer.text }),
  };
}

// The same of what was recorded.
function answerOf(recorded, path) {
  const { status, type, fields = {}, bytes, packets } = recorded;
  const isOurs = recorded.fails || recorded.succeeds || "data" in recorded;
  return { status, type: isOurs ? jsonType : type ?? (status === 201 ? jsonType : null), ...fields,
           ...(bytes ? { bytes } : packets ? { packets } : { body: bodyOf(recorded, path) }) };
}

function bodyOf({ status, data, succeeds, fails, body }, path) {
  if (succeeds) return { status: 0, message: "success" };
  if (data !== undefined) return { status: 0, data, message: "success" };
  if (fails === undefined) return body ?? "<any>";
  const reason = { 400: "Bad Request", 404: "Not Found" }[status];
  return { status, timestamp: "<time>", path, message: fails,
           ...(reason ? { error: reason, statusCode: status } : {}) };
}

// -- sockets ------------------------------------------------------------------------------------

// A socket opens, emits or hears. It has heard everything that is listed, in order, and nothing else.
async function act(step, exchange = step) {
  const { socket: name, open, emit, wantsAck, transport, skips, closes } = step;
  if (open) sockets.set(name, openSocket(server.url, likeness.filled(open)));
  const socket = sockets.get(name);
  let ack = null;
  if (emit) socket.emit(...likeness.filled(emit), ...(wantsAck ? [(...args) => (ack = args)] : []));
  if (skips) {
    await socket.until((got) => got.length >= skips);
    return void socket.got.splice(0, skips);
  }
  const recorded = { hears: step.hears ?? step.hearsNames, ...(wantsAck ? { ack: step.ack } : {}) };
  const differing = dueOf(exchange, recorded);
  const count = differing.due.hears.length;
  await socket.until((got) => got.length >= count);
  if (socket.connected) await hearNoMore(socket);
  const got = socket.got.splice(0);
  const actual = { hears: step.hearsNames ? got.map(([event]) => event) : got,
                   ...(wantsAck ? { ack } : {}) };
  check(actual, differing);
  if (transport) await until(() => socket.io.engine.transport.name === transport);
  if (closes) socket.disconnect();
}

// Whatever the server had to say before now has come: what is asked now is answered behind it.
async function hearNoMore(socket) {
  socket.emit("update-last-msg", { id: 99_999_999, messageId: 1 });
  const isAnswer = ([event, answer]) => event === "update-last-msg" && answer === null;
  const before = socket.got.filter(isAnswer).length;
  await socket.until((got) => got.filter(isAnswer).length > before);
  socket.got.splice(socket.got.findLastIndex(isAnswer), 1);
}

// A packet as its number and its payload: `42["hello"]` is ["42", ["hello"]].
function packetOf(text) {
  const [, head, payload] = /^(\d+[^[{]*)(.*)$/s.exec(text) ?? [undefined, text, ""];
  return payload ? [head, JSON.parse(payload)] : [head];
}

// The frames of a WebSocket of its own.
async function exchangeFrames(exchange) {
  const { frames: path, headers, steps } = exchange;
  const socket = new WebSocket(server.url.replace("http", "ws") + path,
                               { headers: likeness.filled(headers), perMessageDeflate: false });
  const packets = [];
  const state = { pongs: 0 };
  socket.on("message", (bytes, isBinary) => packets.push(isBinary ? bytes : packetOf(`${bytes}`)));
  socket.on("close", (code) => (state.code = code));
  socket.on("error", (error) => (state.error = error));
  socket.on("pong", () => ++state.pongs);
  socket.on("unexpected-response", (request, response) => {
    let body = "";
    response.on("data", (piece) => (body += piece));
    response.on("end", () => (state.refused = { refused: response.statusCode, body,
                                                type: response.headers["content-type"] }));
  });
  await until(() => socket.readyState === 1 || state.error || state.refused);
  const actual = [];
  const differing = dueOf(exchange, { steps });
  for (const step of differing.due.steps) {
    actual.push(await frameStep(socket, step, packets, state));
  }
  check({ steps: actual }, differing);
  socket.terminate();
}

async function frameStep(socket, step, packets, state) {
  if (step.send) socket.send(likeness.filled(step.send));
  if (step.sendBytes) socket.send(Buffer.from(step.sendBytes));
  if (step.get) {
    await until(() => packets.length > 0 || state.code);
    return { get: packets.shift() };
  }
  if (step.closes) {
    await until(() => state.code, () => `closed, not ${JSON.stringify(packets)}`);
    return packets.length ? { unexpected: packets } : { closes: state.code };
  }
  if (step.stays) { // Two rounds: what the server had begun before the first has come with it.
    for (let round = 1; round <= 2; ++round) {
      socket.ping();
      await until(() => state.pongs >= round || state.code);
    }
    return packets.length || state.code ? { unexpected: packets, ...state } : step;
  }
  if (step.refused) return until(() => state.refused);
  if (step.fails) await until(() => state.error || state.refused);
  return step;
}

// Two polls of one session at once.
async function pollTwice({ polls, as }) {
  const path = "/socket.io/?EIO=4&transport=polling";
  const headers = { Authorization: likeness.filled(`<token ${as}>`) };
  const sid = /"sid":"([^"]+)"/.exec((await server.rest.get(path, { headers })).text)[1];
  await server.rest.post(`${path}&sid=${sid}`, { raw: "40" });
  await server.rest.get(`${path}&sid=${sid}`);
  const answers = [];
  const poll = async () => {
    const { status, text } = await server.rest.get(`${path}&sid=${sid}`);
    answers.push({ status, body: text });
  };
  await Promise.all([poll(), poll()]);
  answers.sort((a, b) => a.status - b.status);
  assert.deepEqual(answers, polls);
}

// -----------------------------------------------------------------------------------------------

async function run(exchange) {
  const { user, again, token } = exchange;
  if (user) likeness.bind(`token ${token}`, (await server.user(user)).token);
  if (again) likeness.bind(`token ${token}`, await server.token(again));
  if (exchange.call) await call(exchange);
  if (exchange.frames) await exchangeFrames(exchange);
  if (exchange.polls) await pollTwice(exchange);
  const steps = exchange.sockets ?? (exchange.socket ? [exchange] : []);
  for (const step of steps) await act(step, exchange.sockets ? { ...exchange, ...step } : exchange);
}

for (const { session, exchanges } of sessions) {
  test(`${session}: every exchange is what was recorded, or what is to be instead`, async (t) => {
    likeness = new Likeness();
    sockets = new Map();
    const page = (await server.rest.get("/")).text;
    likeness.bind("script", /\/assets\/([^"]+\.js)"/.exec(page)[1]);
    for (const exchange of exchanges) await t.test(exchange.name, () => run(exchange));
    closeSockets();
  });
}

test("each difference that is named was seen, and none that is gone", () => {
  assert.deepEqual(differences.unseen(), []);
});
