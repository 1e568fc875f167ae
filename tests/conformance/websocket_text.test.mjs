// Text frames carry UTF-8 and nothing else (RFC 6455 8.1, RFC 3629), however they are cut.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";

import { openWebSocket } from "../support/engineio.mjs";
import { forEachServer } from "../support/examples.mjs";
import { frame } from "../support/websocket.mjs";

// The first and the last character of each length, and around the surrogates.
const valid = ["00", "7f", "c280", "dfbf", "e0a080", "ed9fbf", "ee8080", "efbfbd", "efbfbf",
               "f0908080", "f48fbfbf", "f0a4ada2", "cebae1bdb9cf83cebcceb5", "efbbbf41"];

const invalid = [
  ["a lone continuation", ["80", "bf", "8080", "8080808080"]],
  ["a first byte without its rest", ["c2", "e0a0", "e2", "f09080", "f0", "c220", "e0a020", "f0908020"]],
  ["bytes that exist nowhere", ["c0", "c1", "f5", "f8", "fc", "fe", "ff", "fefeffff"]],
  ["overlong forms", ["c080", "c1bf", "e08080", "e09fbf", "f0808080", "f08fbfbf", "f880808080",
                      "fc8080808080", "c0af"]],
  ["surrogates", ["eda080", "edadbf", "edb080", "edbfbf", "eda080edb080"]],
  ["beyond U+10FFFF", ["f4908080", "f5808080", "f7bfbfbf", "f888808080", "fdbfbfbfbfbf"]],
];

const bytesOf = (digits) => Buffer.from(`3461${digits}62`, "hex"); // "4a" … "b"

// Whole, and with a fragment for each byte.
const ways = {
  whole: (bytes) => [frame("text", bytes)],
  "byte by byte": (bytes) => [...bytes].map((byte, i) =>
    frame(i === 0 ? "text" : "continuation", Buffer.of(byte), { fin: i === bytes.length - 1 })),
};

// Every kind of first byte with followers at the bounds of RFC 3629, whole and cut short.
function* sequences() {
  const edges = [0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0];
  for (const first of [0x80, 0xbf, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xed, 0xef, 0xf0, 0xf1, 0xf4, 0xf5,
                       0xff]) {
    const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    for (const second of edges) {
      const whole = [first, second, 0x80, 0xbf].slice(0, length);
      yield Buffer.from(whole);
      yield Buffer.from(whole.slice(0, -1));
      yield Buffer.from([...whole.slice(0, -1), 0x7f]);
    }
  }
}
const isText = (bytes) => {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) !== undefined;
  } catch {
    return false;
  }
};

forEachServer("conformance", "WebSocket text", (server) => {
  test("generated sequences, cut within their character, are text or 1007", async () => {
    const good = await openWebSocket(server().echo);
    const judged = { text: 0, none: 0 };
    for (const sequence of sequences()) {
      const bytes = Buffer.concat([Buffer.from("4a"), sequence, Buffer.from("b")]);
      const cut = 2 + Math.ceil(sequence.length / 2);
      const frames = [frame("text", bytes.subarray(0, cut), { fin: false }),
                      frame("ping", "between"), frame("continuation", bytes.subarray(cut))];
      const pong = Buffer.from("between").toString("hex");
      if (isText(bytes)) {
        ++judged.text;
        await good.send(...frames);
        assert.deepEqual(await good.next(), ["pong", pong]);
        assert.deepEqual(await good.next(), ["text", bytes.toString()], bytes.toString("hex"));
      } else {
        ++judged.none;
        const socket = await openWebSocket(server().echo);
        await socket.send(...frames);
        let seen = await socket.next();
        if (seen[0] === "pong") seen = await socket.next(); // The second half told.
        assert.deepEqual(seen, ["close", 1007], bytes.toString("hex"));
        socket.destroy();
      }
    }
    good.destroy();
    assert.ok(judged.text > 40 && judged.none > 200, JSON.stringify(judged));
  });

  for (const [way, cut] of Object.entries(ways)) {
    test(`what is UTF-8 comes back, sent ${way}`, async () => {
      const socket = await openWebSocket(server().echo);
      for (const digits of valid) {
        const bytes = bytesOf(digits);
        await socket.send(...cut(bytes));
        assert.deepEqual(await socket.next(), ["text", bytes.toString()], digits);
      }
      socket.destroy();
    });

    for (const [what, sequences] of invalid) {
      test(`${what}, sent ${way}: 1007`, async () => {
        for (const digits of sequences) {
          const socket = await openWebSocket(server().echo);
          await socket.send(...cut(bytesOf(digits)));
          assert.deepEqual(await socket.next(), ["close", 1007], digits);
          assert.deepEqual(await socket.next(), ["end"], digits);
        }
      });
    }
  }

  test("a text that ends within a character: 1007", async () => {
    for (const digits of ["34c2", "34e282", "34f09f98"]) {
      const socket = await openWebSocket(server().echo);
      await socket.send(frame("text", Buffer.from(digits, "hex")));
      assert.deepEqual(await socket.next(), ["close", 1007], digits);
    }
  });

  test("binary may be anything", async () => {
    const socket = await openWebSocket(server().echo);
    const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    await socket.send(frame("binary", all));
    assert.deepEqual(await socket.next(), ["binary", all.toString("hex")]);
    socket.destroy();
  });
});
