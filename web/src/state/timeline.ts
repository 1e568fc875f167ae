// The messages of one group that this page knows: a window on the group's history.
//
// The window is always one unbroken run. It grows at the front while the reader scrolls up, and
// gives up pages at the far end when it gets long, so that memory stays flat however far one reads.
// For each page given up at the newer end only the id behind it is kept: asking for the page before
// that id brings the same messages back, because what has been said never changes.
//
//   [ history … ][ window ][ page ][ page ][ what was said since ]
//                          given up         not read yet, unless the window is live
//
// Messages are numbered, so a live window knows what comes next. What is pushed out of turn waits
// beside it until what is missing before it has come, by another push or by catchUp().
// SPDX-License-Identifier: MIT
import { batch, signal } from "@preact/signals";
import * as conversations from "../api/conversations";
import type { Id, Message } from "../api/model";

const pageSize = 50;
const windowMax = 500; // Some dozens of screens: enough to read around without asking again.
const missedSize = 200; // Messages that catchUp() asks for at once.
const absenceMax = 1000; // Who has missed more begins at the newest page.

function merge(known: Message[], more: Message[]): Message[] {
  const byId = new Map(known.map((message) => [message.id, message]));
  for (const message of more) byId.set(message.id, message);
  return [...byId.values()].sort((a, b) => a.id - b.id);
}

export class Timeline {
  readonly messages = signal<Message[]>([]); // Oldest first.
  readonly isLoaded = signal(false); // The newest page has been read.
  readonly isComplete = signal(false); // The first message of the group is known.
  readonly isLoading = signal(false);
  readonly isLive = signal(true); // The window ends at the newest message heard of.
  #givenUp: Id[] = []; // For each page given up at the newer end, the id behind it; newest first.
  #seq = 0; // Of a live window: every message up to this number has been heard.
  #ahead = new Map<number, Message>(); // Pushed out of turn, by number; only some of the newest.

  constructor(readonly groupId: Id) {}

