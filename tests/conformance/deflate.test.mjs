// Deflated messages (RFC 7692) and compressed polls, with the clients that ask for them.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { constants, deflateRawSync, gunzipSync, inflateRawSync, inflateSync } from "node:zlib";
import WebSocket from "ws";

import { PollingSession, openWebSocket } from "../support/engineio.mjs";
import { expected, forEachServer } from "../support/examples.mjs";
import { until } from "../support/process.mjs";
import { ask, closeSocketsAfterEach, connectSocket } from "../support/sockets.mjs";
import { frame } from "../support/websocket.mjs";

closeSocketsAfterEach();

const flushed = { finishFlush: constants.Z_SYNC_FLUSH };
const deflated = (data, options) => deflateRawSync(data, { ...flushed, ...options }).subarray(0, -4);
const inflated = (bytes) =>
  inflateRawSync(Buffer.concat([bytes, Buffer.from("0000ffff", "hex")]), flushed);
const hex = (text) => Buffer.from(text, "hex");

// -- npm's ws, in every way it can ask ------------------------------------------------------------

// An Engine.IO echo seen through ws: what comes back, and how many bytes that took on the wire.
class Echo {
  static async open(place, perMessageDeflate) {
    const url = `ws://127.0.0.1:${place.port}${place.path}?EIO=4&transport=websocket`;
    const echo = new Echo(new WebSocket(url, { perMessageDeflate }));
    await echo.next();
    return echo;
  }

  #got = [];
  #waiting = [];

  constructor(socket) {
    this.socket = socket;
    socket.on("message", (data, isBinary) => {
      const message = isBinary ? data : data.toString();
      if (message === "2") return socket.send("3");
      const waiting = this.#waiting.shift();
      if (waiting) waiting.resolve(message);
      else this.#got.push(message);
    });
    const fail = (error) => this.#waiting.splice(0).forEach(({ reject }) => reject(error));
    socket.on("error", fail);
    socket.on("close", (code) => fail(new Error(`closed with ${code}`)));
  }

