// Engine.IO by hand: a long-polling session, and where its WebSocket is.
// SPDX-License-Identifier: MIT
import { request } from "./http.mjs";
import { RawWebSocket, frame } from "./websocket.mjs";

export const separator = "\x1e";
export const packets = (payload) => payload.split(separator);

export class PollingSession {
  // `place` is {url, port, path}: a server's Engine.IO.
  static async open(place, { query = "EIO=4&transport=polling", headers } = {}) {
    const response = await request(`${place.url}${place.path}?${query}`, { headers });
    if (response.status !== 200) throw new Error(`no handshake: ${JSON.stringify(response)}`);
    const session = new PollingSession(place, JSON.parse(packets(response.body)[0].slice(1)));
    session.opening = response;
    return session;
  }

  constructor(place, handshake) {
    this.place = place;
    this.handshake = handshake;
    this.sid = handshake.sid;
  }

  target(transport = "polling", more = "") {
    return `${this.place.path}?EIO=4&transport=${transport}&sid=${this.sid}${more}`;
  }

  request(options) {
    return request(`${this.place.url}${this.target()}`, options);
  }

  // One poll; what it brought is in `packets`.
  async poll(options) {
    const response = await this.request(options);
    return { ...response, packets: packets(response.body) };
  }

  post(body, options) {
    const headers = { "Content-Type": "text/plain;charset=UTF-8", ...options?.headers };
    return this.request({ method: "POST", body, ...options, headers });
  }

  // Is the session still known? Asks in a way that changes nothing: a packet that is ignored.
  async isAlive() {
    return (await this.post("6")).status === 200;
  }

  websocket(options) {
    return RawWebSocket.open(this.place.port, this.target("websocket"), options);
  }
}

// A session that begins on WebSocket; its open packet has been read into `handshake`.
export async function openWebSocket(place, { query = "EIO=4&transport=websocket", ...options } = {}) {
  const socket = await RawWebSocket.open(place.port, `${place.path}?${query}`, options);
  const [opcode, text] = await socket.next(options.patience);
  if (opcode !== "text" || !text.startsWith("0{")) throw new Error(`no open packet: ${text}`);
  socket.handshake = JSON.parse(text.slice(1));
  return socket;
}

export const textFrame = (text, options) => frame("text", text, options);
