// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Attachment } from "../src/attachments";
import { Outbox } from "../src/state/outbox";
import { Timeline } from "../src/state/timeline";
import { mira, Server } from "./server";

let server: Server;
let timeline: Timeline;
let outbox: Outbox;

beforeEach(async () => {
  server = new Server();
  timeline = new Timeline(7);
  outbox = new Outbox(timeline);
  await timeline.readNewest();
});

afterEach(() => void vi.useRealTimers());

const contents = () => server.messages.map((message) => message.content);
const states = () => outbox.drafts.value.map((draft) => draft.state);

test("a sent text replaces its draft", async () => {
  const draft = outbox.add("hello", null);
  expect(states()).toEqual(["sending"]);
  await outbox.send(draft, mira);
  expect(outbox.drafts.value).toEqual([]);
  expect(timeline.messages.value.map((message) => message.user.username)).toEqual(["mira_k"]);
});

test("texts arrive in the order in which they were written", async () => {
  server.delays = [30, 0, 10];
  const drafts = ["one", "two", "three"].map((text) => outbox.add(text, null));
  await Promise.all(drafts.map((draft) => outbox.send(draft, mira)));
  expect(contents()).toEqual(["one", "two", "three"]);
});

// Lets what is under way go on until that many drafts wait.
const untilWaiting = (count: number) =>
  vi.waitFor(() => expect(states()).toEqual(Array(count).fill("waiting")));

test("a text that could not be sent survives forgetting and is sent again", async () => {
  server.isUp = false;
  const sending = outbox.send(outbox.add("hello", null), mira);
  await untilWaiting(1);
  timeline.forget();
  server.isUp = true;
  outbox.hurry();
  await sending;
  expect(outbox.drafts.value).toEqual([]);
  expect(contents()).toEqual(["hello"]);
});

test("a text whose answers were lost is sent again under its name, and stored once", async () => {
  server.losesAnswers = true;
  const sending = outbox.send(outbox.add("hello", null), mira);
  await untilWaiting(1);
  outbox.hurry();
  await vi.waitFor(() => expect(server.requests.length).toBe(3)); // The page and two tries.
  server.losesAnswers = false;
  await untilWaiting(1);
  outbox.hurry();
  expect((await sending)?.seq).toBe(1);
  expect(outbox.drafts.value).toEqual([]);
  expect(contents()).toEqual(["hello"]);
  expect(timeline.messages.value).toHaveLength(1);
});

test("without an answer it is tried again by itself, ever less often", async () => {
  vi.useFakeTimers();
  server.isUp = false;
  const sending = outbox.send(outbox.add("hello", null), mira);
  const tries = () => server.requests.filter((request) => request.startsWith("POST")).length;
  await vi.advanceTimersByTimeAsync(3500); // After one second, and two more.
  expect(tries()).toBe(3);
  await vi.advanceTimersByTimeAsync(300_000);
  expect(tries()).toBeLessThan(20);
  server.isUp = true;
  await vi.advanceTimersByTimeAsync(30_000);
  await sending;
  expect(contents()).toEqual(["hello"]);
});

test("where the server asks to wait, all texts wait, and leave in order", async () => {
  vi.useFakeTimers();
  server.refusal = 429;
  server.retryAfter = 7;
  const sends = ["one", "two"].map((text) => outbox.send(outbox.add(text, null), mira));
  await vi.advanceTimersByTimeAsync(0);
  expect(states()).toEqual(["held", "held"]);
  server.refusal = null;
  outbox.hurry(); // A connection that is back is no reason to be impatient.
  await vi.advanceTimersByTimeAsync(6900);
  expect(contents()).toEqual([]);
  await vi.advanceTimersByTimeAsync(200);
  await Promise.all(sends);
  expect(contents()).toEqual(["one", "two"]);
});

test("a text that is given up makes way for those behind it", async () => {
  server.isUp = false;
  const [first, second] = [outbox.add("one", null), outbox.add("two", null)];
  const sends = [outbox.send(first, mira), outbox.send(second, mira)];
  await untilWaiting(2);
  server.isUp = true;
  outbox.discard(first);
  expect(await sends[0]).toBeNull();
  await sends[1];
  expect(contents()).toEqual(["two"]);
});