  next() {
    if (this.#got.length > 0) return this.#got.shift();
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  async send(message) {
    const before = this.socket._socket.bytesRead;
    this.socket.send(message);
    assert.deepEqual(await this.next(), message);
    return this.socket._socket.bytesRead - before;
  }
}

// Repeats itself at a distance that only the largest windows reach back to.
const far = `4${randomBytes(9000).toString("base64")}`.repeat(3);
const noise = randomBytes(3000);
const messages = [
  "4", "4h€llo", `4${"x".repeat(300)}`, `4${"x".repeat(2000)}`, `4${"€ x".repeat(9000)}`, far,
  Buffer.alloc(0), Buffer.alloc(2000, 1), noise, Buffer.from(far),
];

const windows = [undefined, 9, 10, 11, 12, 13, 14, 15];
for (const ours of [9, 12, 15]) {
  forEachServer(`conformance --deflate=${ours}`, `deflate with a window of ${ours} bits`, (server) => {
    for (const serverMaxWindowBits of windows) {
      test(`ws with serverMaxWindowBits ${serverMaxWindowBits}, any of its own, any takeover`,
        async () => {
          for (const clientMaxWindowBits of windows) {
            for (const serverNoContextTakeover of [undefined, true]) {
              for (const clientNoContextTakeover of [undefined, true]) {
                const echo = await Echo.open(server().echo, {
                  threshold: 0, serverMaxWindowBits, clientMaxWindowBits, serverNoContextTakeover,
                  clientNoContextTakeover,
                });
                assert.equal(echo.socket.extensions, "permessage-deflate");
                const fits = serverMaxWindowBits < ours ? 1 << serverMaxWindowBits : Infinity;
                for (const message of messages) {
                  const size = Buffer.byteLength(message);
                  const isDeflated = size >= 1024 && size <= fits && message !== noise;
                  assert.equal(await echo.send(message) < size, isDeflated, `${size} bytes`);
                }
                echo.socket.close();
              }
            }
          }
        });
    }

    test("a message that can be is much shorter on the wire, and without an agreement is not",
      async () => {
        const text = `4${"All work and no play makes Jack a dull boy. ".repeat(100)}`;
        const deflating = await Echo.open(server().echo, true);
        assert.ok((await deflating.send(text)) < text.length / 10);
        const plain = await Echo.open(server().echo, false);
        assert.equal(plain.socket.extensions, "");
        assert.ok((await plain.send(text)) > text.length);
        deflating.socket.close();
        plain.socket.close();
      });
  }, ["coterie"]);
}

// -- offers and frames by hand --------------------------------------------------------------------

const offer = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
const offering = (offers) => ({ headers: { "Sec-WebSocket-Extensions": offers } });
const answerOf = (socket) =>
  /^sec-websocket-extensions: (.*)\r$/im.exec(socket.connection.text)?.[1] ?? null;

// In short, as RawWebSocket.next(), with what was deflated inflated.
async function next(socket) {
  for (;;) {
    const { opcode, rsv, payload } = await socket.nextFrame();
    const data = rsv === 4 ? inflated(payload) : payload;
    if (opcode === "text" && data.toString() === "2") {
      await socket.send(frame("text", "3"));
    } else if (opcode === "close") {
      await socket.send(frame("close", payload));
      return ["close", payload.length >= 2 ? payload.readUInt16BE(0) : null];
    } else {
      return opcode === "end" || opcode === "silence"
        ? [opcode]
        : [opcode, opcode === "text" ? data.toString() : data.toString("hex")];
    }
  }
}

const text = (payload, options) => frame("text", payload, { rsv: 4, ...options });
const first = (payload, options) => text(payload, { fin: false, ...options });
const more = (payload, options) => frame("continuation", payload, { fin: false, ...options });
const last = (payload, options) => frame("continuation", payload, options);
const hello = deflated("4hello");
const heard = [["text", "4hello"]];
const long = `4${"h€llo ".repeat(1000)}`;
const protocolError = [["close", 1002]];
const badData = [["close", 1007]];
const tooBig = [["close", 1009]];

const cases = [
  ["a text", [text(hello)], heard],
  ["a text of level 0", [text(deflated("4hello", { level: 0 }))], heard],
  ["a long text", [text(deflated(long))], [["text", long]]],
  ["a binary message", [frame("binary", deflated(Buffer.alloc(500, 7)), { rsv: 4 })],
   [["binary", "07".repeat(500)]]],
  ["an empty binary message", [frame("binary", hex("00"), { rsv: 4 })], [["binary", ""]]],
  ["plain and deflated by turns", [text(hello), frame("text", "4a"), text(hello)],
   [...heard, ["text", "4a"], ...heard]],
  ["two fragments", [first(hello.subarray(0, 3)), last(hello.subarray(3))], heard],
  ["empty fragments", [first(""), more(hello), more(""), last("")], heard],
  ["a ping between fragments", [first(hello.subarray(0, 3)), frame("ping", "p"),
                                last(hello.subarray(3))], [["pong", "70"], ...heard]],
  ["a fragment for each byte",
   [first(""), ...[...deflated(long)].map((byte) => more(Buffer.of(byte))), last("")],
   [["text", long]]],
  ["a block that says it is the last (RFC 7692 7.2.3.4)",
   [text(Buffer.concat([deflateRawSync("4hello"), Buffer.of(0)]))], heard],
  ["a million bytes", [text(deflated(`4${"x".repeat(999_999)}`))],
   [["text", `4${"x".repeat(999_999)}`]]],

  ["garbage", [text("garbage")], badData],
  ["no bytes at all", [text("")],
   { coterie: badData, node: [["close", null]], why: "RFC 7692 7.2.2; Node takes it for \"\"" }],
  ["a message that breaks off", [text(deflated(long).subarray(0, -3))], badData],
  ["text that inflates to no UTF-8", [text(deflated(hex("34ff")))], badData],
  ["the bit in a continuation", [first(hello), last("", { rsv: 4 })], protocolError],
  ["the bit in a continuation only", [first("4a", { rsv: 0 }), last(hello, { rsv: 4 })],
   protocolError],
  ["the bit in a ping", [frame("ping", "", { rsv: 4 })], protocolError],
  ["the bit in a close", [frame("close", "", { rsv: 4 })], protocolError],
  ...[1, 2, 3, 5, 6, 7].map((rsv) => [`reserved bits ${rsv}`, [text(hello, { rsv })],
                                      protocolError]),
  ["a million bytes and one", [text(deflated(`4${"x".repeat(1_000_000)}`))], tooBig],
  ["a header that promises a million deflated bytes and one",
   [text("", { form: 64, declared: 1_000_001 })], tooBig],
];

forEachServer("conformance --deflate", "deflated frames", (server, name) => {
  for (const [what, frames, same] of cases) {
    test(what, async () => {
      const socket = await openWebSocket(server().echo, offering(offer));
      socket.send(...frames);
      for (const one of expected(name, same)) {
        const seen = await next(socket);
        assert.equal(seen[0], one[0], `${String(seen).slice(0, 80)}, not ${String(one).slice(0, 80)}`);
        if (one[1] !== undefined) assert.ok(seen[1] === one[1], String(seen).slice(0, 80));
      }
      socket.destroy();
    });
  }

  test("what comes byte by byte is inflated", async () => {
    const socket = await openWebSocket(server().echo, { ...offering(offer), pieces: true });
    for (const byte of Buffer.concat([text(hello), text(deflated(long))])) {
      await socket.send(Buffer.of(byte));
    }
    assert.deepEqual(await next(socket), ["text", "4hello"]);
    assert.deepEqual(await next(socket), ["text", long]);
    socket.destroy();
  });

  test("a deflate bomb ends, and costs no memory", async () => {
    const bomb = deflated(Buffer.alloc(200 << 20), { level: 9 });
    assert.ok(bomb.length < 250_000);
    const before = server().child.memory();
    for (let i = 0; i < 5; ++i) {
      const socket = await openWebSocket(server().echo, offering(offer));
      socket.send(frame("binary", bomb, { rsv: 4 }));
      assert.deepEqual(await next(socket), ["close", 1009]);
      socket.destroy();
    }
    if (name === "coterie") assert.ok(server().child.memory() - before < 16 << 20);
  });

  test("a message of a megabyte and less is deflated, one below the threshold is not", async () => {
    const socket = await openWebSocket(server().echo, offering(offer));
    for (const [size, rsv] of [[2, 0], [1023, 0], [1024, 4], [1_000_000, 4]]) {
      await socket.send(frame("text", "4".repeat(size)));
      let seen;
      do seen = await socket.nextFrame(); while (seen.payload.toString() === "2");
      assert.equal(seen.rsv, rsv, `${size}`);
      assert.equal((rsv ? inflated(seen.payload) : seen.payload).length, size);
    }
    socket.destroy();
  });

  if (name === "node") return;

  test("offers are answered, or declined and the connection opened all the same", async () => {
    for (const [offers, answer] of [
      ["permessage-deflate", offer],
      ["permessage-deflate; client_max_window_bits", `${offer}; client_max_window_bits=15`],
      ["permessage-deflate; server_max_window_bits=\"10\"", `${offer}; server_max_window_bits=10`],
      ["permessage-deflate; mux, permessage-deflate", offer],
      ["permessage-deflate; server_max_window_bits=7", null],
      ["permessage-deflate; client_max_window_bits; client_max_window_bits", null],
      ["permessage-deflate; constructor", null],
      ["constructor, __proto__, toString", null],
      ["x-webkit-deflate-frame", null],
      [",,,;;;\"\\", null],
      [",".repeat(12_000), null],
      [`a${"; b=\"\\".repeat(2000)}`, null],
    ]) {
      const socket = await openWebSocket(server().echo, offering(offers));
      assert.equal(answerOf(socket), answer, offers.slice(0, 100));
      await socket.send(frame("text", "4hello"));
      assert.deepEqual(await next(socket), ["text", "4hello"]);
      socket.destroy();
    }
  });

  test("a WebSocket that a polling session upgrades to is deflated, too", async () => {
    const session = await PollingSession.open(server().echo);
    await session.post(long);
    await session.poll();
    const socket = await session.websocket(offering(offer));
    assert.equal(answerOf(socket), offer);
    await socket.send(frame("text", "2probe"));
    assert.deepEqual(await next(socket), ["text", "3probe"]);
    await socket.send(frame("text", "5"), text(deflated(long)));
    const seen = await socket.nextFrame();
    assert.equal(seen.rsv, 4);
    assert.equal(inflated(seen.payload).toString(), long);
    socket.destroy();
  });
});

forEachServer("conformance", "without deflate", (server, name) => {
  test("offers are ignored and deflated frames refused", async () => {
    const socket = await openWebSocket(server().echo, offering(offer));
    assert.equal(answerOf(socket), null, name);
    await socket.send(text(hello));
    assert.deepEqual(await next(socket), ["close", 1002]);
    socket.destroy();
  });
});

// -- Socket.IO ------------------------------------------------------------------------------------

forEachServer("conformance --deflate", "deflated events", (server) => {
  const ways = { websocket: { transports: ["websocket"] },
                 upgrade: { transports: ["polling", "websocket"] },
                 polling: { transports: ["polling"] } };
  const values = [["x".repeat(5000)], [Buffer.alloc(5000, 1), { deep: [Buffer.from(far)] }, "h€llo"],
                  [{ list: Array.from({ length: 500 }, (_, i) => ({ i, name: `n${i}` })) }]];

  for (const [way, options] of Object.entries(ways)) {
    test(`${way}: events and acks with text and attachments come whole`, async () => {
      const socket = await connectSocket(server().url, options);
      if (way === "upgrade") await until(() => socket.io.engine.transport.name === "websocket");
      for (const value of values) {
        assert.deepEqual(await ask(socket, "message-with-ack", ...value), value);
        const before = socket.events("message-back").length;
        socket.emit("message", ...value);
        assert.deepEqual(await socket.event("message-back", before), value);
      }
    });
  }

  test("a broadcast reaches who inflates, who does not, and who polls", async () => {
    const inflating = await connectSocket(server().url, ways.websocket);
    const plain = await connectSocket(server().url, { ...ways.websocket, perMessageDeflate: false });
    const polling = await connectSocket(server().url, ways.polling);
    const bytesRead = (socket) => socket.io.engine.transport.ws._socket.bytesRead;
    const before = [bytesRead(inflating), bytesRead(plain)];
    polling.emit("message-to-all", "x".repeat(20_000));
    for (const socket of [inflating, plain, polling]) {
      assert.deepEqual(await socket.event("message-back"), ["x".repeat(20_000)]);
    }
    assert.ok(bytesRead(inflating) - before[0] < 1000);
    assert.ok(bytesRead(plain) - before[1] > 20_000);
  });
});

// -- polls ----------------------------------------------------------------------------------------

const decoders = { gzip: gunzipSync, deflate: inflateSync };

forEachServer("conformance", "compressed polls", (server, name) => {
  for (const [accepted, coding] of [
    [undefined, undefined],
    ["gzip", "gzip"],
    ["deflate", "deflate"],
    ["gzip, deflate, br", "gzip"],
    ["gzip;q=0.2, deflate;q=0.8", "deflate"],
    ["gzip;q=0, deflate", "deflate"],
    ["gzip;q=0", undefined],
    ["br", undefined],
    ["identity", undefined],
    ["*", "gzip"],
    ["*;q=0", undefined],
    ["constructor;q=x, ;;,", undefined],
  ]) {
    test(`Accept-Encoding: ${accepted}`, async () => {
      const session = await PollingSession.open(server().echo);
      const headers = accepted === undefined ? {} : { "Accept-Encoding": accepted };
      const posted = await session.post(long, { headers });
      assert.equal(posted.body, "ok");
      assert.equal(posted.headers["content-encoding"], undefined);
      const polled = await session.poll({ headers });
      assert.equal(polled.headers["content-encoding"], coding);
      const bytes = coding ? decoders[coding](polled.bytes) : polled.bytes;
      assert.equal(bytes.toString(), long);
      assert.equal(polled.headers["cache-control"], "no-store");
      if (name === "coterie") {
        assert.equal(polled.headers.vary, "Accept-Encoding");
        assert.equal(Number(polled.headers["content-length"]), polled.bytes.length);
      }
      if (coding) assert.ok(polled.bytes.length < long.length / 10);
    });
  }

  test("short payloads go as they are", async () => {
    const session = await PollingSession.open(server().echo, { headers: { "Accept-Encoding": "gzip" } });
    assert.equal(session.opening.headers["content-encoding"], undefined);
    const headers = { "Accept-Encoding": "gzip" };
    for (const [size, coding] of [[1023, undefined], [1024, "gzip"]]) {
      await session.post("4".repeat(size));
      assert.equal((await session.poll({ headers })).headers["content-encoding"], coding);
    }
  });

  test("a poll that waited is compressed as it asked", async () => {
    const session = await PollingSession.open(server().echo);
    const waiting = session.poll({ headers: { "Accept-Encoding": "deflate" } });
    await session.post(long);
    const polled = await waiting;
    assert.equal(inflateSync(polled.bytes).toString(), long);
  });
});
