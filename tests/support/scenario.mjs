// One conversation with the server "scenario" that uses all of the protocol, for clients of every
// kind: what they have seen is written down, and must be the same for all. python_client.py has the
// same conversation in Python.
// SPDX-License-Identifier: MIT
import { createHash } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Socket as Engine } from "engine.io-client";
import { Decoder, Encoder, PacketType } from "socket.io-parser";

const auth = { token: "abc", list: [1, { a: null }] };
const scripts = ["你好", "Привет", "e\u0301", "😀", "\u2028", "\0", '"\\\n', ""];
const values = [1, -0.5, true, false, null, { deep: [{ list: [] }], "": {} }, ["a", ["b"]]];
const bytes = (...list) => Buffer.from(list);
const counting = (size) => Buffer.from(Array.from({ length: size }, (_, i) => i % 256));
const large = 300_000;

// Bytes and long texts in short, so that a transcript can be read and compared.
function inShort(value) {
  const digest = (each) => createHash("sha1").update(each).digest("hex");
  if (typeof value === "string") {
    return value.length <= 100 ? value : { text: `${value.length} letters ${digest(value)}` };
  }
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
    const { buffer, byteOffset, byteLength } = ArrayBuffer.isView(value) ? value : new Uint8Array(value);
    const octets = Buffer.from(buffer, byteOffset, byteLength);
    const short = byteLength <= 32 ? octets.toString("hex") : digest(octets);
    return { bytes: `${byteLength} ${short}` };
  }
  if (Array.isArray(value)) return value.map(inShort);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, inShort(each)]));
}

// `connect(nsp, auth)` makes a peer with a connection of its own. Returns the transcript.
export async function scenario(connect) {
  const seen = [];
  const note = (what, value) => seen.push([what, inShort(value)]);
  const peer = await connect("/", auth);
  const echo = async (what, ...args) => {
    peer.say("echo", ...args);
    note(what, await peer.hear("echoed"));
  };

  note("welcome", await peer.hear("welcome"));
  await echo("text", "hello", "there");
  await echo("nothing");
  await echo("scripts", ...scripts);
  await echo("values", ...values);
  await echo("bytes", bytes(0, 1, 254, 255));
  await echo("no bytes", bytes());
  await echo("bytes within", { a: [bytes(1), "text", { b: bytes(2, 3) }], c: bytes(4) }, 5, bytes(6));
  peer.say("give", 1000);
  note("bytes of the server", await peer.hear("given"));

  note("ack", await peer.ask("echo-ack", "a", { b: [1] }));
  note("ack with bytes", await peer.ask("echo-ack", [bytes(7)], bytes(8), "c"));
  peer.say("ask", "who?", 1);
  note("asked", await peer.hear("answered"));
  peer.say("ask", { which: bytes(9) }, bytes(10, 11));
  note("asked with bytes", await peer.hear("answered"));

  await echo("large text", "é".repeat(large / 2));
  await echo("large bytes", counting(large));
  peer.say("big", large);
  note("large text of the server", await peer.hear("grown"));
  peer.say("give", large);
  note("large bytes of the server", await peer.hear("given"));

  await rooms(peer, connect, note);

  const other = await peer.join("/other", auth);
  note("another namespace", await other.hear("welcome"));
  other.say("echo", "other");
  note("another namespace", await other.hear("echoed"));
  await other.leave();
  await echo("the first namespace", "still here");
  note("no namespace", await connect("/nowhere", {}).catch(refusal));
  note("no entry", await connect("/", { refuse: "not you" }).catch(refusal));

  for (const farewell of ["leave-me", "close-me"]) {
    peer.say(farewell);
    await peer.untilEnded();
    await peer.returns();
    note(`back after ${farewell}`, await peer.hear("welcome"));
    await echo("and", farewell);
  }
  await peer.leave();
  await peer.returns();
  note("back again", await peer.hear("welcome"));
  await echo("and", bytes(12));
  const carriedBy = peer.transport;
  await peer.leave();
  return { seen, carriedBy };
}

// What everybody must have seen.
export const transcript = [
  ["welcome", [auth]],
  ["text", ["hello", "there"]],
  ["nothing", []],
  ["scripts", scripts],
  ["values", values],
  ["bytes", [bytes(0, 1, 254, 255)]],
  ["no bytes", [bytes()]],
  ["bytes within", [{ a: [bytes(1), "text", { b: bytes(2, 3) }], c: bytes(4) }, 5, bytes(6)]],
  ["bytes of the server", [counting(1000)]],
  ["ack", ["a", { b: [1] }]],
  ["ack with bytes", [[bytes(7)], bytes(8), "c"]],
  ["asked", ["who?", 1]],
  ["asked with bytes", [{ which: bytes(9) }, bytes(10, 11)]],
  ["large text", ["é".repeat(large / 2)]],
  ["large bytes", [counting(large)]],
  ["large text of the server", ["x".repeat(large)]],
  ["large bytes of the server", [counting(large)]],
  ["welcome", [{}]],
  ["join", ["joined"]],
  ["join", ["joined"]],
  ["told", ["room", "both", bytes(1, 2)]],
  ["told", ["room", { back: true }]],
  ["leave", ["left"]],
  ["told", ["all", bytes(3)]],
  ["told", ["all", bytes(3)]],
  ["another namespace", [auth]],
  ["another namespace", ["other"]],
  ["the first namespace", ["still here"]],
  ["no namespace", { message: "Invalid namespace", data: null }],
  ["no entry", { message: "not you", data: { code: 7 } }],
  ["back after leave-me", [auth]],
  ["and", ["leave-me"]],
  ["back after close-me", [auth]],
  ["and", ["close-me"]],
  ["back again", [auth]],
  ["and", [bytes(12)]],
].map(([what, value]) => [what, inShort(value)]);

