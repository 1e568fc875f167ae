// Our Socket.IO decoder against the reference's, on the same mutated packets: whatever the reference
// refuses we refuse, what both take means the same, and where we are stricter it is on this list.
//
// DECODER_INPUTS and DECODER_SEED choose how many inputs there are, and which.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Decoder } from "socket.io-parser";

import { examplesFolder } from "../support/examples.mjs";
import { Child } from "../support/process.mjs";
import { seededRandom } from "../support/random.mjs";

const count = Number(process.env.DECODER_INPUTS ?? 50_000);
const seed = Number(process.env.DECODER_SEED ?? 1);

const place = (num) => `{"_placeholder":true,"num":${num}}`;
const nested = (depth, inside = "") => "[".repeat(depth) + inside + "]".repeat(depth);
const blob = (...bytes) => Buffer.from(bytes);

// Inputs that are tried as they are, and that mutations begin with: a text and its attachments.
const vectors = [
  "0", "0{}", '0{"token":"123"}', "0/admin", "0/admin,", '0/admin,{"token":"123"}', "0/a?x=1,{}",
  "1", "1/admin", "1/admin,", '2["a",1,{}]', '21["a",1,{}]', '2/test,["a"]', '2/test,456["a"]',
  '2["a"] ', '2["漢字","é","😀","\\ud83d\\ude00","\\u0000"]', "2[1,2]", '2["error"]', '2[""]',
  '2["connection",{"a":[{"b":null}]},true,false]', "3123[]", '3/test,123[1,"a"]', "30[null]",
  '4{"message":"no"}', '4/a,"no"', '29007199254740991["a"]', '29007199254740992["a"]',
  '20000000000000000001["a"]', '299999999999999999["a"]', '2001["a"]', '2 ["a"]', '2\t1["a"]',
  '21 ["a"]', '2 1["a"]', '2\u00a0["a"]', "2", "212", "2/a", "3", "31", "3[]", "4", "", " ", " 1",
  '2["connect"]', '2["disconnecting"]', '2["newListener"]', '2[{"toString":"foo"}]', "2[]", "2{}",
  "2[true]", "2[null]", "0[]", '0"a"', "0null", "1{}", "31{}", "999", "7", "-1", "b", "/admin",
  '442["some","data"', '2["a"]x', '2["a",]', "2[a]", "2['a']", "0/a,b,{}", '2["a",01]', '2["a",1.]',
  '2["a",0.1,1e2,1E-7,-0,-0.0,1e21,1e400,-1e400,5e-324,2e-324,1e-400,1.7976931348623157e308]',
  '2["a",12345678901234567890,9223372036854775807,9223372036854775808,18446744073709551615,' +
    "18446744073709551616,-9223372036854775809,0.30000000000000004]",
  '2["a",1e-2147483649]', '2["a",1e2147483648]',
  "2[1e400]", "2[-0]", "2[1e21]", "2[0.1]", "2[12345678901234567890]", "2[-1e-7]", "2[1e999,1]",
  '2["a",{"b":1,"a":2,"":3,"__proto__":{"x":1},"constructor":4}]', '2["a",{"a":1,"a":2}]',
  '2["\\ud800"]', '2["a",{"\\udc00":1}]', '2["a","\\ud83d"]', '2["a","\\u00"]', '2["a","\\x"]',
  '2["a","\u0001"]', '2["a","\u2028\u007f"]', '\ufeff2["a"]', '2\ufeff["a"]', '2["a"]\ufeff',
  `2["a",${nested(60)}]`, `2["a",${nested(63)}]`, `2["a",${nested(64)}]`, `2["a",${nested(65)}]`,
  `2["a",${nested(2000)}]`, `2["a",${nested(20, '{"x":[1]}')}]`, `0/${"n".repeat(255)},{}`,
  `0/${"n".repeat(256)},{}`, `0/${"é".repeat(200)},{}`, `2["a",${place(7)}]`,
].map((text) => [text]).concat([
  [`51-["a",${place(0)}]`, blob(1, 2)], [`51-["a",${place(0)}]`, blob()],
  [`52-["a",${place(0)},${place(1)}]`, blob(1), blob(2)],
  [`52-/nsp,12["a",{"deep":[${place(1)}]},${place(0)}]`, blob(1), blob(2)],
  [`61-12[${place(0)}]`, blob(9)], [`61-[${place(0)}]`, blob(9)], ['51-["a"]', blob(1)],
  [`51-["a",${place(0)},${place(0)}]`, blob(1)], ['51-["a"]', blob(1), blob(2)], ["51-", blob(1)],
  [`510-["a",${Array.from({ length: 10 }, (_, i) => place(i))}]`,
   ...Array.from({ length: 10 }, (_, i) => blob(i))],
  [`511-["a"]`, blob(1)], ['50-["a"]'], ['501-["a"]', blob(1)], ['5001-["a"]', blob(1)],
  ['51e0-["a"]', blob(1)], ['5 1-["a"]', blob(1)], ['50x1-["a"]', blob(1)], ['5+1-["a"]', blob(1)],
  ['51.0-["a"]', blob(1)], ["5"], ["51"], ["5a-"], ["51.23-"], ['5-1-["a"]'], ['5999999999-["a"]'],
  ['51-["connect"]', blob(1)], [`51-[${place(0)}]`, blob(1)], [blob(1)], ['51-["a"]', '2["b"]'],
  ['2["a"]', '2["b"]', '51-["c"]', blob(1), '2["d"]'],
  ...['"splice"', "-1", "1", "1e9", "null", "true", "[0]", "{}", "0.5", "0.0", "-0", "-0.0", "1e-9",
      "0e0", "1e400", "18446744073709551616"].map((num) => [`51-["a",${place(num)}]`, blob(1)]),
  [`51-["a",{"_placeholder":true}]`, blob(1)], [`51-["a",{"_placeholder":1,"num":0}]`, blob(1)],
  [`51-["a",{"num":0,"_placeholder":true,"more":${place(5)}}]`, blob(1)],
  [`51-["a",{"_placeholder":false,"num":0,"x":${place(0)}}]`, blob(1)],
  [`51-["a",{"__proto__":${place(0)},"y":{"__proto__":{"_placeholder":true,"num":0}}}]`, blob(1)],
]);

