// The socket: what the server tells by itself, and the one thing that is told to it.
// SPDX-License-Identifier: MIT
import { io, type Socket } from "socket.io-client";
import type { Id, Message, ReadMark } from "./model";

export interface Listener {
  // `recovered` says that the server has sent after it all that was missed meanwhile.
  connected(recovered: boolean): void;
  missed(): void; // Something may have passed this connection by, though it never broke.
  disconnected(): void; // Also after each attempt to connect that failed.
  message(message: Message): void;
  readMark(mark: ReadMark): void;
  // The server does not accept the token (any more). No other call follows.
  rejected(): void;
}

const messageEvent = "group-message:";
const readMarkEvent = "update-last-msg"; // Asked, and answered by the same name.
const otherDeviceEvent = "read-mark"; // Another device of the reader has marked something.

export class Realtime {
  readonly #socket: Socket;
  #closed = false;

  constructor(token: string, listener: Listener) {
    const socket = io({
      auth: { token },
      forceNew: true, // A shared connection would outlive a log out, with the old token.
      reconnectionDelayMax: 5000,
      // WebSocket at once, and polling where a proxy does not let it through. The usual way, from
      // polling by an upgrade, is a round trip slower, and a server that goes away in the middle of
      // the upgrade is missed only when its heartbeat is late.
      transports: ["websocket", "polling"],
      tryAllTransports: true,
    });
    this.#socket = socket;
    socket.on("connect", () => listener.connected(socket.recovered));
    // The client library retries by itself unless the server refused or ended this connection on
    // purpose, as it may when it is stopped or busy. A rejected token is another matter: it has
    // closed the socket before this point.
    const lost = () => {
      listener.disconnected();
      if (!socket.active) setTimeout(() => this.wake(), 2000);
    };
    socket.on("connect_error", lost);
    socket.on("disconnect", lost);
    socket.on("resync", () => listener.missed());
    socket.on("authFail", () => {
      this.close();
      listener.rejected();
    });
    // One handler for all groups: those joined later need no further subscription.
    socket.onAny((event: string, body: unknown) => {
      if (event.startsWith(messageEvent) && body) listener.message(body as Message);
    });
    for (const event of [readMarkEvent, otherDeviceEvent]) {
      socket.on(event, (mark: ReadMark | null) => {
        if (mark) listener.readMark(mark);
      });
    }
  }

  // Everything up to this message has been seen. Nothing is queued while offline: the mark is
  // made again when the connection is back.
  markRead(conversationId: Id, messageId: Id): void {
    if (this.#socket.connected) {
      this.#socket.emit(readMarkEvent, { id: conversationId, messageId });
    }
  }

  // Connects, unless the client library is already at it.
  wake(): void {
    if (!this.#closed && !this.#socket.connected) this.#socket.connect();
  }

  close(): void {
    this.#closed = true;
    this.#socket.off();
    this.#socket.offAny();
    this.#socket.disconnect();
  }
}
