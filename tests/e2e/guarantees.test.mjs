// What the page makes of names, numbers and presence: nothing lost, nothing twice, who is there.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { until } from "../support/process.mjs";
import { desktop, phone } from "./browser.mjs";
import { file, messages, png, Scene, sendButton, write, writing } from "./scene.mjs";

const textPath = "**/message/text";
let scene;
let mira;
let jonas;

const eventually = (condition, what) => until(condition, () => what, 60_000);
const drafts = (page) => page.locator(".draft");
const noDraft = (page) => eventually(async () => (await drafts(page).count()) === 0, "no draft");
const textsOf = (page) => messages(page).allTextContents();
const nameIn = (request) => JSON.parse(request.postData()).clientMsgId;

before(async () => {
  scene = await Scene.set({ mira_k: "Mira", jonas77: "Jonas", lin_yue: "林月" });
  mira = await scene.visit("mira_k", desktop);
  jonas = await scene.visit("jonas77", phone);
  await jonas.getByText("Nobody has written here yet.").waitFor();
});

after(() => scene?.strike());

describe("what the page promises", { timeout: 600_000 }, () => {
  test("the header tells how many are online, the panel who", async () => {
    const header = mira.locator(".chat > .bar");
    await header.getByText("2 online").waitFor();
    await mira.getByRole("button", { name: "About the group" }).click();
    const row = (name) => mira.locator(".members li", { hasText: name });
    await row("Jonas").getByRole("img", { name: "online" }).waitFor();
    assert.equal(await row("林月").getByRole("img", { name: "online" }).count(), 0);
    const lin = await scene.visit("lin_yue", desktop);
    await header.getByText("3 online").waitFor();
    await row("林月").getByRole("img", { name: "online" }).waitFor();
    await lin.close();
    await mira.getByRole("button", { name: "About the group" }).click();
  });

  test("who writes is named until the message is there", async () => {
    const typists = jonas.locator(".typists");
    await eventually(async () => {
      await writing(mira).pressSequentially("H");
      return (await typists.textContent()) === "Mira is typing…";
    }, "Mira to be named");
    await sendButton(mira).click();
    await messages(jonas).first().waitFor();
    await eventually(async () => (await typists.textContent()) === "", "nobody to be named");
  });

  test("a text whose answer got lost is sent again by itself, and is there once", async () => {
    const names = [];
    await mira.route(textPath, async (route) => {
      names.push(nameIn(route.request()));
      if (names.length > 1) return route.continue();
      await route.fetch();
      return route.abort();
    });
    await write(mira, "Only once");
    await eventually(() => names.length > 1, "a second try");
    await noDraft(mira);
    await mira.unroute(textPath);
    assert.equal(new Set(names).size, 1);
    await write(mira, "Behind it");
    for (const page of [mira, jonas]) {
      await messages(page).filter({ hasText: "Behind it" }).waitFor();
      const texts = await textsOf(page);
      assert.deepEqual(texts.slice(-2), ["Only once", "Behind it"]);
      assert.equal(texts.filter((text) => text === "Only once").length, 1);
    }
  });

  test("a text that is not sent yet survives a reload of the page", async () => {
    await mira.route(textPath, (route) => route.abort());
    await write(mira, "Over a reload");
    await drafts(mira).getByText("Will be sent when the connection is back").waitFor();
    await mira.unroute(textPath);
    await mira.reload();
    await messages(jonas).filter({ hasText: "Over a reload" }).waitFor();
    await messages(mira).filter({ hasText: "Over a reload" }).waitFor();
    await noDraft(mira);
    const texts = await textsOf(jonas);
    assert.equal(texts.filter((text) => text === "Over a reload").length, 1);
  });

  test("a picture whose answer got lost is there once, too", async () => {
    let tries = 0;
    await mira.route("**/message/image", async (route) => {
      tries += 1;
      if (tries > 1) return route.continue();
      await route.fetch();
      return route.abort();
    });
    await mira.locator(".composer input[type=file]").setInputFiles(file("a.png", png(60, 40)));
    await mira.locator(".tray img").waitFor();
    await sendButton(mira).click();
    await eventually(() => tries > 1, "a second try");
    await noDraft(mira);
    await mira.unroute("**/message/image");
    await write(mira, "After the picture");
    await messages(jonas).filter({ hasText: "After the picture" }).waitFor();
    assert.equal(await jonas.getByRole("img", { name: "Image from Mira" }).count(), 1);
  });

  test("where the server asks to wait, texts wait and leave by themselves in order", async () => {
    let refusals = 0;
    await mira.route(textPath, (route) => {
      if (refusals > 0) return route.continue();
      refusals += 1;
      const headers = { "Retry-After": "2" };
      return route.fulfill({ status: 429, headers, body: '{"message":"too many"}' });
    });
    await write(mira, "first of two");
    await mira.getByText("The server asks to wait.").waitFor();
    await write(mira, "second of two");
    await messages(jonas).filter({ hasText: "second of two" }).waitFor();
    assert.deepEqual((await textsOf(jonas)).slice(-2), ["first of two", "second of two"]);
    await noDraft(mira);
    await mira.unroute(textPath);
  });

  test("a server that comes back is asked only for what was missed", async () => {
    const asked = [];
    jonas.on("request", (request) => asked.push(request.url()));
    const { messages: all } = await scene.call(
      "mira_k",
      "GET",
      `/conversation/group/message/sync?groupId=${scene.groupId}&afterSeq=0`,
    );
    await scene.server.stop();
    await jonas.getByText("No connection. Trying again…").waitFor();
    await scene.server.startAgain();
    await scene.say("lin_yue", "While you were away");
    await messages(jonas).filter({ hasText: "While you were away" }).waitFor();
    await eventually(() => asked.some((url) => url.includes("/message/sync?")), "the question");
    const question = new URL(asked.find((url) => url.includes("/message/sync?"))).searchParams;
    assert.equal(Number(question.get("afterSeq")), all.at(-1).seq);
    assert.ok(!asked.some((url) => url.includes("/message/list")));
    await jonas.locator(".chat > .bar").getByText("2 online").waitFor();
  });

  test("never broke its own policy or threw", () => {
    assert.deepEqual(scene.browser.trouble, []);
  });
});
