// The messages of one group that this page knows: a window on the group's history.
//
// The window is always one unbroken run. It grows at the front while the reader scrolls up, and
// gives up pages at the far end when it gets long, so that memory stays flat however far one reads.
// For each page given up at the newer end only the id behind it is kept: asking for the page before
// that id brings the same messages back, because what has been said never changes.
//
//   [ history … ][ window ][ page ][ page ][ what was said since ]
//                          given up         not read yet, unless the window is live
// SPDX-License-Identifier: MIT
import { batch, signal } from "@preact/signals";
import * as conversations from "../api/conversations";
import type { Id, Message } from "../api/model";

const pageSize = 50;
const windowMax = 500; // Some dozens of screens: enough to read around without asking again.
const absencePagesMax = 20; // Longer absences are not filled up but read anew.

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
  #early: Message[] = []; // Pushes that came while the first page was still being read.

  constructor(readonly groupId: Id) {}

  #page(before?: Id): Promise<Message[]> {
    return conversations.history(this.groupId, pageSize, before);
  }

  // Reads the newest page: at first sight, and again whenever pushes may have been missed. Then it
  // reads on backwards until what is known is met, so that no gap and no double is left.
  async readNewest(): Promise<void> {
    if (this.isLoaded.peek() && !this.isLive.peek()) return; // Read when the reader comes down.
    const known = this.messages.peek().at(-1)?.id;
    let page = await this.#page();
    const missed = page;
    let isWhole = page.length < pageSize;
    for (let pages = 1; pages < absencePagesMax && known !== undefined; ++pages) {
      const oldest = page.at(-1);
      if (isWhole || !oldest || oldest.id <= known) break;
      page = await this.#page(oldest.id);
      isWhole = page.length < pageSize;
      missed.push(...page);
    }
    const meets = known !== undefined && (isWhole || (missed.at(-1)?.id ?? 0) <= known);
    const newestRead = missed[0]?.id ?? 0;
    // What was pushed meanwhile continues what was read.
    const kept = this.messages.peek().filter(({ id }) => meets || id > newestRead);
    batch(() => {
      this.messages.value = merge(kept, [...missed, ...this.#early]);
      if (isWhole) this.isComplete.value = true;
      else if (!meets) this.isComplete.value = false;
      this.isLoaded.value = true;
      this.isLive.value = true;
    });
    this.#early = [];
    this.#givenUp = [];
  }

  // Goes to the newest messages, wherever the window is now.
  async jumpToNewest(): Promise<void> {
    if (this.isLive.peek()) return;
    this.#givenUp = [];
    const page = await this.#page();
    batch(() => {
      this.messages.value = merge([], page);
      this.isComplete.value = page.length < pageSize;
      this.isLive.value = true;
    });
    await this.readNewest(); // What was pushed while the window was elsewhere.
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
        this.isLive.value = true;
        return this.readNewest();
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
    if (!this.isLoaded.peek()) this.#early.push(message);
    else if (this.isLive.peek()) {
      this.messages.value = merge(this.messages.peek(), [message]);
      if (this.messages.peek().length < windowMax + pageSize) return;
      if (looked) this.#giveUpOldest();
      else this.#giveUpNewest();
    }
  }

  has(id: Id): boolean {
    return this.messages.peek().some((message) => message.id === id);
  }
}