  #page(before?: Id): Promise<Message[]> {
    return conversations.history(this.groupId, pageSize, before);
  }

  // Reads the newest page at first sight, and what was missed whenever that may be something.
  async readNewest(): Promise<void> {
    if (this.isLoaded.peek()) return this.catchUp();
    const page = await this.#page();
    if (this.isLoaded.peek()) return this.catchUp(); // Somebody else has read it meanwhile.
    this.#begin(page);
    if (this.hasGap) await this.catchUp();
  }

  // Reads what stands behind the last number, page by page, so that no gap and no double is left.
  async catchUp(): Promise<void> {
    for (let hasMore = true; hasMore && this.#follows; ) {
      const after = this.#seq;
      const missed = await conversations.sync(this.groupId, after, missedSize);
      if (!this.#follows || this.#seq < after) return; // The window is elsewhere by now.
      if (missed.lastSeq > after + absenceMax || missed.lastSeq < after) {
        // Too much to fill up; or the server has forgotten something, and its word counts.
        this.#begin(await this.#page());
        continue; // What was pushed while the page was on its way.
      }
      const last = missed.messages.at(-1);
      hasMore = missed.hasMore && last !== undefined;
      this.#take(missed.messages, hasMore && last ? last.seq : missed.lastSeq);
    }
  }

  // A push has told of a message before which others are missing.
  get hasGap(): boolean {
    return this.#follows && this.#ahead.size > 0;
  }

  get #follows(): boolean {
    return this.isLoaded.peek() && this.isLive.peek();
  }

  // Begins with the newest page, whatever was known.
  #begin(page: Message[]): void {
    this.#givenUp = [];
    this.#seq = page[0]?.seq ?? 0;
    batch(() => {
      this.messages.value = [...page].reverse();
      this.isComplete.value = page.length < pageSize;
      this.isLoaded.value = true;
      this.isLive.value = true;
      this.#take([], 0);
    });
  }

  // Puts behind the window what is new of `more`, and what was ahead only because of it. `upTo` is
  // how far all is known now: what has not come up to there does not exist.
  #take(more: Message[], upTo: number): void {
    const news = more.filter(({ seq }) => seq > this.#seq);
    this.#seq = Math.max(this.#seq, upTo);
    for (let next; (next = this.#ahead.get(this.#seq + 1)); this.#seq += 1) news.push(next);
    for (const seq of this.#ahead.keys()) if (seq <= this.#seq) this.#ahead.delete(seq);
    if (news.length > 0) this.messages.value = [...this.messages.peek(), ...news];
  }

  // Goes to the newest messages, wherever the window is now.
  async jumpToNewest(): Promise<void> {
    if (this.isLive.peek()) return;
    this.#begin(await this.#page());
    await this.catchUp(); // What was pushed while the window was elsewhere.
  }

  // Reads the page before the oldest known message.
  readEarlier(): Promise<void> {
    const oldest = this.messages.peek()[0];
    if (!oldest || this.isComplete.peek()) return Promise.resolve();
    return this.#load(async () => {
      const page = await this.#page(oldest.id);
      // A re-read of the newest page may have dropped the part that this page would continue.
      if (this.messages.peek()[0]?.id !== oldest.id) return;
      if (this.messages.peek().length >= windowMax) this.#giveUpNewest();
      await Promise.resolve(); // The view sees one change at a time: first the end, then the front.
      batch(() => {
        this.messages.value = merge(this.messages.peek(), page);
        this.isComplete.value = page.length < pageSize;
      });
    });
  }

  // Reads the page behind the newest one in the window.
  readLater(): Promise<void> {
    if (this.isLive.peek()) return Promise.resolve();
    return this.#load(async () => {
      const behind = this.#givenUp.at(-1);
      if (behind === undefined) {
        this.#seq = this.messages.peek().at(-1)?.seq ?? 0;
        this.isLive.value = true;
        return this.catchUp();
      }
      const page = await this.#page(behind);
      if (this.#givenUp.at(-1) !== behind) return;
      this.#givenUp.pop();
      if (this.messages.peek().length >= windowMax) this.#giveUpOldest();
      await Promise.resolve();
      this.messages.value = merge(this.messages.peek(), page);
    });
  }

  async #load(read: () => Promise<void>): Promise<void> {
    if (this.isLoading.peek()) return;
    this.isLoading.value = true;
    try {
      await read();
    } finally {
      this.isLoading.value = false;
    }
  }

  #giveUpNewest(): void {
    const messages = this.messages.peek();
    const newest = messages.at(-1);
    if (!newest) return;
    this.#givenUp.push(newest.id + 1);
    this.#ahead.clear();
    batch(() => {
      this.messages.value = messages.slice(0, -pageSize);
      this.isLive.value = false;
    });
  }

  #giveUpOldest(): void {
    batch(() => {
      this.messages.value = this.messages.peek().slice(pageSize);
      this.isComplete.value = false;
    });
  }

  // Pushes may have been missed and nobody is looking: read afresh when it is opened again.
  forget(): void {
    this.#givenUp = [];
    batch(() => {
      this.messages.value = [];
      this.isLoaded.value = false;
      this.isComplete.value = false;
      this.isLive.value = true;
    });
  }

  // A message was pushed. One that is `looked` at pushes old ones out of the window, not the view.
  add(message: Message, looked = true): void {
    if (this.isLoaded.peek() && !this.isLive.peek()) return; // Met again on the way down.
    const oldest = this.#ahead.keys().next().value;
    if (this.#ahead.size >= pageSize && oldest !== undefined) this.#ahead.delete(oldest);
    this.#ahead.set(message.seq, message);
    if (!this.isLoaded.peek()) return;
    this.#take([], 0);
    if (this.messages.peek().length < windowMax + pageSize) return;
    if (looked) this.#giveUpOldest();
    else this.#giveUpNewest();
  }

  has(id: Id): boolean {
    return this.messages.peek().some((message) => message.id === id);
  }
}
