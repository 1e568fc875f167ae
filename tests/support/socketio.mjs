// Socket.IO by hand: packets over a WebSocket, and what comes back.
// SPDX-License-Identifier: MIT
import { openWebSocket } from "./engineio.mjs";
import { frame } from "./websocket.mjs";

export class RawClient {
  // A connection on which nothing has been said yet; `place` is a server with a `port`.
  static async open({ port }, options) {
    return new RawClient(await openWebSocket({ port, path: "/socket.io/" }, options));
  }

  // Joined to `nsp`, the fixture's first event read away.
  static async connect(server, nsp = "/") {
    const client = await RawClient.open(server);
    await client.join(nsp);
    return client;
  }

  constructor(socket) {
    this.socket = socket;
  }

  // Sends packets: text as Engine.IO messages, buffers as attachments.
  send(...packets) {
    return this.socket.send(...packets.map((packet) =>
      typeof packet === "string" ? frame("text", `4${packet}`) : frame("binary", packet)));
  }

  async join(nsp = "/", auth = "") {
    const name = nsp === "/" ? "" : `${nsp},`;
    await this.send(`0${name}${auth}`);
    const reply = await this.next();
    const event = await this.next();
    return { reply, event };
  }

  // What comes next: a packet's text, a Buffer, or "closed" or "silence".
  async next(milliseconds) {
    const [opcode, payload] = await this.socket.next(milliseconds);
    if (opcode === "text") return payload.startsWith("4") ? payload.slice(1) : `engine ${payload}`;
    if (opcode === "binary") return Buffer.from(payload, "hex");
    return opcode === "silence" ? opcode : "closed";
  }

  destroy() {
    this.socket.destroy();
  }
}
