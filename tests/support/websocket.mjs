// WebSocket frames by hand: what a correct client sends, and what none would.
// SPDX-License-Identifier: MIT
import { createHash, randomBytes } from "node:crypto";

import { RawConnection } from "./http.mjs";

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };
const names = Object.fromEntries(Object.entries(opcodes).map(([name, code]) => [code, name]));

// One frame. `declared` lies about the length; `form` chooses 7, 16 or 64 bits for it.
export function frame(opcode, payload = "", { fin = true, rsv = 0, mask = true, form, declared,
                                              key = randomBytes(4) } = {}) {
  const bytes = Buffer.from(payload);
  const length = BigInt(declared ?? bytes.length);
  const bits = form ?? (length < 126n ? 7 : length <= 0xffffn ? 16 : 64);
  const code = typeof opcode === "string" ? opcodes[opcode] : opcode;
  const head = Buffer.alloc({ 7: 2, 16: 4, 64: 10 }[bits]);
  head[0] = (fin ? 0x80 : 0) | (rsv << 4) | code;
  head[1] = (mask ? 0x80 : 0) | (bits === 7 ? Number(length) : bits === 16 ? 126 : 127);
  if (bits === 16) head.writeUInt16BE(Number(length), 2);
  if (bits === 64) head.writeBigUInt64BE(BigInt.asUintN(64, length), 2);
  if (!mask) return Buffer.concat([head, bytes]);
  const whole = Buffer.concat([head, key, bytes]);
  const start = whole.length - bytes.length;
  for (let i = 0; i < bytes.length; ++i) whole[start + i] ^= key[i & 3];
  return whole;
}

export function closePayload(code, reason = "") {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(code);
  return Buffer.concat([bytes, Buffer.from(reason)]);
}

export function upgradeRequest(target, { key = randomBytes(16).toString("base64"), headers = {},
                                         method = "GET" } = {}) {
  const fields = { Host: "localhost", Connection: "Upgrade", Upgrade: "websocket",
                   "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": key, ...headers };
  const lines = Object.entries(fields).filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${target} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

export class RawWebSocket {
  #at = 0; // Where the next frame begins in what has come.

  // Connects and upgrades; `glued` bytes follow in the segment of the request.
  static async open(port, target, { glued = Buffer.alloc(0), headers, pieces,
                                    patience = 5_000 } = {}) {
    const connection = await RawConnection.open(port);
    const key = randomBytes(16).toString("base64");
    const bytes = Buffer.concat([Buffer.from(upgradeRequest(target, { key, headers })), glued]);
    if (pieces) {
      for (const byte of bytes) await connection.send(Buffer.of(byte));
    } else {
      await connection.send(bytes);
    }
    await connection.until(() => connection.text.includes("\r\n\r\n"), patience);
    const head = connection.text.slice(0, connection.text.indexOf("\r\n\r\n") + 4);
    if (!head.startsWith("HTTP/1.1 101 ")) {
      connection.destroy();
      throw new Error(`no upgrade: ${head || "closed without an answer"}`);
    }
    const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest("base64");
    if (!head.toLowerCase().includes(`sec-websocket-accept: ${accept.toLowerCase()}\r\n`)) {
      throw new Error(`a wrong Sec-WebSocket-Accept: ${head}`);
    }
    return new RawWebSocket(connection, head.length);
  }

  constructor(connection, at) {
    this.connection = connection;
    this.#at = at;
  }

  send(...frames) {
    return this.connection.send(Buffer.concat(frames));
  }

  // The next frame as {fin, rsv, opcode, masked, payload}; {opcode: "end"} when the connection has
  // closed, {opcode: "silence"} when nothing comes.
  async nextFrame(milliseconds = 5000) {
    let found;
    await this.connection.until(() => (found = this.#take()), milliseconds);
    return found ?? { opcode: this.connection.isClosed ? "end" : "silence" };
  }

  #take() {
    const bytes = this.connection.received.subarray(this.#at);
    if (bytes.length < 2) return undefined;
    let length = bytes[1] & 0x7f;
    let head = 2;
    if (length === 126) {
      if (bytes.length < 4) return undefined;
      length = bytes.readUInt16BE(2);
      head = 4;
    } else if (length === 127) {
      if (bytes.length < 10) return undefined;
      length = Number(bytes.readBigUInt64BE(2));
      head = 10;
    }
    if (bytes.length < head + length) return undefined;
    this.#at += head + length;
    const code = bytes[0] & 0x0f;
    return { fin: bytes[0] >= 0x80, rsv: (bytes[0] >> 4) & 7, opcode: names[code] ?? code,
             masked: bytes[1] >= 0x80, payload: Buffer.from(bytes.subarray(head, head + length)) };
  }

  // What comes next, in short: ["text", "4hi"], ["binary", "6869"], ["close", 1002], ["end"].
  // Engine.IO's pings are answered and not told; a close frame is answered, too.
  async next(milliseconds = 5000) {
    const deadline = Date.now() + milliseconds;
    for (;;) {
      const { opcode, payload } = await this.nextFrame(Math.max(0, deadline - Date.now()));
      if (opcode === "text" && payload.toString() === "2") {
        await this.send(frame("text", "3"));
        continue;
      }
      if (opcode === "text") return [opcode, payload.toString()];
      if (opcode === "close") {
        await this.send(frame("close", payload));
        return [opcode, payload.length >= 2 ? payload.readUInt16BE(0) : null];
      }
      if (opcode === "end" || opcode === "silence") return [opcode];
      return [opcode, payload.toString("hex")];
    }
  }

  destroy() {
    this.connection.destroy();
  }
}
