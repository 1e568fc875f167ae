// What was written into one group and is not accepted by the server yet.
//
// Texts leave in the order in which they were written. Without an answer nobody knows whether the
// server has the message: such a draft waits for the connection, is looked for among what the
// server has, and is sent again only when it is not there.
// SPDX-License-Identifier: MIT
import { batch, signal } from "@preact/signals";
import * as conversations from "../api/conversations";
import { ApiError, type Transfer } from "../api/http";
import { type Id, type Message, MessageType, type SentMessage, type User } from "../api/model";
import type { Attachment } from "../attachments";
import type { Timeline } from "./timeline";

export interface Draft {
  readonly key: number;
  readonly groupId: Id;
  readonly content: string | null;
  readonly attachment: Attachment | null;
  readonly writtenAfter: Id; // The newest message that was known then.
  state: "sending" | "waiting" | "failed";
  progress: number; // Of an upload, from 0 to 1.
}

let lastKey = 0;

const typeOf = ({ attachment }: Draft) =>
  attachment ? MessageType[attachment.kind] : MessageType.text;

export class Outbox {
  readonly drafts = signal<Draft[]>([]);
  #uploads = new Map<number, AbortController>();
  #accepted = new Set<Id>(); // What has left here and was answered.
  #lastText: Promise<unknown> = Promise.resolve();

  constructor(readonly timeline: Timeline) {}

  add(content: string | null, attachment: Attachment | null): Draft {
    const draft: Draft = {
      key: ++lastKey,
      groupId: this.timeline.groupId,
      content,
      attachment,
      writtenAfter: this.timeline.messages.peek().at(-1)?.id ?? 0,
      state: "sending",
      progress: 0,
    };
    this.drafts.value = [...this.drafts.peek(), draft];
    return draft;
  }

  // Sends a draft, for the first time or again. Rejects with the reason why it failed; null when
  // it was cancelled, or when the push has told already all there is to tell.
  async send(draft: Draft, author: User): Promise<Message | null> {
    this.#change(draft, { state: "sending", progress: 0 });
    try {
      const sent = await this.#post(draft);
      this.#accepted.add(sent.id);
      const message: Message | null = draft.attachment
        ? null
        : { ...sent, groupId: draft.groupId, user: author };
      // The answer to a file does not say where its bytes are; the push does, and so does the
      // newest page when there is no live connection.
      if (!message && !this.timeline.has(sent.id)) await this.timeline.readNewest();
      batch(() => {
        if (message && !this.timeline.has(sent.id)) this.timeline.add(message);
        this.discard(draft);
      });
      return message;
    } catch (error) {
      if (error instanceof ApiError && error.code === "cancelled") {
        this.discard(draft);
        return null;
      }
      const isUnknown = error instanceof ApiError && error.status === 0;
      this.#change(draft, { state: isUnknown ? "waiting" : "failed" });
      throw error;
    }
  }

  #post(draft: Draft): Promise<SentMessage> {
    const { groupId, attachment } = draft;
    if (!attachment) {
      const send = () => conversations.sendText(groupId, draft.content ?? "");
      const sending = this.#lastText.then(send, send);
      this.#lastText = sending;
      return sending;
    }
    const abort = new AbortController();
    this.#uploads.set(draft.key, abort);
    const transfer: Transfer = {
      signal: abort.signal,
      onProgress: (progress) => this.#change(draft, { progress }),
    };
    return attachment.kind === "image"
      ? conversations.sendImage(groupId, attachment.file, transfer)
      : conversations.sendVideo(groupId, attachment.file, attachment.cover, transfer);
  }

  // Gives up a draft; an upload that is under way is stopped.
  discard(draft: Draft): void {
    this.#uploads.get(draft.key)?.abort();
    this.#uploads.delete(draft.key);
    if (!this.drafts.peek().some(({ key }) => key === draft.key)) return;
    this.drafts.value = this.drafts.peek().filter(({ key }) => key !== draft.key);
    if (draft.attachment) URL.revokeObjectURL(draft.attachment.url);
  }

  // Takes out what turns out to have arrived although no answer came, and returns what did not.
  settle(authorId: Id): Draft[] {
    const waiting = this.drafts.peek().filter(({ state }) => state === "waiting");
    const arrived = this.#arrived(waiting, this.timeline.messages.peek(), authorId);
    for (const draft of arrived) this.discard(draft);
    return waiting.filter((draft) => !arrived.has(draft));
  }

  // What stands behind the messages: not what a push has brought already, ahead of its answer.
  shown(authorId: Id | undefined): Draft[] {
    const drafts = this.drafts.value;
    const sent = drafts.filter(
      ({ state, attachment, progress }) => state === "sending" && (!attachment || progress === 1),
    );
    const arrived = this.#arrived(sent, this.timeline.messages.value, authorId);
    return drafts.filter((draft) => !arrived.has(draft));
  }

  // Those of the drafts that are among the messages: each message stands for one of them.
  #arrived(drafts: Draft[], messages: Message[], authorId?: Id): Set<Draft> {
    const own = messages.filter(({ id, userId }) => userId === authorId && !this.#accepted.has(id));
    const isIt = (message: Message, draft: Draft) =>
      message.id > draft.writtenAfter &&
      message.type === typeOf(draft) &&
      (draft.attachment !== null || message.content === draft.content);
    return new Set(
      drafts.filter((draft) => {
        const place = own.findIndex((message) => isIt(message, draft));
        if (place >= 0) own.splice(place, 1);
        return place >= 0;
      }),
    );
  }

  #change(draft: Draft, change: Partial<Pick<Draft, "state" | "progress">>): void {
    this.drafts.value = this.drafts
      .peek()
      .map((other) => (other.key === draft.key ? { ...other, ...change } : other));
  }
}
