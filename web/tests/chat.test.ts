// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Listener } from "../src/api/realtime";
import { go } from "../src/state/route";
import { mira, Server } from "./server";

let server: Server;

vi.mock("../src/api/realtime", () => ({
  Realtime: class {
    constructor(_token: string, listener: Listener) {
      server.listener = listener;
    }
    markRead(id: number, messageId: number) {
      server.marked.push({ id, messageId });
    }
    async watchPresence(groupId: number) {
      server.watched.push(groupId);
      return { online: server.online };
    }
    unwatchPresence(groupId: number) {
      server.watched = server.watched.filter((other) => other !== groupId);
    }
    typing(groupId: number) {
      server.typed.push(groupId);
    }
    wake() {}
    close() {
      server.listener = null;
    }
  },
}));

const chat = await import("../src/state/chat");
const alerts = await import("../src/state/alerts");
const presence = await import("../src/state/presence");
const session = await import("../src/state/session");
chat.startChat();
alerts.startAlerts();

// Answers pass through several promises, of which some engines make turns of the loop.
async function settle() {
  for (let turn = 0; turn < 10; ++turn) await new Promise((resolve) => setTimeout(resolve, 0));
}
const conversation = (groupId: number) =>
  chat.conversations.value.find((other) => other.groupId === groupId)!;

async function connect() {
  server.listener!.connected(false);
  await settle();
}

async function logIn() {
  session.openSession("token");
  await connect();
}

beforeEach(() => {
  server = new Server();
  localStorage.clear();
  go("/");
});

afterEach(() => {
  vi.useRealTimers();
  session.expireSession();
});

test("logging in connects and loads; the end of the session leaves nothing", async () => {
  server.say(7);
  await logIn();
  expect(chat.connection.value).toBe("online");
  expect(conversation(7).recentMsg?.id).toBe(101);
  server.listener!.rejected();
  expect(session.token.value).toBeNull();
  expect(localStorage.length).toBe(0);
  expect(chat.conversations.value).toEqual([]);
  expect(server.listener).toBeNull();
});

test("a pushed message moves its conversation up and counts as unread", async () => {
  server.groupIds = [7, 8];
  server.say(7);
  await logIn();
  const before = conversation(8).unreadNum;
  server.push({ ...server.say(8), createAt: "2026-01-02T09:00:00.000Z" });
  expect(conversation(8).unreadNum).toBe(before + 1);
  expect(chat.conversations.value[0]?.groupId).toBe(8);
  expect(document.title).toMatch(/^\(\d+\) /);
});

test("when the server may have missed something, it is asked for", async () => {
  await logIn();
  const said = server.say(7);
  server.listener!.missed();
  await settle();
  expect(conversation(7).recentMsg?.id).toBe(said.id);
  expect(chat.connection.value).toBe("online");
});

test("the same push twice counts once, and one's own leaves nothing unread", async () => {
  await logIn();
  const said = server.say(7);
  server.push(said);
  server.push(said);
  expect(conversation(7).unreadNum).toBe(1);
  server.push(server.say(7, "mine", mira));
  expect(conversation(7).unreadNum).toBe(0);
  expect(conversation(7).recentMsg?.content).toBe("mine");
});

test("a message of a group that was joined elsewhere brings the group in", async () => {
  await logIn();
  server.groupIds = [7, 8];
  server.push(server.say(8));
  await settle();
  expect(conversation(8).unreadNum).toBe(1);
});

test("what is on the screen is marked as read, once", async () => {
  server.say(7);
  server.say(7);
  await logIn();
  expect(conversation(7).unreadNum).toBe(2);
  go("/group/7");
  await chat.readNewest(7);
  expect(server.marked).toEqual([{ id: 1007, messageId: 102 }]);
  expect(conversation(7).unreadNum).toBe(0);
  server.push(server.say(7));
  expect(server.marked.at(-1)).toEqual({ id: 1007, messageId: 103 });
  expect(server.marked).toHaveLength(2);
});

test("further up in the history nothing is marked until the reader comes down", async () => {
  await logIn();
  go("/group/7");
  await chat.readNewest(7);
  chat.isAtNewest.value = false;
  server.push(server.say(7));
  expect(server.marked).toEqual([]);
  expect(conversation(7).unreadNum).toBe(1);
  chat.isAtNewest.value = true;
  expect(server.marked).toEqual([{ id: 1007, messageId: 101 }]);
});

test("offline nothing is marked; the mark is made when the connection is back", async () => {
  await logIn();
  go("/group/7");
  await chat.readNewest(7);
  server.listener!.disconnected();
  expect(chat.connection.value).toBe("offline");
  server.say(7);
  expect(server.marked).toEqual([]);
  await connect();
  expect(chat.timelineOf(7).messages.value.map((message) => message.id)).toEqual([101]);
  expect(server.marked).toEqual([{ id: 1007, messageId: 101 }]);
});