async function rooms(peer, connect, note) {
  const second = await connect("/", {});
  note("welcome", await second.hear("welcome"));
  note("join", await second.ask("join", "room"));
  note("join", await peer.ask("join", "room"));
  peer.say("tell", "room", "both", bytes(1, 2));
  note("told", await second.hear("told"));
  second.say("tell", "room", { back: true });
  note("told", await peer.hear("told"));
  note("leave", await second.ask("leave", "room"));
  peer.say("tell", "room", "nobody");
  peer.say("tell-all", "all", bytes(3));
  note("told", await second.hear("told"));
  note("told", await peer.hear("told"));
  await second.leave();
}

class Refusal extends Error {
  constructor(message, details) {
    super(message);
    this.details = details;
  }
}

function refusal(error) {
  if (!(error instanceof Refusal)) throw error;
  return { message: error.message, data: error.details ?? null };
}

// What peers have in common: events wait until somebody wants to hear them.
class Peer extends EventEmitter {
  #events = [];

  heard(...event) {
    this.#events.push(event);
    this.emit("heard");
  }

  // The arguments of the first event of that name that nobody has heard.
  async hear(name) {
    const signal = AbortSignal.timeout(15_000);
    for (;;) {
      const at = this.#events.findIndex(([each]) => each === name);
      if (at >= 0) return this.#events.splice(at, 1)[0].slice(1);
      try {
        await once(this, "heard", { signal });
      } catch {
        throw new Error(`“${name}” did not come, but ${JSON.stringify(inShort(this.#events))}`);
      }
    }
  }

  untilEnded() {
    return this.hear("(ended)");
  }
}

// A socket.io-client; `io` is any version's.
export class ClientPeer extends Peer {
  static connector(io, url, options) {
    return (nsp, auth) => new ClientPeer(io(url + nsp, {
      ...options, auth, forceNew: true, reconnection: false, autoConnect: false,
    })).returns();
  }

  constructor(socket) {
    super();
    this.socket = socket;
    socket.onAny((name, ...args) => {
      if (name === "question") args.pop()(...args);
      else this.heard(name, ...args);
    });
    socket.on("connect", () => this.heard("(joined)"));
    socket.on("connect_error", (error) => this.heard("(joined)", error));
    socket.on("disconnect", () => this.heard("(ended)"));
  }

  async returns() {
    await sleep(20); // Clients before 4.1 trip over themselves when they return at once.
    this.socket.connect();
    const [error] = await this.hear("(joined)");
    if (!error) return this;
    this.socket.disconnect();
    throw new Refusal(error.message, error.data);
  }

  async join(nsp, auth) {
    return new ClientPeer(this.socket.io.socket(nsp, { auth })).returns();
  }

  get transport() {
    return this.socket.io.engine.transport.name;
  }

  say(...event) {
    this.socket.emit(...event);
  }

  ask(...event) {
    this.socket.emit(...event, (...answer) => this.heard("(answer)", ...answer));
    return this.hear("(answer)");
  }

  leave() {
    this.socket.disconnect();
    return this.untilEnded();
  }
}

// engine.io-client with packets made by hand: a client that does only what it is told.
export class EnginePeer extends Peer {
  #lastId = 0;

  static connector(url, options) {
    return (nsp, auth) => new EnginePeer(() => openEngine(url, options), nsp, auth).returns();
  }

  constructor(open, nsp, auth) {
    super();
    Object.assign(this, { open, nsp, auth });
  }

  async returns() {
    this.engine = await this.open();
    this.engine.on("packet-of-socketio", (packet) => this.#take(packet));
    this.engine.on("close", () => this.heard("(ended)"));
    return this.#enter();
  }

  // Another namespace over the same connection.
  async join(nsp, auth) {
    const peer = new EnginePeer(this.open, nsp, auth);
    peer.engine = this.engine;
    peer.engine.on("packet-of-socketio", (packet) => peer.#take(packet));
    return peer.#enter();
  }

  async #enter() {
    this.#send(PacketType.CONNECT, this.auth);
    const [error] = await this.hear("(joined)");
    if (!error) return this;
    this.engine.close();
    throw new Refusal(error.message, error.data);
  }

  #send(type, data, id) {
    for (const piece of new Encoder().encode({ type, nsp: this.nsp, data, id })) this.engine.send(piece);
  }

  #take({ type, nsp, id, data }) {
    if (nsp !== this.nsp) return;
    if (type === PacketType.CONNECT) this.heard("(joined)");
    else if (type === PacketType.CONNECT_ERROR) this.heard("(joined)", data);
    else if (type === PacketType.ACK) this.heard("(answer)", ...data);
    else if (type === PacketType.DISCONNECT) this.engine.close();
    else if (data[0] === "question") this.#send(PacketType.ACK, data.slice(1), id);
    else this.heard(...data);
  }

  get transport() {
    return this.engine.transport.name;
  }

  say(...event) {
    this.#send(PacketType.EVENT, event);
  }

  ask(...event) {
    this.#send(PacketType.EVENT, event, ++this.#lastId);
    return this.hear("(answer)");
  }

  async leave() {
    this.#send(PacketType.DISCONNECT);
    if (this.nsp !== "/") return;
    this.engine.close();
    await this.untilEnded();
  }
}

async function openEngine(url, options) {
  const engine = new Engine(url, { path: "/socket.io/", ...options });
  engine.binaryType = "nodebuffer";
  const decoder = new Decoder();
  engine.on("message", (message) => decoder.add(message));
  decoder.on("decoded", (packet) => engine.emitReserved("packet-of-socketio", packet));
  await new Promise((resolve, reject) => {
    engine.on("open", resolve);
    engine.on("error", reject);
  });
  return engine;
}
