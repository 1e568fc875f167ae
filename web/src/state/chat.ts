// The chat as this page knows it: conversations, timelines, the live connection.
//
// The server is asked once for each part and then tells about changes by the socket. Unless it says
// that it has repeated what was missed, every new connection re-reads the list and asks for what
// the open group has missed. Messages are numbered: one that leaves a gap makes the page ask, too.
// SPDX-License-Identifier: MIT
import { batch, computed, effect, signal } from "@preact/signals";
import type { Attachment } from "../attachments";
import * as api from "../api/conversations";
import { ApiError } from "../api/http";
import type { Conversation, Group, Id, Message, ReadMark } from "../api/model";
import { Realtime } from "../api/realtime";
import { describe } from "../strings";
import { notify } from "./notice";
import { type Draft, Outbox } from "./outbox";
import * as presence from "./presence";
import { route } from "./route";
import { expireSession, loadProfile, me, onExpiry, token } from "./session";
import { Timeline } from "./timeline";
import { keepUnsent, takeUnsent } from "./unsent";

export const connection = signal<"connecting" | "online" | "offline">("connecting");
export const isListLoaded = signal(false);
const known = signal<Conversation[]>([]);
const timelines = new Map<Id, Timeline>();
const outboxes = new Map<Id, Outbox>();
const gaps = new Set<Timeline>(); // Those that will be asked about in a moment.
let realtime: Realtime | null = null;

// Two servers may speak at the same moment, in either order: what is missing may be on its way.
const gapPatience = 500; // Milliseconds.
const gapPatienceMax = 30_000; // Between two questions when there was no answer.

const activity = (conversation: Conversation) =>
  conversation.recentMsg?.createAt ?? conversation.createAt;

// Newest activity first. ISO times of one form compare as text.
function byActivity(a: Conversation, b: Conversation): number {
  const [first, second] = [activity(a), activity(b)];
  if (first === second) return b.id - a.id;
  return first < second ? 1 : -1;
}

// Who has said the last word has seen what was said before, on whatever device.
function seenByAuthor(conversation: Conversation): Conversation {
  const isOwn = conversation.recentMsg?.userId === me.value?.id;
  return isOwn && conversation.unreadNum > 0 ? { ...conversation, unreadNum: 0 } : conversation;
}

export const conversations = computed(() => known.value.map(seenByAuthor).sort(byActivity));

export const openGroupId = computed(() => (route.value.name === "group" ? route.value.id : null));
export const openConversation = computed(() =>
  conversations.value.find((conversation) => conversation.groupId === openGroupId.value),
);
export const unreadTotal = computed(() =>
  conversations.value.reduce((sum, conversation) => sum + conversation.unreadNum, 0),
);

// Whether the reader can see the newest message of the open group right now.
export const isAtNewest = signal(true);
const isPageVisible = signal(!document.hidden);

// Up to where the reader had seen the open group when it came into view; null when that was all.
export const seenBefore = signal<Id | null>(null);
let lookedAt: Id | null = null;

// Who wants to hear of each new message by others, and whether it could be seen at once.
let whenHeard: (message: Message, group: Group, isSeen: boolean) => void = () => {};
export function onHeard(listener: typeof whenHeard): void {
  whenHeard = listener;
}

export function timelineOf(groupId: Id): Timeline {
  let timeline = timelines.get(groupId);
  if (!timeline) {
    timeline = new Timeline(groupId);
    timelines.set(groupId, timeline);
  }
  return timeline;
}

export function outboxOf(groupId: Id): Outbox {
  let outbox = outboxes.get(groupId);
  if (!outbox) {
    outbox = new Outbox(timelineOf(groupId));
    outboxes.set(groupId, outbox);
  }
  return outbox;
}

function change(groupId: Id, update: (conversation: Conversation) => Conversation): void {
  known.value = known
    .peek()
    .map((conversation) =>
      conversation.groupId === groupId ? update(conversation) : conversation,
    );
}