test("asking again for what waits sends it at once, and once", async () => {
  server.isUp = false;
  const [first, second] = [outbox.add("one", null), outbox.add("two", null)];
  const sends = [outbox.send(first, mira), outbox.send(second, mira)];
  await untilWaiting(2);
  server.isUp = true;
  expect(await outbox.send(second, mira)).toBeNull();
  await Promise.all(sends);
  expect(contents()).toEqual(["one", "two"]);
});

test("a push that comes ahead of the answer does not show a text twice", async () => {
  const { clientMsgId } = outbox.add("hello", null);
  timeline.add(server.say(7, "hello", mira));
  expect(outbox.shown()).toHaveLength(1); // The same words, said on another device.
  timeline.add({ ...server.say(7, "hello", mira), clientMsgId });
  expect(outbox.shown()).toEqual([]);
  expect(outbox.drafts.value).toHaveLength(1); // Until its answer comes.
});

test("an answer that is faster than the push before it brings both, in order", async () => {
  server.say(7, "before"); // Its push is still on its way.
  await outbox.send(outbox.add("hello", null), mira);
  expect(timeline.messages.value.map(({ content }) => content)).toEqual(["before", "hello"]);
  expect(outbox.drafts.value).toEqual([]);
});

test("what the server refuses waits for its author, not for the connection", async () => {
  server.refusal = 406;
  const draft = outbox.add("hello", null);
  await expect(outbox.send(draft, mira)).rejects.toThrow("refused");
  expect(states()).toEqual(["failed"]);
  server.refusal = null;
  outbox.hurry();
  expect(states()).toEqual(["failed"]);
  await outbox.send(draft, mira);
  expect(contents()).toEqual(["hello"]);
});

class Upload {
  static last: Upload;
  upload: { onprogress?: (event: object) => void } = {};
  onabort?: () => void;
  onload?: () => void;
  onerror?: () => void;
  status = 201;
  responseText = "";
  sent?: FormData;
  path = "";
  constructor() {
    Upload.last = this;
  }
  open(_method: string, path: string) {
    this.path = path;
  }
  setRequestHeader() {}
  getResponseHeader() {
    return null;
  }
  send(data: FormData) {
    this.sent = data;
  }
  abort() {
    this.onabort?.();
  }
}

const film: Attachment = {
  kind: "video",
  name: "boat.webm",
  file: new Blob(["video"], { type: "video/webm" }),
  cover: new Blob(["cover"], { type: "image/jpeg" }),
  url: "blob:cover",
};

test("an upload tells how far it is, and its video comes before its cover", async () => {
  vi.stubGlobal("XMLHttpRequest", Upload);
  URL.revokeObjectURL = vi.fn();
  const sending = outbox.send(outbox.add(null, film), mira);
  expect(Upload.last.path).toMatch(/message\/video$/);
  expect([...Upload.last.sent!.keys()]).toEqual(["groupId", "clientMsgId", "file", "cover"]);
  Upload.last.upload.onprogress!({ lengthComputable: true, loaded: 1, total: 4 });
  expect(outbox.drafts.value[0]?.progress).toBe(0.25);
  const { user: _, ...sent } = server.say(7, undefined, mira);
  Upload.last.responseText = JSON.stringify({ status: 0, data: sent });
  Upload.last.onload!();
  await sending;
  expect(outbox.drafts.value).toEqual([]);
  expect(timeline.has(sent.id)).toBe(true);
});

test("an upload without an answer is tried again under its name", async () => {
  vi.stubGlobal("XMLHttpRequest", Upload);
  URL.revokeObjectURL = vi.fn();
  const sending = outbox.send(outbox.add(null, film), mira);
  const first = Upload.last;
  first.onerror!();
  await untilWaiting(1);
  outbox.hurry();
  await vi.waitFor(() => expect(Upload.last).not.toBe(first));
  expect(Upload.last.sent!.get("clientMsgId")).toBe(first.sent!.get("clientMsgId"));
  outbox.discard(outbox.drafts.value[0]!);
  expect(await sending).toBeNull();
});

test("an upload that is cancelled leaves nothing", async () => {
  vi.stubGlobal("XMLHttpRequest", Upload);
  const draft = outbox.add(null, film);
  const sending = outbox.send(draft, mira);
  outbox.discard(draft);
  expect(await sending).toBeNull();
  expect(outbox.drafts.value).toEqual([]);
});
