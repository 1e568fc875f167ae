// RFC 6455 by the frame, against an echo: what must come back, and what must end in which code.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";

import { openWebSocket } from "../support/engineio.mjs";
import { expected, forEachServer } from "../support/examples.mjs";
import { closePayload, frame } from "../support/websocket.mjs";

const hex = (text) => Buffer.from(text).toString("hex");
const part = (opcode, text, options) => frame(opcode, text, { fin: false, ...options });
const end = (text = "", options) => frame("continuation", text, options);
const text = (payload, options) => frame("text", payload, options);

// In short: frames in, and what comes out; ["close", CODE] last means that the connection closes.
const protocolError = [["close", 1002]];
const hello = [["text", "4hello"]];

const cases = [
  // Whole messages and their lengths.
  ["a text", [text("4hello")], hello],
  ["a binary message", [frame("binary", "hello")], [["binary", hex("hello")]]],
  ["an empty binary message", [frame("binary")], [["binary", ""]]],
  ["a mask of zeros", [text("4hello", { key: Buffer.alloc(4) })], hello],
  ["a mask of ones", [text("4hello", { key: Buffer.alloc(4, 255) })], hello],
  ["three messages in one segment", [text("4a"), text("4b"), frame("binary", "c")],
   [["text", "4a"], ["text", "4b"], ["binary", hex("c")]]],
  ...[1, 124, 125, 126, 127, 128, 65_534, 65_535, 65_536, 65_537, 131_072, 1_000_000].map((size) =>
    [`${size} bytes of text`, [text(`4${"x".repeat(size - 1)}`)],
     [["text", `4${"x".repeat(size - 1)}`]]]),
  ...[125, 126, 65_535, 65_536, 1_000_000].map((size) =>
    [`${size} bytes of binary`, [frame("binary", Buffer.alloc(size, 7))],
     [["binary", "07".repeat(size)]]]),

  // Fragments.
  ["two fragments", [part("text", "4hel"), end("lo")], hello],
  ["five fragments, some of them empty",
   [part("text"), part("continuation", "4he"), part("continuation"), part("continuation", "llo"),
    end()], hello],
  ["a fragment for each byte", [part("text", "4"), ...[..."hell"].map((c) => part(0, c)), end("o")],
   hello],
  ["binary fragments", [part("binary", "hel"), end("lo")], [["binary", hex("hello")]]],
  ["a character cut by a fragment", [part("text", Buffer.from("34e282", "hex")),
                                     end(Buffer.from("ac", "hex"))], [["text", "4€"]]],
  ["fragments with different masks",
   [part("text", "4hel", { key: Buffer.from([1, 2, 3, 4]) }),
    end("lo", { key: Buffer.from([9, 8, 7, 6]) })], hello],
  ["a ping between fragments", [part("text", "4hel"), frame("ping", "p"), end("lo")],
   [["pong", hex("p")], ...hello]],
  ["a pong between fragments", [part("text", "4hel"), frame("pong", "p"), end("lo")], hello],
  ["a close between fragments", [part("text", "4hel"), frame("close", closePayload(1000))],
   [["close", 1000]]],
  ["a thousand fragments", [part("text", "4"), ...Array(1000).fill(part(0, "x")), end("y")],
   [["text", `4${"x".repeat(1000)}y`]]],
  ["a continuation of nothing", [end("x")], protocolError],
  ["an unfinished continuation of nothing", [part("continuation", "x")], protocolError],
  ["a text inside a message", [part("text", "4a"), text("4b")], protocolError],
  ["binary inside a text", [part("text", "4a"), frame("binary", "b")], protocolError],
  ["a continuation behind the end", [part("text", "4hel"), end("lo"), end("x")],
   [...hello, ...protocolError]],

  // Control frames.
  ["a ping", [frame("ping", "are you there")], [["pong", hex("are you there")]]],
  ["an empty ping", [frame("ping")], [["pong", ""]]],
  ["a ping of 125 bytes", [frame("ping", "x".repeat(125))], [["pong", hex("x".repeat(125))]]],
  ["ten pings", Array.from({ length: 10 }, (_, i) => frame("ping", `${i}`)),
   Array.from({ length: 10 }, (_, i) => ["pong", hex(`${i}`)])],
  ["a pong nobody asked for", [frame("pong", "x"), text("4hello")], hello],
  ["a ping of 126 bytes", [frame("ping", "x".repeat(126))], protocolError],
  ["a pong of 126 bytes", [frame("pong", "x".repeat(126))], protocolError],
  ["a close of 126 bytes", [frame("close", closePayload(1000, "x".repeat(124)))], protocolError],
  ["a ping in fragments", [part("ping", "x"), end("y")], protocolError],
  ["a close in fragments", [part("close", closePayload(1000))], protocolError],

  // Headers that break the rules.
  ["a frame without a mask", [text("4hello", { mask: false })], protocolError],
  ["a ping without a mask", [frame("ping", "x", { mask: false })], protocolError],
  ...[1, 2, 3, 4, 5, 6, 7].map((rsv) =>
    [`reserved bits ${rsv}`, [text("4hello", { rsv })], protocolError]),
  ["reserved bits of a control frame", [frame("ping", "", { rsv: 1 })], protocolError],
  ["reserved bits of a continuation", [part("text", "4a"), end("b", { rsv: 2 })], protocolError],
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) =>
    [`the reserved opcode ${opcode}`, [frame(opcode, "x")], protocolError]),
  ["a short length in 16 bits", [text("4hello", { form: 16 })],
   { coterie: protocolError, node: hello, why: "RFC 6455 5.2: the shortest form MUST be used" }],
  ["a short length in 64 bits", [text("4hello", { form: 64 })],
   { coterie: protocolError, node: hello, why: "RFC 6455 5.2: the shortest form MUST be used" }],
  ["a length with the top bit", [text("", { form: 64, declared: 1n << 63n })],
   { coterie: protocolError, node: [["close", 1009]], why: "no such length exists: RFC 6455 5.2" }],

  // Sizes beyond the bound.
  ["1000001 bytes", [text(`4${"x".repeat(1_000_000)}`)], [["close", 1009]]],
  ["a header that promises 2^40 bytes", [text("", { form: 64, declared: 1n << 40n })],
   [["close", 1009]]],
  ["a header that promises 4 GiB of binary", [frame("binary", "", { form: 64, declared: 1n << 32n })],
   [["close", 1009]]],
  ["1000001 bytes in two fragments", [part("text", "4".repeat(600_000)), end("4".repeat(400_001))],
   [["close", 1009]]],
  ["a bounded number of bytes in two fragments",
   [part("text", `4${"x".repeat(599_999)}`), end("x".repeat(400_000))],
   [["text", `4${"x".repeat(999_999)}`]]],

  // Closing.
  ["a close without a code", [frame("close")], [["close", null]]],
  ["a close with a reason", [frame("close", closePayload(1000, "bye"))], [["close", 1000]]],
  ["a close with the longest reason", [frame("close", closePayload(1000, "x".repeat(123)))],
   [["close", 1000]]],
  ["frames behind a close", [frame("close", closePayload(1000)), text("4hello")],
   [["close", 1000]]],
  ["a close of one byte", [frame("close", "x")], protocolError],
  ["a close whose reason is no UTF-8",
   [frame("close", Buffer.concat([closePayload(1000), Buffer.from([0xff])]))], [["close", 1007]]],
  ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999]
    .map((code) => [`a close with ${code}`, [frame("close", closePayload(code))], [["close", code]]]),
  ...[0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map((code) =>
    [`a close with ${code}, which nobody may send`, [frame("close", closePayload(code))],
     protocolError]),
];