// Words that mutations put in: what the grammar is made of, and what breaks it.
const words = ["0", "1", "2", "3", "4", "5", "6", "7", "9", "10", "-", ",", "/", "/admin,", "[", "]",
  "{", "}", '"', ":", '"a"', "null", "true", "1e5", "-1", "0.5", ".", "e", " ", "\t", "\n", "\\",
  "\\u0000", "\\ud800", "\\udc00", "\0", "é", "漢", "😀", "\u00a0", "\u2028", "\ufeff", "_placeholder",
  place(0), place(1), place(-1), '["connect"]', '["a"]', "51-", "9007199254740992", "__proto__"];

function mutateText(text, random) {
  const points = [...text];
  const at = random.below(points.length + 1);
  const length = 1 + random.below(4);
  switch (random.below(6)) {
    case 0: // Lost.
      points.splice(at, length);
      break;
    case 1: // Put in.
      points.splice(at, 0, random.pick(words));
      break;
    case 2: // Put in the place of something.
      points.splice(at, length, random.pick(words));
      break;
    case 3: // Said again.
      points.splice(at, 0, ...points.slice(at, at + length));
      break;
    case 4: // Cut off.
      points.splice(at);
      break;
    default: // Another packet's end.
      points.splice(at, points.length, ...[...textOf(random.pick(vectors))].slice(-1 - random.below(12)));
  }
  return points.join("").replace(/\p{Surrogate}/gu, "\uFFFD");
}

const textOf = (input) => input.find((message) => typeof message === "string") ?? "";

function mutate(input, random) {
  const messages = [...input];
  for (let times = 1 + random.below(2); times > 0; --times) {
    const at = random.below(messages.length || 1);
    if (typeof messages[at] === "string" && random.below(8) > 0) {
      messages[at] = mutateText(messages[at], random);
    } else if (random.below(2)) {
      messages.splice(at, 1);
    } else {
      messages.splice(at + 1, 0, random.below(4) ? blob(messages.length, 7) : '2["b"]');
    }
  }
  return messages.length > 0 ? messages : [""];
}