test("a reconnection reads groups that are not open only when they are opened", async () => {
  server.say(7);
  await logIn();
  await chat.readNewest(7);
  server.requests = [];
  await connect();
  expect(server.requests.filter((request) => request.includes("message/list"))).toEqual([]);
  expect(chat.timelineOf(7).isLoaded.value).toBe(false);
});

test("a read mark from another device is taken over; an outdated one is not", async () => {
  server.say(7);
  server.say(7);
  await logIn();
  server.listener!.readMark({ ...server.conversation(7), lastMsgId: 102, unreadNum: 0 });
  expect(conversation(7).unreadNum).toBe(0);
  const outdated = { ...server.conversation(7), lastMsgId: 101, unreadNum: 1 };
  server.listener!.readMark(outdated);
  expect(conversation(7).lastMsgId).toBe(102);
  const crossed = { ...server.conversation(7), lastMsgId: 102, unreadNum: 0 };
  server.push(server.say(7));
  server.listener!.readMark(crossed);
  expect(conversation(7).unreadNum).toBe(1);
});

test("a list that was asked for before a push does not undo the push", async () => {
  await logIn();
  const reloading = chat.reloadList();
  const said = server.say(7);
  server.groupIds = [7];
  server.push(said);
  await reloading;
  expect(conversation(7).recentMsg?.id).toBe(said.id);
});

test("a sent text shows at once and is the conversation's newest", async () => {
  await logIn();
  go("/group/7");
  await chat.readNewest(7);
  chat.sendText(7, "hello");
  expect(chat.outboxOf(7).drafts.value[0]?.content).toBe("hello");
  await settle();
  expect(chat.outboxOf(7).drafts.value).toEqual([]);
  server.push(server.messages[0]!);
  expect(chat.timelineOf(7).messages.value).toHaveLength(1);
  expect(conversation(7).recentMsg?.content).toBe("hello");
  expect(conversation(7).unreadNum).toBe(0);
});

test("without any socket the page still reads", async () => {
  server.say(7);
  session.openSession("token");
  server.listener!.disconnected();
  await settle();
  expect(conversation(7).recentMsg?.id).toBe(101);
});

test("what was written offline leaves when the connection is back, in order and once", async () => {
  await logIn();
  go("/group/7");
  await chat.readNewest(7);
  server.listener!.disconnected();
  server.isUp = false;
  chat.sendText(7, "one");
  chat.sendText(7, "two");
  await settle();
  const states = () => chat.outboxOf(7).drafts.value.map(({ state }) => state);
  await vi.waitFor(() => expect(states()).toEqual(["waiting", "waiting"]));
  server.isUp = true;
  server.say(7, "meanwhile");
  await connect();
  await settle();
  await settle();
  const texts = chat.timelineOf(7).messages.value.map(({ content }) => content);
  expect(texts).toEqual(["meanwhile", "one", "two"]);
  expect(chat.outboxOf(7).drafts.value).toEqual([]);
});

test("a recovered connection asks for nothing", async () => {
  await logIn();
  server.requests = [];
  server.listener!.connected(true);
  await settle();
  expect(server.requests).toEqual([]);
});

test("the unread part begins behind what was seen when the group came into view", async () => {
  server.say(7);
  await logIn();
  server.listener!.readMark({ ...server.conversation(7), lastMsgId: 101, unreadNum: 0 });
  server.push(server.say(7));
  go("/group/7");
  await chat.readNewest(7);
  expect(chat.seenBefore.value).toBe(101);
  expect(conversation(7).unreadNum).toBe(0);
  chat.sendText(7, "seen");
  expect(chat.seenBefore.value).toBeNull();
});

test("who has said the last word elsewhere has nothing unread", async () => {
  server.say(7);
  server.say(7, "from my phone", mira);
  await logIn();
  expect(conversation(7).unreadNum).toBe(0);
  server.push(server.say(7));
  expect(conversation(7).unreadNum).toBeGreaterThan(0);
});

const contentsOf = (groupId: number) =>
  chat.timelineOf(groupId).messages.value.map(({ content }) => content);

