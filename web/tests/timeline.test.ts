// SPDX-License-Identifier: MIT
import { beforeEach, expect, test } from "vitest";
import { Timeline } from "../src/state/timeline";
import { mira, Server } from "./server";

let server: Server;
let timeline: Timeline;

const ids = () => timeline.messages.value.map((message) => message.id);
const idsOf = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, place) => from + place);

function say(count: number) {
  for (let number = 0; number < count; number++) server.say(7);
}

beforeEach(() => {
  server = new Server();
  timeline = new Timeline(7);
});

test("a short history is whole after one page", async () => {
  say(3);
  await timeline.readNewest();
  expect(ids()).toEqual([101, 102, 103]);
  expect(timeline.isComplete.value).toBe(true);
});

test("history is read backwards until its beginning", async () => {
  say(65);
  await timeline.readNewest();
  expect(ids()).toEqual(idsOf(136, 165));
  expect(timeline.isComplete.value).toBe(false);
  await timeline.readEarlier();
  await timeline.readEarlier();
  expect(ids()).toEqual(idsOf(101, 165));
  expect(timeline.isComplete.value).toBe(true);
});

test("a page that ends exactly at the first message is followed by an empty one", async () => {
  say(30);
  await timeline.readNewest();
  expect(timeline.isComplete.value).toBe(false);
  await timeline.readEarlier();
  expect(ids()).toEqual(idsOf(101, 130));
  expect(timeline.isComplete.value).toBe(true);
});

test("asking twice for earlier messages reads one page", async () => {
  say(90);
  await timeline.readNewest();
  await Promise.all([timeline.readEarlier(), timeline.readEarlier()]);
  expect(ids()).toEqual(idsOf(131, 190));
});

test("a pushed message comes once, in its place", async () => {
  say(2);
  await timeline.readNewest();
  const [third, fourth] = [server.say(7), server.say(7)];
  timeline.add(fourth);
  timeline.add(third);
  timeline.add(fourth);
  expect(ids()).toEqual([101, 102, 103, 104]);
});

test("a message pushed while the first page is on its way is not lost", async () => {
  say(2);
  const reading = timeline.readNewest();
  timeline.add(server.say(7));
  await reading;
  expect(ids()).toEqual([101, 102, 103]);
});

test("a short absence is filled", async () => {
  say(40);
  await timeline.readNewest();
  say(5);
  await timeline.readNewest();
  expect(ids()).toEqual(idsOf(111, 145));
});

test("an absence longer than a page leaves no hidden gap", async () => {
  say(40);
  await timeline.readNewest();
  await timeline.readEarlier();
  expect(timeline.isComplete.value).toBe(true);
  say(31);
  await timeline.readNewest();
  expect(ids()).toEqual(idsOf(142, 171));
  expect(timeline.isComplete.value).toBe(false);
  await timeline.readEarlier();
  expect(ids()).toEqual(idsOf(112, 171));
});

test("an earlier page that was asked for before a gap is dropped", async () => {
  say(60);
  await timeline.readNewest();
  const reading = timeline.readEarlier();
  say(40);
  await timeline.readNewest();
  await reading;
  expect(ids()).toEqual(idsOf(171, 200));
});

test("a sent text replaces its draft", async () => {
  await timeline.readNewest();
  const draft = timeline.addDraft("hello", null);
  expect(timeline.drafts.value).toHaveLength(1);
  await timeline.sendDraft(draft, mira);
  expect(timeline.drafts.value).toEqual([]);
  expect(timeline.messages.value.map((message) => message.user.username)).toEqual(["mira_k"]);
});

test("a text that could not be sent survives forgetting and can be sent again", async () => {
  await timeline.readNewest();
  server.isUp = false;
  const draft = timeline.addDraft("hello", null);
  await expect(timeline.sendDraft(draft, mira)).rejects.toThrow("no answer");
  timeline.forget();
  expect(timeline.drafts.value[0]?.state).toBe("failed");
  server.isUp = true;
  await timeline.sendDraft(draft, mira);
  expect(timeline.drafts.value).toEqual([]);
  expect(server.messages.map((message) => message.content)).toEqual(["hello"]);
});
