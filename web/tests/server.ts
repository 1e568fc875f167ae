// A server in memory for the page's tests: groups and messages behind the page's own fetch(), and
// the socket's listener to push through.
// SPDX-License-Identifier: MIT
import { vi } from "vitest";
import type { Conversation, File, Id, Message, User } from "../src/api/model";
import type { Listener } from "../src/api/realtime";

export const time = "2026-01-02T03:04:05.000Z";
const row = (id: Id) => ({ id, createAt: time, updateAt: time });

export function user(id: Id, username: string): User {
  return { ...row(id), username, nickname: null, avatarId: null, avatar: null };
}

export const mira = { ...user(1, "mira_k"), email: "mira@chat.example", avatar: null };
export const jonas = user(2, "jonas77");

export function file(path: string, url: string): File {
  return { ...row(9), path, type: "image", url, createById: 1 };
}

export function message(id: Id, groupId: Id, content = `message ${id}`, author = jonas): Message {
  const fields = { type: 0 as const, content, userId: author.id, coverId: null, fileId: null };
  return { ...row(id), groupId, ...fields, user: author, file: null, cover: null, seq: id };
}

export class Server {
  messages: Message[] = [];
  groupIds: Id[] = [7];
  marks = new Map<Id, Id>(); // By conversation.
  requests: string[] = [];
  isUp = true;
  losesAnswers = false; // It does what it is asked to, and then the connection breaks.
  refusal: number | null = null;
  retryAfter: number | null = null; // Seconds that go with the refusal.
  delays: number[] = []; // Milliseconds that the next requests take to arrive.
  listener: Listener | null = null;
  marked: { id: Id; messageId: Id }[] = [];
  watched: Id[] = []; // Groups whose presence is asked for.
  online: Id[] = []; // Who is.
  profile = mira; // Who has logged in.
  typed: Id[] = [];

  constructor() {
    vi.stubGlobal("fetch", (path: string, init: RequestInit) => this.#fetch(path, init));
  }

  say(groupId: Id, content?: string, author = jonas): Message {
    const said = message((this.messages.at(-1)?.id ?? 100) + 1, groupId, content, author);
    said.seq = this.messages.filter((other) => other.groupId === groupId).length + 1;
    this.messages.push(said);
    return said;
  }

  push(said: Message): void {
    this.listener?.message(said);
  }

  conversation(groupId: Id): Conversation {
    const id = groupId + 1000;
    const said = this.messages.filter((other) => other.groupId === groupId);
    const lastMsgId = this.marks.get(id) ?? null;
    return {
      ...row(id),
      userRole: 1,
      lastMsgId,
      userId: mira.id,
      groupId,
      group: {
        ...row(groupId),
        name: "Crew",
        description: null,
        coverId: 9,
        createById: 2,
        cover: null,
      },
      recentMsg: said.at(-1) ?? null,
      unreadNum: said.filter((other) => other.id > (lastMsgId ?? 0)).length,
      lastSeq: said.length,
    };
  }

  #answer(status: number, body: object): Response {
    return new Response(JSON.stringify(body), { status });
  }

  async #fetch(target: string, init: RequestInit): Promise<Response> {
    this.requests.push(`${init.method} ${target}`);
    const delay = this.delays.shift();
    if (delay !== undefined) await new Promise((resolve) => setTimeout(resolve, delay));
    if (!this.isUp) throw new TypeError("Failed to fetch");
    if (this.refusal) {
      const headers: HeadersInit = this.retryAfter ? { "Retry-After": `${this.retryAfter}` } : {};
      const body = JSON.stringify({ message: "refused" });
      return new Response(body, { status: this.refusal, headers });
    }
    const { pathname, searchParams } = new URL(target, location.origin);
    const data = this.#data(`${init.method} ${pathname}`, searchParams, init.body);
    if (this.losesAnswers) throw new TypeError("Failed to fetch");
    if (data === undefined) {
      return this.#answer(404, { status: 404, message: `Cannot ${init.method} ${target}` });
    }
    return this.#answer(200, { status: 0, data, message: "success" });
  }

  #data(call: string, query: URLSearchParams, body: unknown): unknown {
    switch (call) {
      case "GET /api/user":
        return this.profile;
      case "GET /api/conversation/list":
        return this.groupIds.map((id) => this.conversation(id));
      case "GET /api/conversation/group/message/list": {
        const cursor = Number(query.get("cursorId") ?? Infinity);
        const groupId = Number(query.get("groupId"));
        return this.messages
          .filter((other) => other.groupId === groupId && other.id < cursor)
          .reverse()
          .slice(0, Number(query.get("size")));
      }
      case "POST /api/conversation/group/message/text": {
        const { groupId, content, clientMsgId } = JSON.parse(String(body));
        const known = this.messages.find((other) => other.clientMsgId === clientMsgId);
        const said = known ?? Object.assign(this.say(groupId, content, mira), { clientMsgId });
        const { user: _, file: __, cover: ___, ...sent } = said;
        return sent;
      }
      case "GET /api/conversation/group/message/sync": {
        const groupId = Number(query.get("groupId"));
        const all = this.messages.filter((other) => other.groupId === groupId);
        const missed = all.filter(({ seq }) => seq > Number(query.get("afterSeq")));
        const messages = missed.slice(0, Number(query.get("limit")));
        const lastSeq = all.at(-1)?.seq ?? 0;
        return { groupId, lastSeq, hasMore: messages.length < missed.length, messages };
      }
      case "GET /api/group/7":
        return { ...this.conversation(7).group, users: [mira, jonas] };
      default:
        return undefined;
    }
  }
}