// What the reader need not hear of one by one: without an answer the banner says so already, and
// without a session the login page does.
function report(error: unknown): void {
  if (!(error instanceof ApiError)) throw error;
  if (error.status !== 0 && error.status !== 401) notify(describe(error), "error");
}

export async function reloadList(): Promise<void> {
  const asked = token.peek();
  const list = await api.list();
  if (token.peek() !== asked) return;
  batch(() => {
    known.value = list.map(keepNewerMessage);
    isListLoaded.value = true;
  });
}

// A message may be pushed while a list that does not know it yet is on its way.
function keepNewerMessage(listed: Conversation): Conversation {
  const old = known.peek().find((other) => other.id === listed.id);
  const isOlder = (listed.recentMsg?.id ?? 0) < (old?.recentMsg?.id ?? 0);
  if (!old || !isOlder) return listed;
  return {
    ...listed,
    recentMsg: old.recentMsg,
    unreadNum: Math.max(listed.unreadNum, old.unreadNum),
  };
}

export async function readNewest(groupId: Id): Promise<void> {
  await timelineOf(groupId).readNewest().catch(report);
}

export async function readEarlier(groupId: Id): Promise<void> {
  await timelineOf(groupId).readEarlier().catch(report);
}

export async function readLater(groupId: Id): Promise<void> {
  await timelineOf(groupId).readLater().catch(report);
}

export async function jumpToNewest(groupId: Id): Promise<void> {
  isAtNewest.value = true;
  await timelineOf(groupId).jumpToNewest().catch(report);
}

// Asks for what is missing before a message that was pushed, unless it comes by itself.
function fillGap(timeline: Timeline, patience = gapPatience): void {
  if (gaps.has(timeline) || !timeline.hasGap) return;
  gaps.add(timeline);
  setTimeout(async () => {
    const isOurs = timelines.get(timeline.groupId) === timeline; // Nobody has logged out.
    if (isOurs && timeline.hasGap) await timeline.catchUp().catch(report);
    gaps.delete(timeline);
    if (isOurs) fillGap(timeline, Math.min(patience * 2, gapPatienceMax));
  }, patience);
}

function receive(message: Message): void {
  const conversation = known.peek().find((other) => other.groupId === message.groupId);
  if (!conversation) {
    reloadList().catch(report); // Joined on another device, or a moment ago.
    return;
  }
  const isNew = message.id > (conversation.recentMsg?.id ?? 0);
  const isOwn = message.userId === me.peek()?.id;
  const isOpen = message.groupId === openGroupId.peek();
  const timeline = timelines.get(message.groupId);
  batch(() => {
    presence.stopTyping(message.groupId, message.userId);
    timeline?.add(message, isAtNewest.peek() || !isOpen);
    if (!isNew) return;
    change(message.groupId, (old) => ({
      ...old,
      recentMsg: message,
      unreadNum: isOwn ? old.unreadNum : old.unreadNum + 1,
    }));
  });
  if (timeline) fillGap(timeline);
  const isSeen = isOpen && isAtNewest.peek() && isPageVisible.peek();
  if (isNew && !isOwn) whenHeard(message, conversation.group, isSeen);
}

function applyReadMark(mark: ReadMark): void {
  change(mark.groupId, (old) => {
    // An answer that crossed a newer mark or a newer message on its way is out of date.
    if ((mark.lastMsgId ?? 0) < (old.lastMsgId ?? 0)) return old;
    if ((mark.recentMsg?.id ?? 0) < (old.recentMsg?.id ?? 0)) return old;
    return { ...old, lastMsgId: mark.lastMsgId, unreadNum: mark.unreadNum };
  });
}

// Remembers where the unread part begins, when a group comes into view.
function noteSeen(conversation: Conversation | undefined): void {
  const looked = isPageVisible.value && conversation ? conversation.groupId : null;
  if (looked === lookedAt) return;
  lookedAt = looked;
  if (!conversation || looked === null) return;
  seenBefore.value = conversation.unreadNum > 0 ? (conversation.lastMsgId ?? 0) : null;
}

