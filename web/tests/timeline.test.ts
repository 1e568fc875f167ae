// SPDX-License-Identifier: MIT
import { beforeEach, expect, test } from "vitest";
import { Timeline } from "../src/state/timeline";
import { Server } from "./server";

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
  say(105);
  await timeline.readNewest();
  expect(ids()).toEqual(idsOf(156, 205));
  expect(timeline.isComplete.value).toBe(false);
  await timeline.readEarlier();
  await timeline.readEarlier();
  expect(ids()).toEqual(idsOf(101, 205));
  expect(timeline.isComplete.value).toBe(true);
});

test("a page that ends exactly at the first message is followed by an empty one", async () => {
  say(50);
  await timeline.readNewest();
  expect(timeline.isComplete.value).toBe(false);
  await timeline.readEarlier();
  expect(ids()).toEqual(idsOf(101, 150));
  expect(timeline.isComplete.value).toBe(true);
});

test("asking twice for earlier messages reads one page", async () => {
  say(150);
  await timeline.readNewest();
  await Promise.all([timeline.readEarlier(), timeline.readEarlier()]);
  expect(ids()).toEqual(idsOf(151, 250));
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

test("what is pushed out of turn waits for what is missing, and asking brings it", async () => {
  say(2);
  await timeline.readNewest();
  const [, fourth, fifth] = [server.say(7), server.say(7), server.say(7)];
  timeline.add(fifth);
  timeline.add(fourth);
  expect(ids()).toEqual([101, 102]);
  expect(timeline.hasGap).toBe(true);
  await timeline.catchUp();
  expect(ids()).toEqual(idsOf(101, 105));
  expect(timeline.hasGap).toBe(false);
});

test("who has missed nothing asks for nothing more than that", async () => {
  say(60);
  await timeline.readNewest();
  server.requests = [];
  await timeline.catchUp();
  expect(server.requests).toHaveLength(1);
  expect(server.requests[0]).toMatch(/sync\?groupId=7&afterSeq=60/);
});

test("numbers that are missing for good are no gap for ever", async () => {
  say(2);
  await timeline.readNewest();
  const [third, fourth] = [server.say(7), server.say(7)];
  server.messages = server.messages.filter((message) => message !== third);
  timeline.add(fourth);
  await timeline.catchUp();
  expect(ids()).toEqual([101, 102, 104]);
  timeline.add({ ...server.say(7), seq: 5 });
  expect(timeline.hasGap).toBe(false);
  expect(ids()).toHaveLength(4);
});

test("a server that was set back to yesterday is believed", async () => {
  say(10);
  await timeline.readNewest();
  server.messages = server.messages.slice(0, 7);
  await timeline.catchUp();
  expect(ids()).toEqual(idsOf(101, 107));
  timeline.add(server.say(7));
  expect(ids()).toEqual(idsOf(101, 108));
});

test("any number of pushes out of turn come to their places in the end", async () => {
  await timeline.readNewest();
  say(1);
  for (let number = 0; number < 300; number++) timeline.add(server.say(7));
  expect(ids()).toEqual([]);
  await timeline.catchUp();
  expect(ids()).toEqual(idsOf(101, 401));
  expect(timeline.hasGap).toBe(false);
});

test("a message pushed while the first page is on its way is not lost", async () => {
  say(2);
  const reading = timeline.readNewest();
  timeline.add(server.say(7));
  await reading;
  expect(ids()).toEqual([101, 102, 103]);
});

test("an absence of several pages is filled without gap or double", async () => {
  say(40);
  await timeline.readNewest();
  say(205);
  await timeline.readNewest();
  expect(ids()).toEqual(idsOf(101, 345));
  expect(timeline.isComplete.value).toBe(true);
});

test("an absence that is too long to fill leaves no hidden gap", async () => {
  say(60);
  await timeline.readNewest();
  await timeline.readEarlier();
  expect(timeline.isComplete.value).toBe(true);
  say(1001);
  await timeline.readNewest();
  expect(ids()).toEqual(idsOf(1112, 1161));
  expect(timeline.isComplete.value).toBe(false);
  await timeline.readEarlier();
  expect(ids()[0]).toBe(1062);
});

test("an earlier page that was asked for before a gap is dropped", async () => {
  say(60);
  await timeline.readNewest();
  const reading = timeline.readEarlier();
  timeline.forget();
  await timeline.readNewest();
  say(10);
  await reading;
  expect(new Set(ids()).size).toBe(ids().length);
  expect(ids()).toEqual([...ids()].sort((a, b) => a - b));
});

function isUnbroken(): boolean {
  const known = ids();
  return known.every((id, place) => place === 0 || id === known[place - 1]! + 1);
}

test("the window stays short however far one reads, and nothing is missing", async () => {
  say(3000);
  await timeline.readNewest();
  const seen = new Set(ids());
  while (!timeline.isComplete.value) {
    await timeline.readEarlier();
    ids().forEach((id) => seen.add(id));
    expect(ids().length).toBeLessThanOrEqual(550);
    expect(isUnbroken()).toBe(true);
  }
  expect(seen.size).toBe(3000);
  expect(timeline.isLive.value).toBe(false);
  say(7); // Said while the reader is far up: met again on the way down.
  timeline.add(server.messages.at(-1)!);
  while (!timeline.isLive.value) {
    await timeline.readLater();
    expect(ids().length).toBeLessThanOrEqual(600);
    expect(isUnbroken()).toBe(true);
  }
  expect(ids().at(-1)).toBe(3107);
  expect(timeline.isComplete.value).toBe(false);
});

test("from far up one jump leads to the newest messages", async () => {
  say(1000);
  await timeline.readNewest();
  for (let page = 0; page < 15; page++) await timeline.readEarlier();
  expect(timeline.isLive.value).toBe(false);
  await timeline.jumpToNewest();
  expect(ids()).toEqual(idsOf(1051, 1100));
  expect(timeline.isLive.value).toBe(true);
});

test("a live group does not grow without end", async () => {
  await timeline.readNewest();
  for (let number = 0; number < 2000; number++) timeline.add(server.say(7));
  expect(ids().length).toBeLessThan(550);
  expect(ids().at(-1)).toBe(2100);
  expect(timeline.isLive.value).toBe(true);
});

test("what arrives in masses does not take old messages from who reads them", async () => {
  say(50);
  await timeline.readNewest();
  for (let number = 0; number < 600; number++) timeline.add(server.say(7), false);
  expect(ids()[0]).toBe(101);
  expect(timeline.isLive.value).toBe(false);
});

test("a message pushed on the way to the newest ones is not lost", async () => {
  say(1000);
  await timeline.readNewest();
  for (let page = 0; page < 15; page++) await timeline.readEarlier();
  const jumping = timeline.jumpToNewest();
  timeline.add(server.say(7));
  await jumping;
  expect(ids().at(-1)).toBe(1101);
  expect(isUnbroken()).toBe(true);
});

test("a message pushed while a long absence is read is not lost", async () => {
  say(60);
  await timeline.readNewest();
  say(1100);
  const reading = timeline.readNewest();
  await new Promise((resolve) => setTimeout(resolve, 0));
  timeline.add(server.say(7));
  await reading;
  expect(ids().at(-1)).toBe(1261);
  expect(isUnbroken()).toBe(true);
});
