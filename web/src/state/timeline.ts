// The messages of one group that this page knows, and those on their way out.
//
// What is known is always one unbroken run of the group's history that ends at the newest message
// heard of: history grows at the front, live messages at the back. Where a gap could hide, after
// an absence longer than a page, the older part is dropped and read again when scrolled to.
// SPDX-License-Identifier: MIT
import { batch, signal } from "@preact/signals";
import * as conversations from "../api/conversations";
import type { Id, Message, SentMessage, User } from "../api/model";

const pageSize = 30;

// A message that the server has not accepted yet.
export interface Draft {
  key: number;
  groupId: Id;
  content: string | null;
  picture: Blob | null;
  pictureUrl: string | null;
  state: "sending" | "failed";
}

let lastDraftKey = 0;

function merge(known: Message[], more: Message[]): Message[] {
  const byId = new Map(known.map((message) => [message.id, message]));
  for (const message of more) byId.set(message.id, message);
  return [...byId.values()].sort((a, b) => a.id - b.id);
}

export class Timeline {
  readonly messages = signal<Message[]>([]); // Oldest first.
  readonly drafts = signal<Draft[]>([]);
  readonly isLoaded = signal(false); // The newest page has been read.
  readonly isComplete = signal(false); // The first message of the group is known.
  readonly isLoading = signal(false);
  // Pushes that came while the first page was still being read.
  #early: Message[] = [];

  constructor(readonly groupId: Id) {}

  // Reads the newest page: at first sight, and again whenever pushes may have been missed.
  async readNewest(): Promise<void> {
    const page = await conversations.history(this.groupId, pageSize);
    const known = this.messages.peek();
    const newestKnown = known.at(-1)?.id ?? 0;
    const oldestRead = page.at(-1)?.id ?? 0;
    const isWhole = page.length < pageSize;
    const overlaps = known.length > 0 && (isWhole || oldestRead <= newestKnown);
    batch(() => {
      this.messages.value = merge(overlaps ? known : [], [...page, ...this.#early]);
      if (isWhole) this.isComplete.value = true;
      else if (!overlaps) this.isComplete.value = false;
      this.isLoaded.value = true;
    });
    this.#early = [];
  }

  // Reads the page before the oldest known message.
  async readEarlier(): Promise<void> {
    const oldest = this.messages.peek()[0];
    if (!oldest || this.isLoading.peek() || this.isComplete.peek()) return;
    this.isLoading.value = true;
    try {
      const page = await conversations.history(this.groupId, pageSize, oldest.id);
      // A re-read of the newest page may have dropped the part that this page would continue.
      if (this.messages.peek()[0]?.id !== oldest.id) return;
      batch(() => {
        this.messages.value = merge(this.messages.peek(), page);
        this.isComplete.value = page.length < pageSize;
      });
    } finally {
      this.isLoading.value = false;
    }
  }

  // Pushes may have been missed and nobody is looking: read afresh when it is opened again. What
  // was not sent yet stays.
  forget(): void {
    batch(() => {
      this.messages.value = [];
      this.isLoaded.value = false;
      this.isComplete.value = false;
    });
  }

  add(message: Message): void {
    if (this.isLoaded.peek()) this.messages.value = merge(this.messages.peek(), [message]);
    else this.#early.push(message);
  }

  has(id: Id): boolean {
    return this.messages.peek().some((message) => message.id === id);
  }

  addDraft(content: string | null, picture: Blob | null): Draft {
    const draft: Draft = {
      key: ++lastDraftKey,
      groupId: this.groupId,
      content,
      picture,
      pictureUrl: picture && URL.createObjectURL(picture),
      state: "sending",
    };
    this.drafts.value = [...this.drafts.peek(), draft];
    return draft;
  }

  // Sends a draft, for the first time or again. Rejects with the reason it failed; the draft then
  // stays, marked as failed.
  async sendDraft(draft: Draft, author: User): Promise<Message | null> {
    this.#setState(draft, "sending");
    try {
      const sent = await this.#post(draft);
      const message: Message | null = draft.picture ? null : { ...sent, user: author };
      // The answer to an image does not say where its bytes are; the push does, and so does the
      // newest page when there is no live connection.
      if (message === null && !this.has(sent.id)) await this.readNewest();
      batch(() => {
        if (message !== null && !this.has(sent.id)) this.add(message);
        this.discard(draft);
      });
      return message;
    } catch (error) {
      this.#setState(draft, "failed");
      throw error;
    }
  }

  discard(draft: Draft): void {
    this.drafts.value = this.drafts.peek().filter((other) => other.key !== draft.key);
    if (draft.pictureUrl) URL.revokeObjectURL(draft.pictureUrl);
  }

  #post(draft: Draft): Promise<SentMessage> {
    if (draft.picture) return conversations.sendImage(draft.groupId, draft.picture);
    return conversations.sendText(draft.groupId, draft.content ?? "");
  }

  #setState(draft: Draft, state: Draft["state"]): void {
    this.drafts.value = this.drafts
      .peek()
      .map((other) => (other.key === draft.key ? { ...other, state } : other));
  }
}
