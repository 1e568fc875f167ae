// What stands in the flow of messages, row by row.
// SPDX-License-Identifier: MIT
import type { Id, Instant, Message } from "../api/model";
import type { Draft } from "../state/outbox";
import { isSameDay } from "../times";

export interface MessageRow {
  kind: "message";
  key: string;
  message: Message;
  startsDay: Instant | null; // A line with the day stands above it.
  startsUnread: boolean; // A line stands above it that says so.
  isContinued: boolean; // By the same author, a moment after the one before.
}

export interface DraftRow {
  kind: "draft";
  key: string;
  draft: Draft;
}

export type Row = MessageRow | DraftRow;

const togetherMilliseconds = 5 * 60 * 1000;

function continues(message: Message, before: Message | undefined): boolean {
  if (!before || before.userId !== message.userId) return false;
  return Date.parse(message.createAt) - Date.parse(before.createAt) < togetherMilliseconds;
}

interface Reader {
  id: Id | undefined;
  seenBefore: Id | null;
}

export function rowsOf(messages: Message[], drafts: Draft[], reader: Reader): Row[] {
  const { id, seenBefore } = reader;
  const firstUnread =
    seenBefore === null
      ? undefined
      : messages.find((message) => message.id > seenBefore && message.userId !== id);
  // At the top of what is known it would say too much: where it belongs may be further up.
  const marked = firstUnread === messages[0] ? undefined : firstUnread;
  const rows = messages.map((message, place): Row => {
    const before = messages[place - 1];
    const isNewDay = !before || !isSameDay(before.createAt, message.createAt);
    const startsUnread = message === marked;
    return {
      kind: "message",
      key: String(message.id),
      message,
      startsDay: isNewDay ? message.createAt : null,
      startsUnread,
      isContinued: !isNewDay && !startsUnread && continues(message, before),
    };
  });
  for (const draft of drafts) rows.push({ kind: "draft", key: `draft-${draft.key}`, draft });
  return rows;
}

// Whether rows came or went at the front, so that the view has to keep its distance from the end.
export function isFrontChange(before: readonly Row[], now: readonly Row[]): boolean {
  const [first, firstNow] = [before[0], now[0]];
  if (!first || !firstNow || first.key === firstNow.key) return false;
  const has = (rows: readonly Row[], key: string) => rows.some((row) => row.key === key);
  return has(now, first.key) || has(before, firstNow.key);
}
