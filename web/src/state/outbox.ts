// What was written into one group and is not accepted by the server yet.
//
// Texts leave in the order in which they were written. Without an answer nobody knows whether the
// server has the message, so every draft has a name under which it is sent again until there is an
// answer: the server stores it once. Where the server asks to wait, it is waited for.
// SPDX-License-Identifier: MIT
import { batch, signal } from "@preact/signals";
import * as conversations from "../api/conversations";
import { ApiError, type Transfer } from "../api/http";
import type { Id, Message, SentMessage, User } from "../api/model";
import type { Attachment } from "../attachments";
import type { Timeline } from "./timeline";

export interface Draft {
  readonly key: number;
  readonly groupId: Id;
  readonly content: string | null;
  readonly attachment: Attachment | null;
  readonly clientMsgId: string;
  // It waits for an answer or a connection; it is held because the server asked for patience.
  state: "sending" | "waiting" | "held" | "failed";
  progress: number; // Of an upload, from 0 to 1.
}

const uploadTriesMax = 6;
const patienceMax = 30; // Seconds between two tries without an answer; the first waits for one.

let lastKey = 0;

// Not crypto.randomUUID(), which is there only for pages that came by HTTPS.
function newName(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// The message is sent, only not seen: a push brings it, or whoever fills the gap before it.
function isExpected(error: unknown): void {
  if (!(error instanceof ApiError)) throw error;
}

export class Outbox {
  readonly drafts = signal<Draft[]>([]);
  #uploads = new Map<number, AbortController>();
  #underWay = new Set<number>(); // By key: those that leave by themselves sooner or later.
  #pauses = new Map<number, () => void>(); // By key: what ends the pause before the next try.
  #lastText: Promise<unknown> = Promise.resolve();

  constructor(readonly timeline: Timeline) {}

  add(content: string | null, attachment: Attachment | null, clientMsgId = newName()): Draft {
    const draft: Draft = {
      key: ++lastKey,
      groupId: this.timeline.groupId,
      content,
      attachment,
      clientMsgId,
      state: "sending",
      progress: 0,
    };
    this.drafts.value = [...this.drafts.peek(), draft];
    return draft;
  }

  // Sends a draft until it is accepted, or at once when it waits for that. Rejects with the reason
  // why it was refused; null when it was discarded, or when the timeline has it already.
  async send(draft: Draft, author: User): Promise<Message | null> {
    if (this.#underWay.has(draft.key)) {
      this.hurry(true);
      return null;
    }
    this.#underWay.add(draft.key);
    this.#change(draft, { state: "sending", progress: 0 });
    const deliver = () => this.#deliver(draft, author);
    const delivery = draft.attachment ? deliver() : this.#lastText.then(deliver, deliver);
    if (!draft.attachment) this.#lastText = delivery;
    try {
      return await delivery;
    } finally {
      this.#underWay.delete(draft.key);
    }
  }

  async #deliver(draft: Draft, author: User): Promise<Message | null> {
    for (let tries = 0; this.#has(draft); ++tries) {
      this.#change(draft, { state: "sending", progress: 0 });
      try {
        return await this.#settle(draft, await this.#post(draft), author);
      } catch (error) {
        if (!this.#has(draft)) return null;
        const isUnanswered = error instanceof ApiError && error.status === 0;
        const asked = error instanceof ApiError ? error.retryAfterSeconds : null;
        // A file that cannot be read ends like a connection that breaks, but again and again.
        const isHopeless = draft.attachment !== null && tries + 1 >= uploadTriesMax;
        if (isHopeless || (!isUnanswered && asked === null)) {
          this.#change(draft, { state: "failed" });
          throw error;
        }
        this.#hold(draft, isUnanswered ? "waiting" : "held");
        await this.#pause(draft, asked ?? Math.min(2 ** tries, patienceMax));
      }
    }
    return null;
  }

  // The answer is there: the draft gives way to the message.
  async #settle(draft: Draft, sent: SentMessage, author: User): Promise<Message | null> {
    const { timeline } = this;
    // The answer to a file does not say where its bytes are; the push does, and so does catchUp().
    const message: Message | null = draft.attachment
      ? null
      : { ...sent, groupId: draft.groupId, user: author };
    batch(() => {
      if (message) timeline.add(message);
      if (timeline.has(sent.id)) this.discard(draft);
    });
    // An answer may be faster than the push of what was said before it.
    if (this.#has(draft)) await timeline.catchUp().catch(isExpected);
    this.discard(draft);
    return message;
  }

  #post(draft: Draft): Promise<SentMessage> {
    const { groupId, attachment, clientMsgId } = draft;
    if (!attachment) return conversations.sendText(groupId, draft.content ?? "", clientMsgId);
    const abort = new AbortController();
    this.#uploads.set(draft.key, abort);
    const transfer: Transfer = {
      signal: abort.signal,
      onProgress: (progress) => this.#change(draft, { progress }),
    };
    return attachment.kind === "image"
      ? conversations.sendImage(groupId, attachment.file, clientMsgId, transfer)
      : conversations.sendVideo(groupId, attachment.file, attachment.cover, clientMsgId, transfer);
  }

  // A text that has to wait makes those behind it wait, too.
  #hold(draft: Draft, state: "waiting" | "held"): void {
    const isBehind = (other: Draft) =>
      !draft.attachment && !other.attachment && this.#underWay.has(other.key);
    for (const other of this.drafts.peek()) {
      if (other.key === draft.key || isBehind(other)) this.#change(other, { state });
    }
  }

  #pause({ key }: Draft, seconds: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#pauses.delete(key);
        resolve();
      };
      const timer = setTimeout(end, seconds * 1000);
      this.#pauses.set(key, end);
    });
  }

  // The connection is back: what waits for it leaves now. What is held does so only when the
  // author insists.
  hurry(insists = false): void {
    for (const { key, state } of this.drafts.peek()) {
      if (state === "waiting" || insists) this.#pauses.get(key)?.();
    }
  }

  // Gives up a draft; an upload that is under way is stopped.
  discard(draft: Draft): void {
    if (!this.#has(draft)) return;
    this.drafts.value = this.drafts.peek().filter(({ key }) => key !== draft.key);
    this.#uploads.get(draft.key)?.abort();
    this.#uploads.delete(draft.key);
    this.#pauses.get(draft.key)?.();
    if (draft.attachment) URL.revokeObjectURL(draft.attachment.url);
  }

  // What stands behind the messages: not what a push has brought already, ahead of its answer.
  shown(): Draft[] {
    const arrived = new Set(this.timeline.messages.value.map(({ clientMsgId }) => clientMsgId));
    return this.drafts.value.filter(({ clientMsgId }) => !arrived.has(clientMsgId));
  }

  #has(draft: Draft): boolean {
    return this.drafts.peek().some(({ key }) => key === draft.key);
  }

  #change(draft: Draft, change: Partial<Pick<Draft, "state" | "progress">>): void {
    this.drafts.value = this.drafts
      .peek()
      .map((other) => (other.key === draft.key ? { ...other, ...change } : other));
  }
}