function inputs() {
  const random = seededRandom(seed);
  const made = vectors.slice(0, count);
  while (made.length < count) made.push(mutate(random.pick(vectors), random));
  return made;
}

async function decodedByUs(all) {
  const pieces = [];
  const number = (value) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return bytes;
  };
  for (const messages of all) {
    pieces.push(number(messages.length));
    for (const message of messages) {
      const bytes = Buffer.from(message);
      pieces.push(Buffer.from(typeof message === "string" ? "t" : "b"), number(bytes.length), bytes);
    }
  }
  const child = new Child(`${examplesFolder()}/decode`, [], { input: Buffer.concat(pieces) });
  const { code } = await child.closed;
  assert.equal(code, 0, child.log);
  return child.stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
}

// The reference, message by message: "pending", {refused: WHY}, or a packet.
class Reference {
  #decoder = new Decoder();
  #packet;

  constructor() {
    this.#decoder.on("decoded", (packet) => (this.#packet = packet));
  }

  add(message) {
    this.#packet = undefined;
    try {
      this.#decoder.add(message);
    } catch (error) {
      return { refused: error.message };
    }
    return this.#packet ?? "pending";
  }
}

// What a packet means, as text, with attachments in the places that they are for.
function meaningOfOurs({ type, nsp, id, data, attachments }) {
  const placed = (value) => {
    if (value === null || typeof value !== "object") return value;
    if (attachments.length > 0 && value._placeholder === true) return { bytes: attachments[value.num] };
    if (Array.isArray(value)) return value.map(placed);
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, placed(each)]));
  };
  return JSON.stringify([type, nsp, id, placed(data)]);
}

function meaningOfTheirs({ type, nsp, id, data }, ours) {
  const placed = (value) => {
    if (value === null || typeof value !== "object") return value;
    if (Buffer.isBuffer(value)) return { bytes: value.toString("hex") };
    if (Array.isArray(value)) return value.map(placed);
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, placed(each)]));
  };
  const shown = data === undefined ? null : placed(data);
  // A number as an event's name is its text, for us with all the digits that were sent.
  if (type === 2 && typeof shown?.[0] === "number" && Number(ours.data[0]) === shown[0]) {
    shown[0] = ours.data[0];
  }
  return JSON.stringify([String(type), nsp, id ?? null, shown]);
}

function depthOf(text) {
  let depth = 0;
  let deepest = 0;
  for (const [each] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/gs)) {
    if (each === "[" || each === "{") deepest = Math.max(deepest, ++depth);
    else if (each === "]" || each === "}") --depth;
  }
  return deepest;
}

// What follows the type, the count and the namespace.
const behindNamespace = (text) =>
  text.replace(/^[0-6](?:\d{1,2}-)?/, "").replace(/^\/[^,]*(?:,|$)/, "");

