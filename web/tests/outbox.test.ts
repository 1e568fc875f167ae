// SPDX-License-Identifier: MIT
import { beforeEach, expect, test, vi } from "vitest";
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

test("a text that could not be sent survives forgetting and is sent again", async () => {
  server.isUp = false;
  const draft = outbox.add("hello", null);
  await expect(outbox.send(draft, mira)).rejects.toThrow("no answer");
  expect(states()).toEqual(["waiting"]);
  timeline.forget();
  server.isUp = true;
  await timeline.readNewest();
  for (const waiting of outbox.settle(mira.id)) await outbox.send(waiting, mira);
  expect(outbox.drafts.value).toEqual([]);
  expect(contents()).toEqual(["hello"]);
});

test("a text that arrived although its answer was lost is not sent twice", async () => {
  server.losesAnswers = true;
  const draft = outbox.add("hello", null);
  await expect(outbox.send(draft, mira)).rejects.toThrow("no answer");
  server.losesAnswers = false;
  await timeline.readNewest();
  expect(outbox.settle(mira.id)).toEqual([]);
  expect(outbox.drafts.value).toEqual([]);
  expect(contents()).toEqual(["hello"]);
});

test("a push that comes ahead of the answer does not show a text twice", async () => {
  outbox.add("hello", null);
  expect(outbox.shown(mira.id)).toHaveLength(1);
  timeline.add(server.say(7, "hello"));
  expect(outbox.shown(mira.id)).toHaveLength(1); // Somebody else's.
  timeline.add(server.say(7, "hello", mira));
  expect(outbox.shown(mira.id)).toEqual([]);
  expect(outbox.drafts.value).toHaveLength(1); // Until its answer comes.
});

test("the same text written twice is two texts, even when one of them got lost", async () => {
  const [first, second] = [outbox.add("ok", null), outbox.add("ok", null)];
  await outbox.send(first, mira);
  server.isUp = false;
  await expect(outbox.send(second, mira)).rejects.toThrow("no answer");
  server.isUp = true;
  await timeline.readNewest();
  expect(outbox.settle(mira.id)).toHaveLength(1);
});

test("what the server refuses waits for its author, not for the connection", async () => {
  server.refusal = 406;
  await expect(outbox.send(outbox.add("hello", null), mira)).rejects.toThrow("refused");
  expect(states()).toEqual(["failed"]);
  expect(outbox.settle(mira.id)).toEqual([]);
});

class Upload {
  static last: Upload;
  upload: { onprogress?: (event: object) => void } = {};
  onabort?: () => void;
  onload?: () => void;
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
  expect([...Upload.last.sent!.keys()]).toEqual(["groupId", "file", "cover"]);
  Upload.last.upload.onprogress!({ lengthComputable: true, loaded: 1, total: 4 });
  expect(outbox.drafts.value[0]?.progress).toBe(0.25);
  const { user: _, ...sent } = server.say(7, undefined, mira);
  Upload.last.responseText = JSON.stringify({ status: 0, data: sent });
  Upload.last.onload!();
  await sending;
  expect(outbox.drafts.value).toEqual([]);
  expect(timeline.has(sent.id)).toBe(true);
});

test("an upload that is cancelled leaves nothing", async () => {
  vi.stubGlobal("XMLHttpRequest", Upload);
  const draft = outbox.add(null, film);
  const sending = outbox.send(draft, mira);
  outbox.discard(draft);
  expect(await sending).toBeNull();
  expect(outbox.drafts.value).toEqual([]);
});