test("a push that leaves a gap makes the page ask, unless what is missing comes", async () => {
  await logIn();
  go("/group/7");
  await chat.readNewest(7);
  vi.useFakeTimers();
  server.requests = [];
  const [one, two] = [server.say(7, "one"), server.say(7, "two")];
  server.push(two);
  server.push(one);
  await vi.advanceTimersByTimeAsync(1000);
  expect(contentsOf(7)).toEqual(["one", "two"]);
  expect(server.requests).toEqual([]);
  server.say(7, "three");
  server.push(server.say(7, "four"));
  server.isUp = false;
  await vi.advanceTimersByTimeAsync(600);
  expect(contentsOf(7)).toEqual(["one", "two"]);
  server.isUp = true;
  await vi.advanceTimersByTimeAsync(1000);
  vi.useRealTimers();
  expect(contentsOf(7)).toEqual(["one", "two", "three", "four"]);
  expect(server.requests).toHaveLength(2);
});

test("when the server may have missed something, the open group is completed", async () => {
  await logIn();
  go("/group/7");
  await chat.readNewest(7);
  server.say(7, "missed");
  server.requests = [];
  server.listener!.missed();
  await settle();
  expect(contentsOf(7)).toEqual(["missed"]);
  expect(server.requests.filter((request) => request.includes("message/sync"))).toHaveLength(1);
});

test("who is online is known of the open group, while it is open and connected", async () => {
  server.online = [1, 2];
  await logIn();
  go("/group/7");
  await settle();
  expect(presence.presenceIn(7)?.online).toEqual(new Set([1, 2]));
  server.listener!.presence(7, { online: [3], offline: [2] });
  expect(presence.presenceIn(7)?.online).toEqual(new Set([1, 3]));
  server.listener!.disconnected();
  expect(presence.presenceIn(7)).toBeNull();
  await connect();
  expect(presence.presenceIn(7)?.online).toEqual(new Set([1, 2]));
  go("/group/8");
  expect(presence.presenceIn(7)).toBeNull();
  expect(server.watched).toEqual([8]);
  go("/");
  expect(server.watched).toEqual([]);
});

test("who is writing is told until they are silent or their message comes", async () => {
  await logIn();
  vi.useFakeTimers();
  server.listener!.typing(7, 2);
  server.listener!.typing(7, 3);
  await vi.advanceTimersByTimeAsync(3000);
  server.listener!.typing(7, 3);
  expect(presence.typistsIn(7)).toEqual([2, 3]);
  expect(presence.typistsIn(8)).toEqual([]);
  await vi.advanceTimersByTimeAsync(3000);
  expect(presence.typistsIn(7)).toEqual([3]);
  server.listener!.typing(7, 2);
  server.push(server.say(7));
  expect(presence.typistsIn(7)).toEqual([3]);
  vi.useRealTimers();
});

test("writing is told every three seconds at most, and at once after what was sent", async () => {
  await logIn();
  vi.useFakeTimers();
  for (let letter = 0; letter < 40; letter++) {
    chat.tellTyping(7);
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(server.typed).toEqual([7, 7]);
  vi.useRealTimers();
  chat.sendText(7, "hello");
  chat.tellTyping(7);
  expect(server.typed).toHaveLength(3);
  await settle();
});

// What the browser does to a page that is loaded anew, and to the session in it.
async function reload(as = mira) {
  window.dispatchEvent(new Event("pagehide"));
  session.expireSession();
  server.losesAnswers = false;
  server.profile = as;
  await logIn();
  await settle();
}

test("a text without an answer is sent again after a reload, under its name", async () => {
  await logIn();
  server.losesAnswers = true;
  chat.sendText(7, "hello");
  await settle();
  await reload();
  const sends = server.requests.filter((request) => request.startsWith("POST"));
  expect(sends).toHaveLength(2);
  expect(server.messages.map(({ content }) => content)).toEqual(["hello"]);
  await reload();
  expect(server.requests.filter((request) => request.startsWith("POST"))).toEqual(sends);
});

test("a text that waited when the session ended is sent with the next one", async () => {
  await logIn();
  server.losesAnswers = true;
  chat.sendText(7, "hello");
  await settle();
  session.expireSession();
  server.losesAnswers = false;
  await logIn();
  await settle();
  expect(server.messages.map(({ content }) => content)).toEqual(["hello"]);
  expect(server.requests.filter((request) => request.startsWith("POST"))).toHaveLength(2);
});

test("a text that was discarded is not kept from before", async () => {
  await logIn();
  server.isUp = false;
  chat.sendText(7, "hello");
  await settle();
  window.dispatchEvent(new Event("pagehide")); // And back again, out of the browser's cache.
  chat.outboxOf(7).drafts.peek().forEach(chat.discard);
  server.isUp = true;
  await reload();
  expect(server.messages).toEqual([]);
});

test("what one has not sent is not sent by another one", async () => {
  await logIn();
  server.isUp = false;
  chat.sendText(7, "hello");
  await settle();
  server.isUp = true;
  await reload({ ...mira, id: 3 });
  await reload();
  expect(server.messages).toEqual([]);
});