// Marks the open group as read up to the newest message on the screen. Runs by itself whenever
// anything that it looks at changes.
function keepReadMark(): void {
  const conversation = openConversation.value;
  noteSeen(conversation);
  if (!conversation || !isAtNewest.value || !isPageVisible.value) return;
  if (connection.value !== "online") return;
  const newest = timelineOf(conversation.groupId).messages.value.at(-1);
  if (!newest || newest.id <= (conversation.lastMsgId ?? 0)) return;
  realtime?.markRead(conversation.id, newest.id);
  change(conversation.groupId, (old) => ({ ...old, lastMsgId: newest.id, unreadNum: 0 }));
}

async function catchUp(): Promise<void> {
  const open = timelines.get(openGroupId.peek() ?? 0);
  for (const timeline of timelines.values()) if (timeline !== open) timeline.forget();
  try {
    await Promise.all([loadProfile(), reloadList(), open?.readNewest()]);
  } catch (error) {
    report(error);
  }
}

async function send(draft: Draft): Promise<void> {
  const author = me.peek();
  if (!author) return;
  try {
    const message = await outboxOf(draft.groupId).send(draft, author);
    if (message) receive(message);
  } catch (error) {
    report(error);
  }
}

export function sendText(groupId: Id, content: string): void {
  seenBefore.value = null;
  presence.endTyping();
  void send(outboxOf(groupId).add(content, null));
}

export function sendAttachment(groupId: Id, attachment: Attachment): void {
  seenBefore.value = null;
  void send(outboxOf(groupId).add(null, attachment));
}

function keepDrafts(): void {
  const drafts = [...outboxes.values()].flatMap((outbox) => outbox.drafts.peek());
  if (me.peek()) keepUnsent(me.peek()!.id, drafts);
}

// Sends what the page had not sent when it was left, as soon as it is known who is here.
function sendKept(): void {
  if (!me.value) return;
  for (const { groupId, content, clientMsgId } of takeUnsent(me.value.id)) {
    void send(outboxOf(groupId).add(content, null, clientMsgId));
  }
}

export const sendAgain = (draft: Draft) => void send(draft);
export const tellTyping = (groupId: Id) => presence.tellTyping(realtime, groupId);
export const discard = (draft: Draft) => outboxOf(draft.groupId).discard(draft);

// Asks who is online where the reader is, anew with each connection.
function watchOpenGroup(): (() => void) | undefined {
  const groupId = openGroupId.value;
  if (connection.value !== "online" || groupId === null || !realtime) return undefined;
  return presence.watch(realtime, groupId);
}

function connect(withToken: string): () => void {
  realtime = new Realtime(withToken, {
    connected(recovered) {
      connection.value = "online";
      for (const outbox of outboxes.values()) outbox.hurry();
      if (!recovered) void catchUp();
    },
    missed: () => void catchUp(),
    disconnected() {
      connection.value = "offline";
      // Where a proxy lets no socket through, the page is at least good for reading and writing.
      if (!isListLoaded.peek()) void catchUp();
    },
    message: receive,
    readMark: applyReadMark,
    typing: presence.heardTyping,
    presence: presence.applyPresence,
    rejected: expireSession,
  });
  const stopWatching = effect(watchOpenGroup);
  return () => {
    stopWatching();
    presence.forgetPresence();
    realtime?.close();
    realtime = null;
    timelines.clear();
    for (const outbox of outboxes.values())
      outbox.drafts.peek().forEach((draft) => outbox.discard(draft));
    outboxes.clear();
    batch(() => {
      connection.value = "connecting";
      known.value = [];
      isListLoaded.value = false;
    });
  };
}

export function startChat(): void {
  document.addEventListener("visibilitychange", () => {
    isPageVisible.value = !document.hidden;
    if (!document.hidden) realtime?.wake();
  });
  addEventListener("online", () => realtime?.wake());
  // One connection per token: logging in opens it, logging out closes it.
  effect(() => (token.value === null ? undefined : connect(token.value)));
  effect(keepReadMark);
  addEventListener("pagehide", keepDrafts);
  onExpiry(keepDrafts);
  effect(sendKept);
}
