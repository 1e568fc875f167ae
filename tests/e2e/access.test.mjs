// Everybody's page: axe in every view, both languages, by keyboard, light and dark.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, describe, test } from "node:test";
import { until } from "../support/process.mjs";
import { desktop, phone, picture } from "./browser.mjs";
import { file, messages, png, Scene, writing } from "./scene.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let scene;

// What axe finds serious, told with the elements it is about.
async function issues(page, ...rules) {
  await page.evaluate(axe);
  const options = rules.length > 0 ? { runOnly: rules } : {};
  const { violations } = await page.evaluate(
    (given) => globalThis.axe.run(document, given),
    options,
  );
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join("  ")}`);
}

before(async () => {
  scene = await Scene.set({ mira_k: "Mira", jonas77: "Jonas", lin_yue: "林月" });
  await scene.say("jonas77", "See https://a.example, @Mira\n- **one**\n- `two`\n\n> three");
  await scene.say("lin_yue", "好的");
  await scene.upload("jonas77", `/user/avatar`, png(80, 80));
});

after(() => scene?.strike());

describe("the page", { timeout: 600_000 }, () => {
  // What the second look changes is colours.
  for (const [colorScheme, ...rules] of [["light"], ["dark", "color-contrast"]]) {
    test(`has no serious issue in any view, ${colorScheme}`, async () => {
      const options = { ...desktop, colorScheme };
      const visitor = await scene.browser.person(scene.url, options);
      for (const path of ["/login", "/register"]) {
        await visitor.goto(path);
        await visitor.getByRole("textbox").first().waitFor();
        assert.deepEqual(await issues(visitor, ...rules), [], path);
      }
      const page = await scene.visit("mira_k", options);
      await messages(page).first().waitFor();
      assert.deepEqual(await issues(page, ...rules), [], "the chat");
      for (const path of ["/", "/new", "/join", "/me", `/group/${scene.groupId}/about`]) {
        await page.goto(path);
        await page.locator(".at-rest, .form, .members").first().waitFor();
        assert.deepEqual(await issues(page, ...rules), [], path);
      }
      await writing(page).fill("@");
      await page.getByRole("option").first().waitFor();
      assert.deepEqual(await issues(page, ...rules), [], "suggestions");
      await writing(page).fill("");
      await page.locator(".composer input[type=file]").setInputFiles(file("a.png", png(60, 40)));
      await page.locator(".tray img").waitFor();
      await page.getByRole("button", { name: "Emoji" }).click();
      await page.getByRole("tab").nth(1).click();
      await page.locator(".emoji-board button").nth(30).waitFor();
      assert.deepEqual(await issues(page, ...rules), [], "emoji and tray");
    });
  }

  test("is whole in Chinese, and changes its language without a reload", async () => {
    const page = await scene.visit("lin_yue", { ...phone, locale: "zh-CN" });
    await page.getByRole("textbox", { name: "发送到 Harbour crew" }).waitFor();
    await page.goto("/me");
    await page.getByRole("heading", { name: "设置" }).waitFor();
    assert.deepEqual(await issues(page), []);
    await picture(page, "settings-zh");
    const mark = await page.evaluate(() => (globalThis.stays = Math.random()));
    await page.getByRole("radio", { name: "English" }).check();
    await page.getByRole("heading", { name: "Settings" }).waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.lang), "en");
    assert.equal(await page.evaluate(() => globalThis.stays), mark);
    await page.reload();
    await page.getByRole("heading", { name: "Settings" }).waitFor();
  });

  test("keeps the chosen look over a reload, whatever the device likes", async () => {
    const page = await scene.visit("lin_yue", { ...desktop, colorScheme: "light" });
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await ground();
    await page.goto("/me");
    await page.getByRole("radio", { name: "Dark" }).check();
    const dark = await ground();
    assert.notEqual(dark, light);
    await page.reload();
    assert.equal(await ground(), dark);
  });

  test("is walked through by keyboard: from the list to a message and its send button", async () => {
    const page = await scene.visit("jonas77", desktop);
    await page.goto("/");
    await page.getByRole("link", { name: /Harbour crew/ }).focus();
    await page.keyboard.press("Enter");
    await writing(page).waitFor();
    await page.keyboard.type("By keys alone");
    await page.keyboard.press("Enter");
    await messages(page).filter({ hasText: "By keys alone" }).waitFor();
    const role = () => page.evaluate(() => document.activeElement.role);
    for (let press = 0; press < 15 && (await role()) !== "log"; press++) {
      await page.keyboard.press("Shift+Tab");
    }
    assert.equal(await role(), "log"); // Where the arrow keys scroll.
  });

  test("does not move what is already there", async () => {
    const page = await scene.browser.person(scene.url, { ...desktop, token: scene.tokens.mira_k });
    await page.addInitScript(() => {
      globalThis.shift = 0;
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries())
          if (!entry.hadRecentInput) globalThis.shift += entry.value;
      }).observe({ type: "layout-shift", buffered: true });
    });
    await page.goto(`/group/${scene.groupId}`);
    await messages(page).first().waitFor();
    await page.waitForLoadState("networkidle");
    const shift = await page.evaluate(() => globalThis.shift);
    console.log(`# cumulative layout shift: ${shift.toFixed(3)}`);
    assert.ok(shift < 0.1, `${shift}`);
  });

  test("shows administrators how the server is doing, and lets them end a connection", async () => {
    await scene.server.command("user", "add", "olga_ops", "--admin", "--password", "Passw0rd!");
    scene.tokens.olga_ops = await scene.server.command("token", "olga_ops");
    const member = await scene.visit("jonas77", desktop);
    await messages(member).first().waitFor();
    const page = await scene.browser.person(scene.url, {
      ...desktop,
      token: scene.tokens.olga_ops,
    });
    await page.goto("/me");
    await page.getByRole("link", { name: "Administration" }).click();
    const row = page.getByRole("region", { name: "Connections" }).getByRole("row");
    await row.filter({ hasText: "jonas77" }).first().waitFor();
    assert.deepEqual(await issues(page), []);
    const connection = scene.call("olga_ops", "GET", "/admin/connections");
    const before = (await connection).filter(({ username }) => username === "jonas77");
    const buttons = page.getByRole("button", { name: "Disconnect: jonas77" });
    for (const button of await buttons.all()) await button.click();
    // The page of who was sent away comes back by itself, as another connection.
    await until(
      async () => {
        const now = await scene.call("olga_ops", "GET", "/admin/connections");
        const others = now.filter(({ id }) => before.every((old) => old.id !== id));
        return others.some(({ username }) => username === "jonas77");
      },
      () => "the page to come back",
    );
    await scene.say("mira_k", "Still with us?");
    await messages(member).filter({ hasText: "Still with us?" }).waitFor();
    const denied = await scene.visit("jonas77", desktop);
    await denied.goto("/admin");
    await denied.getByText("Only administrators may see this.").waitFor();
    await denied.goto("/me");
    await denied.getByRole("heading", { name: "Settings" }).waitFor();
    assert.equal(await denied.getByRole("link", { name: "Administration" }).count(), 0);
  });

  test("can be installed", async () => {
    const page = await fetch(scene.url);
    const href = /rel="manifest" href="([^"]+)"/.exec(await page.text())[1];
    const manifest = await fetch(scene.url + href);
    assert.match(manifest.headers.get("content-type"), /manifest\+json/);
    for (const { src, type } of (await manifest.json()).icons) {
      const icon = await fetch(scene.url + src);
      assert.equal(icon.headers.get("content-type"), type);
    }
  });

  test("never broke its own policy or threw", () => {
    assert.deepEqual(scene.browser.trouble, []);
  });
});