// Where we refuse what the reference takes: [why, does it apply?]. `packet` is the reference's, or
// undefined while it waits for attachments.
const deviations = {
  "a type is a digit; for the reference “nothing” and white space are the number 0":
    ({ text }) => !/^[0-6]/.test(text),
  "a count is one or two digits, not any text that JavaScript makes a number of":
    ({ text }) => /^[56]/.test(text) && !/^[56]\d{1,2}-/.test(text),
  "a namespace's name has a bound": ({ text }) => /^[0-6](?:\d+-)?\/[^,]{256}/s.test(text) ||
    (/^[0-6](?:\d+-)?\//.test(text) && Buffer.byteLength(text.split(",")[0]) > 256),
  "an id is digits, without white space among them": ({ text }) =>
    /^\d*\s/.test(behindNamespace(text)),
  "an id is at most 2^53 - 1, so that it is answered as it was asked, and has 16 digits":
    ({ text }) => Number(/^\d+/.exec(behindNamespace(text))?.[0]) > Number.MAX_SAFE_INTEGER ||
      /^\d{17}/.test(behindNamespace(text)),
  "an event and an ack have a payload": ({ packet }) =>
    packet ? [2, 3].includes(packet.type) && packet.data === undefined : false,
  "a packet with attachments has a payload, too": ({ text, packet }) =>
    packet === undefined && /^[56]/.test(text) && /^\d*$/.test(behindNamespace(text)),
  "an ack says which": ({ text }) => /^[36]/.test(text) && !/^\d/.test(behindNamespace(text)),
  "CONNECT_ERROR is what servers say": ({ text }) => text.startsWith("4"),
  "an event's name is text, or a number that has one: 1e400 is the event null for nobody":
    ({ text }) => {
      const name = /^\d*\[\s*(-?\d[\d.eE+-]*)/.exec(behindNamespace(text))?.[1];
      return Math.abs(Number(name)) === Infinity;
    },
  "an exponent has a bound": ({ text }) => /[eE][-+]?\d{9}/.test(text),
  "nesting has a bound": ({ text }) => depthOf(text) > 64,
  "half a character is no text (RFC 8259 8.2, RFC 3629)": ({ text }) =>
    /\\u[dD][89a-fA-F]/.test(text.replace(/\\\\|\\u[dD][89abAB]..\\u[dD][c-fC-F]../g, "")),
  "a placeholder's number is written as an index": ({ text }) =>
    /:\s*-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?\s*[,}]/.test(text) && /:\s*-?\d+[.eE]/.test(text),
};

// A placeholder that names no attachment: we say so when the packet begins, the reference when its
// last attachment has come.
function isRefusedInTheEnd(reference) {
  let last = "pending";
  while (last === "pending") last = reference.add(blob(0));
  return "refused" in last;
}

const show = (messages) => JSON.stringify(messages.map((message) =>
  typeof message === "string" ? message.slice(0, 300) : `<${message.toString("hex")}>`));

// Compares one input; returns the deviation that it showed, if any.
function compare(messages, ours) {
  const reference = new Reference();
  for (const [i, our] of ours.entries()) {
    const their = reference.add(messages[i]);
    const where = `${show(messages)}, message ${i}: ours ${JSON.stringify(our).slice(0, 300)}, ` +
                  `the reference's ${JSON.stringify(their).slice(0, 300)}`;
    if (our.refused !== undefined) {
      if (their.refused !== undefined) return undefined;
      if (their === "pending" && isRefusedInTheEnd(reference)) return "a placeholder is looked at early";
      const facts = { text: messages[i], packet: their === "pending" ? undefined : their };
      const why = Object.keys(deviations).find((each) => deviations[each](facts));
      assert.ok(why, `stricter than we say: ${where}`);
      return why;
    }
    assert.equal(their.refused, undefined, `we take what the reference refuses: ${where}`);
    assert.equal(their === "pending", our === "pending", where);
    if (our !== "pending") assert.equal(meaningOfOurs(our), meaningOfTheirs(their, our), where);
  }
  return undefined;
}

describe("the Socket.IO decoder and socket.io-parser", () => {
  test(`agree about ${count} inputs made of seed ${seed}`, { timeout: 600_000 }, async (context) => {
    const all = inputs();
    const ours = await decodedByUs(all);
    assert.equal(ours.length, all.length);
    const seen = new Map();
    let taken = 0;
    all.forEach((messages, i) => {
      const deviation = compare(messages, ours[i]);
      if (deviation) seen.set(deviation, (seen.get(deviation) ?? 0) + 1);
      if (ours[i].at(-1).refused === undefined) ++taken;
    });
    context.diagnostic(`${taken} of ${all.length} were taken; where we are stricter:`);
    for (const [why, times] of seen) context.diagnostic(`${times} times: ${why}`);
    // Mutations that only break things would show little.
    assert.ok(taken > all.length / 10, `${taken} of ${all.length} were taken`);
    if (count >= 50_000) {
      assert.deepEqual(Object.keys(deviations).filter((why) => !seen.has(why)), [],
                       "deviations that no input shows");
    }
  });
});
