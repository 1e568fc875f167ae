// What a message can be made of: marks, emoji, mentions, pictures by every way, videos.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { desktop, isShown, phone } from "./browser.mjs";
import { file, messages, png, Scene, sendButton, write, writing } from "./scene.mjs";
import { until } from "../support/process.mjs";

let scene;
let mira;
let jonas;

const eventually = (condition, what) => until(condition, () => what, 30_000);
const images = (page) => page.getByRole("img", { name: /^Image from/ });
const tray = (page) => page.locator(".tray li");

// What a browser hands over when files are pasted or dropped.
const transferOf = (page, files) =>
  page.evaluateHandle(
    (list) => {
      const transfer = new DataTransfer();
      for (const { name, mimeType, bytes } of list) {
        transfer.items.add(new File([new Uint8Array(bytes)], name, { type: mimeType }));
      }
      return transfer;
    },
    files.map(({ name, mimeType, buffer }) => ({ name, mimeType, bytes: [...buffer] })),
  );

// A second and a half of a square that travels, recorded by the browser itself.
const film = (page) =>
  page.evaluate(async () => {
    const canvas = document.createElement("canvas");
    canvas.width = 320;
    canvas.height = 180;
    const context = canvas.getContext("2d");
    const recorder = new MediaRecorder(canvas.captureStream(15), { mimeType: "video/webm" });
    const pieces = [];
    recorder.ondataavailable = ({ data }) => pieces.push(data);
    const stopped = new Promise((resolve) => (recorder.onstop = resolve));
    recorder.start();
    for (let step = 0; step < 24; step++) {
      context.fillStyle = "#2f5566";
      context.fillRect(0, 0, 320, 180);
      context.fillStyle = "#f3d9b4";
      context.fillRect(step * 10, 60, 60, 60);
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    recorder.stop();
    await stopped;
    return [...new Uint8Array(await new Blob(pieces).arrayBuffer())];
  });

before(async () => {
  scene = await Scene.set({ mira_k: "Mira", jonas77: "Jonas", lin_yue: "林月" });
  mira = await scene.visit("mira_k", desktop);
  jonas = await scene.visit("jonas77", { ...phone, colorScheme: "dark" });
  await jonas.getByText("Nobody has written here yet.").waitFor();
});

after(() => scene?.strike());

describe("writing", { timeout: 600_000 }, () => {
  test("marks become emphasis, code, lists and links, and tags stay text", async () => {
    await write(mira, "**bold** `code` <i>tag</i> https://a.example/x.\n- one\n- two");
    const bubble = messages(jonas).first();
    await bubble.locator("strong", { hasText: "bold" }).waitFor();
    assert.equal(await bubble.locator("code").textContent(), "code");
    assert.equal(await bubble.locator("i").count(), 0);
    assert.match(await bubble.textContent(), /<i>tag<\/i>/);
    assert.equal(await bubble.getByRole("link").getAttribute("href"), "https://a.example/x");
    assert.deepEqual(await bubble.getByRole("listitem").allTextContents(), ["one", "two"]);
  });

  test("an emoji is found by its name in the reader's language, and put where the cursor is", async () => {
    await writing(mira).fill("ab");
    await writing(mira).press("ArrowLeft");
    await mira.getByRole("button", { name: "Emoji" }).click();
    const board = mira.getByRole("dialog", { name: "Emoji" });
    await board.getByRole("searchbox").fill("sailboat");
    await board.getByRole("button", { name: "sailboat" }).click();
    await mira.keyboard.press("Escape");
    assert.equal(await writing(mira).inputValue(), "a⛵\ufe0fb");
    assert.ok(await writing(mira).evaluate((box) => box === document.activeElement));
    await writing(mira).fill("");
  });

  test("a member is mentioned by the keyboard alone, and sees it", async () => {
    await writing(mira).pressSequentially("See @jo");
    await mira.getByRole("option", { name: /Jonas/ }).waitFor();
    await mira.keyboard.press("Enter");
    assert.equal(await writing(mira).inputValue(), "See @jonas77 ");
    await mira.keyboard.press("Enter");
    await jonas.locator(".mention.of-me", { hasText: "@jonas77" }).waitFor();
    await mira.locator(".mention:not(.of-me)", { hasText: "@jonas77" }).waitFor();
  });

  test("several pictures are previewed, one is taken out, the others arrive", async () => {
    const input = mira.locator(".composer input[type=file]");
    await input.setInputFiles([
      file("one.png", png(320, 200, 40)),
      file("two.png", png(200, 320, 140)),
      file("three.png", png(64, 64, 240)),
    ]);
    await eventually(async () => (await tray(mira).count()) === 3, "three previews");
    await mira.getByRole("button", { name: "Remove: two.png" }).click();
    await writing(mira).fill("Two of them");
    await sendButton(mira).click();
    await eventually(async () => (await images(jonas).count()) === 2, "two pictures");
    for (const image of await images(jonas).all()) assert.ok(await isShown(image));
    await messages(jonas).filter({ hasText: "Two of them" }).waitFor();
    assert.equal(await tray(mira).count(), 0);
    await eventually(async () => (await mira.locator(".draft").count()) === 0, "no draft");
  });

  test("a picture is pasted, another dropped", async () => {
    const pasted = await transferOf(mira, [file("pasted.png", png(30, 20))]);
    await writing(mira).evaluate((box, clipboardData) => {
      box.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
    }, pasted);
    await eventually(async () => (await tray(mira).count()) === 1, "the pasted one");
    const dataTransfer = await transferOf(mira, [file("dropped.png", png(20, 30))]);
    await mira.locator(".chat").dispatchEvent("dragenter", { dataTransfer });
    await mira.getByText("Drop photos or a video here").waitFor();
    await mira.locator(".chat").dispatchEvent("drop", { dataTransfer });
    await eventually(async () => (await tray(mira).count()) === 2, "the dropped one");
    assert.equal(await mira.getByText("Drop photos or a video here").count(), 0);
    await sendButton(mira).click();
    await eventually(async () => (await images(jonas).count()) === 4, "both pictures");
  });

  test("what is neither picture nor video is refused with its name", async () => {
    const input = mira.locator(".composer input[type=file]");
    await input.setInputFiles(file("notes.txt", Buffer.from("text"), "text/plain"));
    await mira.getByText("notes.txt is neither a picture nor a video.").waitFor();
    assert.equal(await tray(mira).count(), 0);
  });

  test("a picture opens on its own, leads to the next, and closes to where one was", async () => {
    await images(mira).first().click();
    const light = mira.getByRole("dialog", { name: "Image from Mira" });
    const shown = light.getByRole("img");
    assert.ok(await isShown(shown));
    const first = await shown.getAttribute("src");
    await mira.keyboard.press("ArrowRight");
    await eventually(async () => (await shown.getAttribute("src")) !== first, "the next picture");
    await mira.keyboard.press("Escape");
    await light.waitFor({ state: "detached" });
    const focused = () => mira.evaluate(() => document.activeElement.className);
    await eventually(async () => /picture/.test(await focused()), "the focus to be back");
  });

  test("an upload that fails says so, and arrives when it is tried again", async () => {
    await mira.route("**/message/image", (route) => route.fulfill({ status: 503, body: "{}" }));
    const newest = () => images(jonas).last().getAttribute("src");
    const before = await newest();
    await mira.locator(".composer input[type=file]").setInputFiles(file("late.png", png(50, 40)));
    await tray(mira).first().waitFor();
    await sendButton(mira).click();
    await mira.getByText("Not sent.").waitFor();
    await mira.unroute("**/message/image");
    await mira.getByRole("button", { name: "Try again" }).click();
    await eventually(async () => (await newest()) !== before, "the picture");
    await eventually(async () => (await mira.locator(".draft").count()) === 0, "no draft");
  });

  test("a video is sent with a cover of its own and played where it stands", async () => {
    const bytes = await film(mira);
    const input = mira.locator(".composer input[type=file]");
    await input.setInputFiles(file("boat.webm", Buffer.from(bytes), "video/webm"));
    await tray(mira).locator(".play").waitFor();
    await sendButton(mira).click();
    const received = jonas.getByRole("button", { name: "Play: Video from Mira" });
    await received.waitFor();
    assert.ok(await isShown(received.locator("img")));
    await eventually(async () => (await mira.locator(".draft").count()) === 0, "no draft");
    await received.click();
    const video = jonas.locator(".picture video");
    await eventually(() => video.evaluate((element) => element.currentTime > 0), "it to play");
    await jonas.goto("/");
    await jonas.getByText(/Video/).waitFor();
    await jonas.goBack();
  });

  test("an upload shows how far it is and can be cancelled", async () => {
    const held = [];
    await mira.route("**/message/video", (route) => void held.push(route)); // On its way for ever.
    await mira
      .locator(".composer input[type=file]")
      .setInputFiles(file("long.webm", Buffer.from(await film(mira)), "video/webm"));
    await tray(mira).locator(".play").waitFor();
    await sendButton(mira).click();
    await mira.getByRole("progressbar", { name: "long.webm" }).waitFor();
    await mira.getByText(/^Uploading, \d+%/).waitFor();
    await mira.getByRole("button", { name: "Cancel" }).click();
    await eventually(async () => (await mira.locator(".draft").count()) === 0, "no draft");
    await mira.unroute("**/message/video");
  });

  test("a second device of the same person is in step", async () => {
    const second = await scene.visit("jonas77", desktop);
    await second.goto("/");
    await jonas.goto("/");
    await scene.say("mira_k", "For both of your screens");
    for (const page of [second, jonas]) await page.getByText("1 unread message").waitFor();
    await jonas.getByRole("link", { name: /Harbour crew/ }).click();
    await messages(jonas).filter({ hasText: "both of your screens" }).waitFor();
    await eventually(async () => (await second.title()) === "Coterie", "the count to clear there");
  });

  test("never broke its own policy or threw", () => {
    assert.deepEqual(scene.browser.trouble, []);
  });
});
