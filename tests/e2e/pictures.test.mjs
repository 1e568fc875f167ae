// Takes the pictures that the documents show, of conversations made up for them.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Browser, desktop, isShown, phone, picture } from "./browser.mjs";
import { Coterie } from "./coterie.mjs";

const bytesMax = 200 * 1024; // They go into the repository.
const people = { mira_k: "Mira", jonas77: "Jonas", lin_yue: "林月", samira: "Samira" };
const tokens = {};
let server;
let browser;
let harbour;

// A drawn view over the water, as PNG.
const view = (page) =>
  page.evaluate(async () => {
    const canvas = new OffscreenCanvas(960, 600);
    const context = canvas.getContext("2d");
    const fill = (color, ...box) => {
      context.fillStyle = color;
      context.fillRect(...box);
    };
    const sky = context.createLinearGradient(0, 0, 0, 360);
    sky.addColorStop(0, "#7fa6c4");
    sky.addColorStop(1, "#f3d9b4");
    fill(sky, 0, 0, 960, 360);
    const sea = context.createLinearGradient(0, 360, 0, 600);
    sea.addColorStop(0, "#7d9fae");
    sea.addColorStop(1, "#2f5566");
    fill(sea, 0, 360, 960, 240);
    context.fillStyle = "#fdf1d6";
    context.beginPath();
    context.arc(690, 300, 46, 0, 2 * Math.PI);
    context.fill();
    for (let wave = 0; wave < 26; wave++) {
      const y = 372 + wave * 8;
      fill("rgb(253 241 214 / 0.35)", 690 - ((wave * 37) % 60), y, 30 + ((wave * 53) % 70), 3);
    }
    for (const [x, y, size] of [
      [250, 430, 1.5],
      [430, 385, 0.8],
      [130, 375, 0.6],
    ]) {
      const shape = (color, ...points) => {
        context.fillStyle = color;
        context.beginPath();
        for (const [dx, dy] of points) context.lineTo(x + dx * size, y + dy * size);
        context.fill();
      };
      shape("#f7f4ec", [0, -120], [0, -8], [58, -8]);
      shape("#e5dfd0", [-5, -104], [-5, -8], [-40, -8]);
      shape("#8f3f31", [-52, 0], [64, 0], [46, 18], [-38, 18]);
    }
    const blob = await canvas.convertToBlob({ type: "image/png" });
    return [...new Uint8Array(await blob.arrayBuffer())];
  });

async function found(page, name, description) {
  await page.goto("/new");
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel(/^Description/).fill(description);
  await page.getByRole("button", { name: "Create" }).click();
  const link = await page.getByLabel("Invite link", { exact: true }).inputValue();
  const code = new URL(link).searchParams.get("join");
  for (const other of Object.keys(people)) {
    if (other !== "mira_k") await server.call(tokens[other], "POST", "/group/join", { code });
  }
  return Number(/group\/(\d+)/.exec(page.url())[1]);
}

const say = (who, groupId, content) =>
  server.call(tokens[who], "POST", "/conversation/group/message/text", { groupId, content });

before(async () => {
  server = await Coterie.start();
  browser = await Browser.launch();
  for (const [name, nickname] of Object.entries(people)) {
    await server.command("user", "add", name, "--password", "Passw0rd!");
    tokens[name] = await server.command("token", name);
    await server.call(tokens[name], "POST", "/user", { nickname });
  }
});

after(async () => {
  await browser?.close();
  await server?.remove();
});

test("a conversation on a desktop, light", { timeout: 90_000 }, async () => {
  const page = await browser.person(server.url, { ...desktop, token: tokens.mira_k });
  const books = await found(page, "Book circle", "One book a month, no homework");
  await found(page, "Design review", "Tuesdays at ten");
  const cinema = await found(page, "周末电影", "周末一起看电影");
  harbour = await found(page, "Harbour crew", "Boats, weather, and who brings the cake");
  await say("samira", books, "I have finished it. No spoilers, I promise!");
  await say("lin_yue", cinema, "周六晚上八点，老地方见");
  await say("jonas77", harbour, "Forecast for Saturday: **light wind**, 12 knots from the west.");
  await say("jonas77", harbour, "Who is in? @Mira @林月");
  await say("lin_yue", harbour, "我可以！下午一点以后都行。");
  await say("mira_k", harbour, "In. I bring:\n- the cake\n- a spare rope");
  const drawn = { name: "bay.png", mimeType: "image/png", buffer: Buffer.from(await view(page)) };
  await page.locator(".composer input[type=file]").setInputFiles(drawn);
  await page.getByRole("button", { name: "Remove: bay.png" }).waitFor();
  await page.getByRole("button", { name: "Send", exact: true }).click();
  const image = page.getByRole("img", { name: /^Image from/ });
  await image.waitFor();
  assert.ok(await isShown(image));
  await say("samira", harbour, "Beautiful! Where is that?");
  await say("mira_k", harbour, "Behind the lighthouse, last Sunday.");
  await page.reload();
  await page.getByRole("log").getByText("last Sunday").waitFor();
  await page.getByText("4 members").waitFor();
  assert.ok(await isShown(image));
  await page.waitForLoadState("networkidle");
  assert.ok((await picture(page, "chat-light")).length <= bytesMax);
});

test("the same conversation on a phone, dark", { timeout: 90_000 }, async () => {
  const options = { ...phone, colorScheme: "dark", token: tokens.jonas77 };
  const page = await browser.person(server.url, options);
  await page.goto(`/group/${harbour}`);
  await page.getByRole("log").getByText("last Sunday").waitFor();
  assert.ok(await isShown(page.getByRole("img", { name: /^Image from/ })));
  await page.waitForLoadState("networkidle");
  assert.ok((await picture(page, "chat-dark-phone")).length <= bytesMax);
  assert.deepEqual(browser.trouble, []);
});

test("the view of operators", { timeout: 90_000 }, async () => {
  await server.command("user", "add", "olga_ops", "--admin", "--password", "Passw0rd!");
  const token = await server.command("token", "olga_ops");
  for (const name of ["jonas77", "lin_yue", "samira"]) {
    const visitor = await browser.person(server.url, { ...desktop, token: tokens[name] });
    await visitor.goto("/");
    await visitor.getByText("Harbour crew").waitFor();
  }
  const page = await browser.person(server.url, { ...desktop, token });
  await page.goto("/admin");
  const line = page.locator(".figure polyline");
  for (let round = 0; round < 30; round++) {
    for (let message = 0; message < 3 + ((round * 7) % 11); message++) {
      await say("samira", harbour, `How about ${round}:${message}?`);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  await line.waitFor({ state: "attached" });
  await page.getByRole("button", { name: "Disconnect: samira" }).waitFor();
  assert.ok((await picture(page, "admin")).length <= bytesMax);
});
