// The socket: what the server tells by itself, and the few things that are told to it.
// SPDX-License-Identifier: MIT
import { io, type Socket } from "socket.io-client";
import type { Id, Message, ReadMark } from "./model";

export interface PresenceChange {
  online: Id[];
  offline: Id[];
}

// Who is online at first; `more` says that there are too many to name.
export interface Presence {
  online: Id[];
  more?: boolean;
}

export interface Listener {
  // `recovered` says that the server has sent after it all that was missed meanwhile.
  connected(recovered: boolean): void;
  missed(): void; // Something may have passed this connection by, though it never broke.
  disconnected(): void; // Also after each attempt to connect that failed.
  message(message: Message): void;
  readMark(mark: ReadMark): void;
  typing(groupId: Id, userId: Id): void;
  presence(groupId: Id, change: PresenceChange): void;
  // The server does not accept the token (any more). No other call follows.
  rejected(): void;
}

const messageEvent = "group-message:";
const readMarkEvent = "update-last-msg"; // Asked, and answered by the same name.
const otherDeviceEvent = "read-mark"; // Another device of the reader has marked something.
const typingEvent = "typing:";
const presenceEvent = "presence:";
const ackPatience = 20_000; // Milliseconds; what has no answer by then gets none.

interface Typing {
  userId: Id;
}

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
      if (!body) return;
      const groupId = Number(event.slice(event.indexOf(":") + 1));
      if (event.startsWith(messageEvent)) listener.message(body as Message);
      else if (event.startsWith(typingEvent)) listener.typing(groupId, (body as Typing).userId);
      else if (event.startsWith(presenceEvent)) listener.presence(groupId, body as PresenceChange);
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

  // Asks who of a group is online, and to be told of changes. Null when there is no answer.
  async watchPresence(groupId: Id): Promise<Presence | null> {
    if (!this.#socket.connected) return null;
    try {
      const socket = this.#socket.timeout(ackPatience);
      const answer = (await socket.emitWithAck("watch-presence", { groupId })) as Presence;
      return Array.isArray(answer.online) ? answer : null;
    } catch {
      return null; // Each new connection asks anew.
    }
  }

  unwatchPresence(groupId: Id): void {
    if (this.#socket.connected) this.#socket.emit("unwatch-presence", { groupId });
  }

  typing(groupId: Id): void {
    if (this.#socket.connected) this.#socket.volatile.emit("typing", { groupId });
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
