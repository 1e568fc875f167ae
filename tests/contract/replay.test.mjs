// The contract with clients of the seed system, exchange by exchange: exchanges.json holds what each
// call and each event gets, in an order that a day in a chat might have.
//
// A line of that file is a call, or something that a socket does or hears. In texts, "<…>" stands for
// what differs from run to run: "<time>", "<url>" and "<random 21>" for anything of that kind, "<id
// Team>" for the same wherever it comes again. This runs against whatever backends
// COTERIE_TEST_SETTINGS names; mails go to a mail server in this process.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import { startSmtp } from "../support/backends/smtp.mjs";
import { Coterie, password } from "../support/coterie.mjs";
import { until } from "../support/process.mjs";
import { mp4Of } from "../support/media.mjs";
import { picture, pictureOf } from "../support/rest.mjs";
import { closeSockets, openSocket } from "../support/sockets.mjs";

const exchanges = JSON.parse(readFileSync(new URL("exchanges.json", import.meta.url), "utf8"));

// -- what stands for what -----------------------------------------------------------------------

const kinds = {
  time: (value) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value),
  url: (value) => /^https?:\/\/[^/]+\/.+/.test(value),
  token: (value) => /^[\w-]+\.[\w-]+\.[\w-]+$/.test(value),
  id: (value) => Number.isSafeInteger(value) && value > 0,
  invite: (value) => /^[\w-]{21}$/.test(value),
};
const bound = new Map(); // "id Team" -> 7

function bind(kind, name, value) {
  bound.set(`${kind} ${name}`, value);
  if (kind === "id") bound.set(`idtext ${name}`, `${value}`);
}

// `value` with every "<kind name>" replaced by what it was bound to.
function filled(value) {
  if (Array.isArray(value)) return value.map(filled);
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, filled(each)]));
  }
  if (typeof value !== "string") return value;
  const whole = /^<(\w+ \w+)>$/.exec(value);
  if (whole && bound.has(whole[1])) return bound.get(whole[1]);
  return value.replace(/<(\w+ \w+)>/g, (all, words) => bound.get(words) ?? all);
}

// Fails where `actual` is not `expected`; binds what has a name. Properties must come in order.
function assertLike(actual, expected, place) {
  if (typeof expected === "string" && expected.includes("<")) {
    return assertText(actual, expected, place);
  }
  if (expected === null || typeof expected !== "object") {
    return assert.deepEqual(actual, expected, place);
  }
  assert.ok(actual && typeof actual === "object", `${place}: ${JSON.stringify(actual)}`);
  const additions = optional.filter((key) => key in actual && !(key in expected));
  const keys = Object.keys(actual).filter((key) => !additions.includes(key));
  assert.deepEqual(keys, Object.keys(expected), `the properties of ${place}`);
  for (const key of keys) assertLike(actual[key], expected[key], `${place}.${key}`);
}
// What Coterie adds; the seed system never did.
const optional = ["width", "height", "thumbnail", "seq", "lastSeq", "retryAfter"];

function assertText(actual, expected, place) {
  const whole = /^<(\w+)(?: (\w+))?>$/.exec(expected);
  if (!whole || whole[1] === "random") {
    const pattern = filled(expected).replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
      .replace(/<random (\d+)>/g, "[\\w-]{$1}");
    return assert.match(actual, new RegExp(`^${pattern}$`), place);
  }
  const [, kind, name] = whole;
  const known = bound.get(`${kind} ${name}`);
  if (known !== undefined) return assert.deepEqual(actual, known, `${place} is ${expected}`);
  assert.ok(kinds[kind]?.(actual), `${place}: ${JSON.stringify(actual)} is no ${expected}`);
  if (name) bind(kind, name, actual);
}

// -- what is done -------------------------------------------------------------------------------

const post = await startSmtp();
let server;
const sockets = new Map();
before(async () => {
  server = await Coterie.start({ env: post.env });
});
after(async () => {
  closeSockets();
  await server?.remove();
  await post.stop();
});

const files = {
  png: picture(),
  text: picture(Buffer.from("hello"), "text/plain", "a.txt"),
  "png of 5 MiB": pictureOf(5 * 1024 * 1024),
  "png of 5 MiB and one": pictureOf(5 * 1024 * 1024 + 1),
  "png of 10 MiB": pictureOf(10 * 1024 * 1024),
  "png that claims gif": picture(undefined, "image/gif"),
  mp4: { bytes: mp4Of(2048), type: "video/mp4", name: "v.mp4" },
};
const fields = (form) =>
  form?.map(([name, value]) => [name, files[value] ?? `${filled(value)}`]);

// What a person reads: the code in a mail, the captcha in a picture.
async function read({ mail, captcha }) {
  if (mail) bound.set("code mail", await post.codeFor(mail));
  if (captcha) {
    await server.rest.get(`/api/auth/catpcha?uid=${captcha}`);
    bound.set("code captcha", server.captchaText(captcha));
  }
}

async function call({ call: line, as, json, raw, form, headers, ...expected }) {
  const [method, path] = filled(line).split(" ");
  const answer = await server.rest.call(method, path, {
    token: as && bound.get(`token ${as}`), json: filled(json), raw, form: fields(form),
    headers: filled(headers),
  });
  assert.equal(answer.status, expected.status, `${line}: ${answer.text}`);
  assert.equal(/^[1-9]\d*$/.test(answer.headers["retry-after"]), [429, 503].includes(answer.status));
  if (expected.text) return assert.match(answer.text, new RegExp(expected.text));
  assertLike(answer.body, bodyOf(expected, path), "answer");
}

// The envelope that belongs to what is expected inside it.
function bodyOf({ status, data, fails, code }, path) {
  if (fails === undefined) {
    return data === undefined ? { status: 0, message: "success" }
                              : { status: 0, data, message: "success" };
  }
  const reason = { 400: "Bad Request", 404: "Not Found" }[status];
  return { status, timestamp: "<time>", path, message: fails,
           ...(reason ? { error: reason, statusCode: status } : {}), code };
}

// A socket opens, emits or hears. It has heard everything that is listed, in order, and nothing else.
async function act({ socket: name, open, emit, hears, ack, closes }) {
  if (open) sockets.set(name, openSocket(server.url, filled(open)));
  const socket = sockets.get(name);
  const answers = [];
  if (emit) socket.emit(...filled(emit), ...(ack ? [(...args) => answers.push(args)] : []));
  if (ack) {
    await until(() => answers.length > 0, () => `an ack of ${emit}`);
    assertLike(answers[0], ack, "ack");
  }
  if (hears) {
    await socket.until((got) => got.length >= hears.length);
    assertLike(socket.got.splice(0), hears, `what ${name} hears`);
  }
  if (closes) socket.disconnect();
}

for (const exchange of exchanges) {
  test(exchange.name, async () => {
    for (let i = 0; i < (exchange.times ?? 1); ++i) {
      if (exchange.read) await read(exchange.read);
      if (exchange.call) await call(exchange);
    }
    for (const each of exchange.sockets ?? (exchange.socket ? [exchange] : [])) await act(each);
  });
}
