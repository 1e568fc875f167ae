// Who of the open group is online, and who is writing in which group.
// SPDX-License-Identifier: MIT
import { signal } from "@preact/signals";
import type { Id } from "../api/model";
import type { PresenceChange, Realtime } from "../api/realtime";

const silenceMax = 5000; // Milliseconds after which somebody is not writing any more.
const tellEvery = 3000; // Milliseconds: shorter, by more than a slow line, than the silence.

interface Typist {
  groupId: Id;
  userId: Id;
  timer: ReturnType<typeof setTimeout>;
}

interface Watched {
  groupId: Id;
  online: ReadonlySet<Id>;
  isMore: boolean; // There are others, too many to name.
}

const watched = signal<Watched | null>(null);
const typists = signal<readonly Typist[]>([]);
let toldAt = 0;
let toldGroup: Id | null = null;

// Null while it is not known.
export const presenceIn = (groupId: Id): Watched | null =>
  watched.value?.groupId === groupId ? watched.value : null;

export const typistsIn = (groupId: Id): Id[] =>
  typists.value.filter((typist) => typist.groupId === groupId).map(({ userId }) => userId);

// Watches who is online until the function that it returns is called.
export function watch(realtime: Realtime, groupId: Id): () => void {
  let isOver = false;
  void realtime.watchPresence(groupId).then((presence) => {
    if (isOver || !presence) return;
    watched.value = { groupId, online: new Set(presence.online), isMore: presence.more === true };
  });
  return () => {
    isOver = true;
    watched.value = null;
    realtime.unwatchPresence(groupId);
  };
}

export function applyPresence(groupId: Id, { online, offline }: PresenceChange): void {
  const before = watched.peek();
  if (before?.groupId !== groupId) return;
  const now = new Set([...before.online, ...online]);
  for (const id of offline) now.delete(id);
  watched.value = { ...before, online: now };
}

export function heardTyping(groupId: Id, userId: Id): void {
  stopTyping(groupId, userId);
  const timer = setTimeout(() => stopTyping(groupId, userId), silenceMax);
  typists.value = [...typists.peek(), { groupId, userId, timer }];
}

// Silence, or the message that was being written.
export function stopTyping(groupId: Id, userId: Id): void {
  const isIt = (typist: Typist) => typist.groupId === groupId && typist.userId === userId;
  const stopped = typists.peek().find(isIt);
  if (!stopped) return;
  clearTimeout(stopped.timer);
  typists.value = typists.peek().filter((typist) => typist !== stopped);
}

// The reader is writing: tells the others, now and then.
export function tellTyping(realtime: Realtime | null, groupId: Id): void {
  const now = Date.now();
  if (groupId === toldGroup && now - toldAt < tellEvery) return;
  [toldGroup, toldAt] = [groupId, now];
  realtime?.typing(groupId);
}

// What was being written is sent: the next letter is worth telling at once.
export function endTyping(): void {
  toldGroup = null;
}

export function forgetPresence(): void {
  for (const { timer } of typists.peek()) clearTimeout(timer);
  typists.value = [];
  toldGroup = null;
}