async function check(socket, wanted) {
  for (const one of wanted) {
    const seen = await socket.next();
    // Long payloads are compared apart: a message with a megabyte in it helps nobody.
    assert.equal(seen[0], one[0], `${String(seen).slice(0, 80)} for ${String(one).slice(0, 80)}`);
    assert.ok(seen[1] === one[1], `${String(seen).slice(0, 80)} for ${String(one).slice(0, 80)}`);
  }
  if (wanted.at(-1)[0] === "close") assert.deepEqual(await socket.next(), ["end"]);
}

forEachServer("conformance", "WebSocket frames", (server, name) => {
  for (const [what, frames, same] of cases) {
    test(what, async () => {
      const socket = await openWebSocket(server().echo);
      socket.send(...frames);
      await check(socket, expected(name, same));
      socket.destroy();
    });
  }

  test("the server's frames are whole, unmasked, and as short as they can be", async () => {
    const socket = await openWebSocket(server().echo);
    for (const size of [1, 125, 126, 65_535, 65_536]) {
      await socket.send(text("4".repeat(size)));
      const before = socket.connection.received.length;
      const { fin, rsv, masked, opcode, payload } = await socket.nextFrame();
      assert.deepEqual([fin, rsv, masked, opcode, payload.length], [true, 0, false, "text", size]);
      const head = size < 126 ? 2 : size < 65_536 ? 4 : 10;
      assert.equal(socket.connection.received.length - before, head + size);
    }
    socket.destroy();
  });

  test("a conversation that comes byte by byte is understood", async () => {
    const socket = await openWebSocket(server().echo, { pieces: true });
    const bytes = Buffer.concat([part("text", "4h€"), frame("ping", "p"), end("llo"),
                                 frame("binary", "x".repeat(130)), text("4bye")]);
    for (const byte of bytes) await socket.send(Buffer.of(byte));
    for (const one of [["pong", hex("p")], ["text", "4h€llo"], ["binary", hex("x".repeat(130))],
                       ["text", "4bye"]]) {
      assert.deepEqual(await socket.next(), one);
    }
    socket.destroy();
  });

  test("endless one-byte fragments end, and cost no memory (CVE-2026-48779)", async () => {
    const socket = await openWebSocket(server().echo);
    await socket.send(part("text", "4"));
    const before = server().child.memory();
    const many = Buffer.concat(Array(10_000).fill(part("continuation", "x")));
    for (let i = 0; i < 20 && !socket.connection.isClosed; ++i) socket.send(many);
    const [last, code] = await socket.next();
    assert.equal(last, "close");
    assert.equal(code, expected(name, { coterie: 1009, node: 1008, why: "either says: too much" }));
    if (name === "coterie") assert.ok(server().child.memory() - before < 8 << 20);
    socket.destroy();
  });

  test("a peer that answers no close is not waited for", async () => {
    const socket = await openWebSocket(server().echo);
    await socket.send(frame(3, "x"));
    assert.equal((await socket.nextFrame()).opcode, "close");
    // Node waits 30 s for the answer; then it closes, too.
    if (name === "coterie") assert.ok(await socket.connection.untilClosed(3000));
    socket.destroy();
  });
});
