// Two people meet on the page: register, found a group, join by link, chat, lose the server.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Browser, desktop, isShown, logIn, phone, picture } from "./browser.mjs";
import { until } from "../support/process.mjs";
import { Coterie } from "./coterie.mjs";

const password = "Passw0rd!";
let server;
let browser;
let mira; // Pages: hers on a desktop, his on a phone, in the dark.
let jonas;
let groupId;
let inviteLink;
const tokens = {};

const row = (page, name) => page.getByRole("navigation").getByRole("link", { name });
const eventually = (condition, what) => until(condition, () => what, 60_000);
const messages = (page) => page.getByRole("log").locator(".bubble");
const field = (page, label) => page.getByLabel(label, { exact: true });

async function say(page, text) {
  await page.getByRole("textbox", { name: /^Message to/ }).fill(text);
  await page.getByRole("button", { name: "Send", exact: true }).click();
}

async function register(page, username) {
  const email = `${username}@example.org`;
  await page.goto("/register");
  await field(page, "E-mail").fill(email);
  await page.getByRole("button", { name: "Send code" }).click();
  await field(page, "Code from the e-mail").fill(await server.mailCode(email));
  await field(page, "Username").fill(username);
  await field(page, "Password").fill(password);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByRole("heading", { name: "Log in" }).waitFor();
}

const sayByRest = (name, content) =>
  server.call(tokens[name], "POST", "/conversation/group/message/text", { groupId, content });

before(async () => {
  server = await Coterie.start();
  browser = await Browser.launch();
});

after(async () => {
  await browser?.close();
  await server?.remove();
});

describe("the page", { timeout: 600_000 }, () => {
  test("comes under a strict policy, and its hashed files may be kept", async () => {
    const page = await fetch(server.url);
    assert.match(page.headers.get("content-type"), /^text\/html/);
    const policy = page.headers.get("content-security-policy") ?? "";
    assert.match(policy, /default-src 'self'/);
    assert.doesNotMatch(policy, /unsafe/);
    const script = /src="(\/assets\/[^"]+\.js)"/.exec(await page.text())[1];
    const asset = await fetch(server.url + script);
    assert.match(asset.headers.get("content-type"), /javascript/);
    assert.match(asset.headers.get("cache-control"), /immutable/);
    assert.equal(asset.headers.get("content-encoding"), "gzip");
    const plain = await fetch(server.url + script, { headers: { "Accept-Encoding": "identity" } });
    assert.equal(plain.headers.get("content-encoding"), null);
    assert.notEqual(plain.headers.get("etag"), asset.headers.get("etag"));
    assert.equal(await plain.text(), await asset.text());
    const etag = page.headers.get("etag");
    const again = await fetch(server.url, { headers: { "If-None-Match": etag } });
    assert.equal(again.status, 304);
    assert.equal((await fetch(`${server.url}/assets/none.js`)).status, 404);
  });

  test("registers two people with the code from the letter", async () => {
    const page = await browser.person(server.url, desktop);
    await register(page, "mira_k");
    assert.equal(await field(page, "Username or e-mail").inputValue(), "mira_k");
    await register(page, "jonas77");
    const users = await server.command("user", "list");
    assert.match(users, /mira_k/);
    assert.match(users, /jonas77/);
  });

  test("says what is wrong with a registration", async () => {
    const page = await browser.person(server.url, desktop);
    await page.goto("/register");
    await field(page, "E-mail").fill("mira_k@example.org");
    await page.getByRole("button", { name: "Send code" }).click();
    const complaint = page.getByRole("alert").filter({ hasText: /already/ });
    await complaint.waitFor();
    await page.getByRole("button", { name: "Create account" }).click();
    const isValid = await field(page, "Username").evaluate((input) => input.validity.valid);
    assert.equal(isValid, false);
  });

  test("refuses a wrong captcha and shows another picture", async () => {
    const page = await browser.person(server.url, desktop);
    await page.goto("/");
    const captcha = page.getByRole("img", { name: "Picture with four characters" });
    await captcha.waitFor();
    assert.ok(await isShown(captcha));
    await picture(page, "login");
    const before = await captcha.getAttribute("src");
    await field(page, "Username or e-mail").fill("mira_k");
    await field(page, "Password").fill(password);
    await field(page, "Characters in the picture").fill("????");
    await page.getByRole("button", { name: "Log in" }).click();
    await page
      .getByRole("alert")
      .filter({ hasText: /captcha|picture/i })
      .waitFor();
    await eventually(async () => (await captcha.getAttribute("src")) !== before, "another captcha");
    assert.equal(await field(page, "Characters in the picture").inputValue(), "");
  });

  test("logs in with what the captcha shows, by name and by e-mail address", async () => {
    for (const name of ["mira_k", "mira_k@example.org"]) {
      const page = await browser.person(server.url, desktop);
      const asked = page.waitForResponse(/\/api\/auth\/catpcha/);
      await page.goto("/");
      const uid = new URL((await asked).url()).searchParams.get("uid");
      await field(page, "Username or e-mail").fill(name);
      await field(page, "Password").fill(password);
      await field(page, "Characters in the picture").fill(await server.captchaText(uid));
      await page.getByRole("button", { name: "Log in" }).click();
      await page.getByRole("heading", { name: "No groups yet" }).waitFor();
      await page.reload();
      await page.getByRole("heading", { name: "No groups yet" }).waitFor();
    }
  });

  test("can be used by keyboard alone", async () => {
    const page = await browser.person(server.url, desktop);
    await page.goto("/login");
    await page.getByRole("img", { name: "Picture with four characters" }).waitFor();
    const reached = [];
    for (let press = 0; press < 8; press++) {
      await page.keyboard.press("Tab");
      const name = await page.evaluate(() => {
        const element = document.activeElement;
        return element.labels?.[0]?.innerText ?? element.ariaLabel ?? element.innerText;
      });
      reached.push(name);
    }
    assert.deepEqual(reached, [
      "Username or e-mail",
      "Password",
      "Show password",
      "Characters in the picture",
      "Another picture",
      "Log in",
      "Create account",
      "English",
    ]);
  });

  test("founds a group with a cover that it draws", async () => {
    tokens.mira = await server.command("token", "mira_k");
    tokens.jonas = await server.command("token", "jonas77");
    mira = await browser.person(server.url, { ...desktop, token: tokens.mira });
    await mira.goto("/");
    await mira.getByRole("heading", { name: "No groups yet" }).waitFor();
    await mira.getByRole("link", { name: "New group" }).first().click();
    await field(mira, "Name").fill("Harbour crew");
    await mira.getByLabel(/^Description/).fill("Boats, weather, and who brings the cake");
    await picture(mira, "new-group");
    await mira.getByRole("button", { name: "Create" }).click();
    inviteLink = await field(mira, "Invite link").inputValue();
    assert.match(inviteLink, /\/\?join=[\w-]{21}$/);
    groupId = Number(/group\/(\d+)/.exec(mira.url())[1]);
    assert.ok(await isShown(mira.locator(".group-head img")));
    assert.ok(await isShown(row(mira, /Harbour crew/).locator("img")));
  });

  test("lets another person join by the link, logging in on the way", async () => {
    jonas = await browser.person(server.url, { ...phone, colorScheme: "dark" });
    await jonas.goto(inviteLink);
    await jonas.getByText("You were invited to a group").waitFor();
    await jonas.getByRole("link", { name: "Create account" }).click();
    await jonas.getByRole("link", { name: "Log in" }).click();
    const address = jonas.url();
    assert.match(address, /\/login\?join=/);
    await logIn(jonas, tokens.jonas);
    await jonas.goto(address.replace("/login", "/"));
    await jonas.getByRole("button", { name: "Join" }).click();
    await jonas.getByRole("heading", { name: "Harbour crew" }).waitFor();
    await jonas.getByText("Nobody has written here yet.").waitFor();
  });

  test("carries messages between them while both look", async () => {
    await say(jonas, "Hello, I am in!");
    await messages(mira).filter({ hasText: "Hello, I am in!" }).waitFor();
    await say(mira, "Welcome <b>aboard</b> 欢迎 ⛵");
    const answer = messages(jonas).filter({ hasText: "Welcome" });
    assert.equal(await answer.textContent(), "Welcome <b>aboard</b> 欢迎 ⛵");
    assert.equal(await messages(jonas).count(), 2);
    assert.equal(await messages(mira).count(), 2);
  });

  test("shows a message in the other browser within a moment", async () => {
    const heard = jonas.evaluate(
      () =>
        new Promise((resolve) => {
          const watch = new MutationObserver(() => {
            if (!document.body.innerText.includes("How fast?")) return;
            watch.disconnect();
            resolve(Date.now());
          });
          watch.observe(document.body, { childList: true, subtree: true, characterData: true });
        }),
    );
    await mira.getByRole("textbox", { name: /^Message to/ }).fill("How fast?");
    const sent = await mira.evaluate(() => {
      const now = Date.now();
      document.querySelector(".composer").requestSubmit();
      return now;
    });
    const milliseconds = (await heard) - sent;
    console.log(`# seen after ${milliseconds} ms`);
    assert.ok(milliseconds < 2000, `seen after ${milliseconds} ms`); // 100 on a machine at rest.
  });

  test("lists who is in, and shows the invitation to the owner alone", async () => {
    await mira.reload();
    await mira.getByText("2 members").waitFor();
    assert.equal(await field(mira, "Invite link").count(), 1);
    await jonas.getByRole("button", { name: "About the group" }).click();
    await jonas.getByText("2 members").waitFor();
    assert.equal(await field(jonas, "Invite link").count(), 0);
    await jonas.getByRole("link", { name: "Close" }).click();
  });

  test("counts unread messages and clears the count when they are seen", async () => {
    await jonas.getByRole("link", { name: "Back" }).click();
    await row(jonas, /Harbour crew/).waitFor();
    await say(mira, "Wind is up on Saturday");
    await say(mira, "Bring a coat");
    await row(jonas, /2 unread messages/).waitFor();
    assert.match(await row(jonas, /Harbour crew/).innerText(), /Mira|mira|ying/);
    assert.equal(await jonas.title(), "(2) Coterie");
    await jonas.reload();
    await row(jonas, /2 unread messages/).click();
    await messages(jonas).filter({ hasText: "Bring a coat" }).waitFor();
    await eventually(async () => (await jonas.title()) === "Coterie", "the count to clear");
    await jonas.reload();
    await messages(jonas).filter({ hasText: "Bring a coat" }).waitFor();
    assert.equal(await jonas.title(), "Coterie", "the server has the mark, too");
  });

  test("sends a picture that the other one sees", async () => {
    const bytes = await mira.screenshot({ clip: { x: 0, y: 0, width: 320, height: 200 } });
    const file = { name: "view.png", mimeType: "image/png", buffer: bytes };
    await mira.locator(".composer input[type=file]").setInputFiles(file);
    await mira.getByRole("button", { name: "Remove: view.png" }).waitFor();
    await mira.getByRole("button", { name: "Send", exact: true }).click();
    const received = jonas.getByRole("img", { name: /^Image from/ });
    await received.waitFor();
    assert.ok(await isShown(received));
    const sent = mira.getByRole("img", { name: /^Image from/ });
    await sent.waitFor();
    assert.ok(await isShown(sent));
    await eventually(async () => (await mira.locator(".draft").count()) === 0, "the draft to go");
  });

  test("keeps a profile with a nickname and a picture", async () => {
    await jonas.goto("/me");
    await field(jonas, "Nickname").fill("Jonas");
    await jonas.getByRole("button", { name: "Save" }).click();
    await jonas.locator(".identity .name", { hasText: "Jonas" }).waitFor();
    const bytes = await jonas.screenshot({ clip: { x: 0, y: 0, width: 200, height: 120 } });
    const file = { name: "me.png", mimeType: "image/png", buffer: bytes };
    await jonas.locator(".identity input[type=file]").setInputFiles(file);
    const dialog = jonas.getByRole("dialog", { name: "Choose the part to show" });
    await dialog.getByRole("slider", { name: "Zoom" }).fill("2");
    await dialog.getByRole("button", { name: "Use" }).click();
    await jonas.locator(".identity img").waitFor();
    assert.ok(await isShown(jonas.locator(".identity img")));
    await picture(jonas, "profile");
    await jonas.goto(`/group/${groupId}`);
    await say(jonas, "New face");
    await mira.locator(".author", { hasText: "Jonas" }).first().waitFor();
  });

  test("reads history upward, in order and to its beginning", async () => {
    for (let number = 1; number <= 70; number++) {
      await sayByRest(number % 3 ? "mira" : "jonas", `entry ${number}`);
    }
    // Else the page would open where the unread messages begin, which may be far above the last.
    await eventually(async () => {
      const [conversation] = await server.call(tokens.jonas, "GET", "/conversation/list");
      return conversation.unreadNum === 0;
    }, "everything to be marked as read");
    await jonas.reload();
    await messages(jonas)
      .filter({ hasText: /^entry 70$/ })
      .waitFor();
    assert.ok((await messages(jonas).count()) < 70, "not everything at once");
    const log = jonas.getByRole("log");
    const seen = new Set();
    await eventually(async () => {
      const texts = await messages(jonas).allTextContents();
      const numbers = texts.flatMap((text) => /^entry (\d+)$/.exec(text)?.[1] ?? []).map(Number);
      numbers.forEach((number, place) => {
        if (place > 0) assert.equal(number, numbers[place - 1] + 1, "in order");
        seen.add(number);
      });
      await log.evaluate((box) => box.scrollBy(0, -box.clientHeight / 2));
      const isAtTop = await log.evaluate((box) => box.scrollTop === 0);
      return isAtTop && jonas.getByText("This is where it begins.").isVisible();
    }, "the beginning of the history");
    assert.equal(seen.size, 70, "every message was met on the way");
    await messages(jonas).filter({ hasText: "Hello, I am in!" }).waitFor();
  });

  test("holds still for a reader of old messages, and counts what comes below", async () => {
    const top = () => jonas.getByRole("log").evaluate((box) => box.scrollTop);
    await jonas.getByRole("log").evaluate((box) => box.scrollTo(0, 40));
    await eventually(async () => (await top()) === 40, "the view to be at 40");
    await say(mira, "Somebody up there?");
    const toNewest = jonas.getByRole("button", { name: "To the newest messages" });
    await toNewest.filter({ hasText: "1" }).waitFor();
    assert.equal(await top(), 40);
    await toNewest.click();
    await toNewest.waitFor({ state: "detached" });
    await eventually(async () => (await jonas.title()) === "Coterie", "the count to clear");
  });

  test("keeps the session over a reload", async () => {
    await mira.reload();
    await messages(mira).filter({ hasText: "Somebody up there?" }).waitFor();
    await mira.goto("/");
    await row(mira, /Harbour crew/).waitFor();
    await mira.goto(`/group/${groupId}`);
  });

  test("says that the server is away, and catches up when it is back", async () => {
    await messages(mira).first().waitFor();
    await server.stop();
    const banner = mira.getByText("No connection. Trying again…");
    await banner.waitFor();
    await picture(mira, "offline");
    await say(mira, "Written while it was away");
    await mira.getByText("Will be sent when the connection is back").waitFor();
    await server.startAgain();
    await sayByRest("jonas", "Said before she was back");
    await banner.waitFor({ state: "detached", timeout: 20_000 });
    await messages(mira).filter({ hasText: "Said before she was back" }).waitFor();
    await messages(jonas).filter({ hasText: "Written while it was away" }).waitFor();
    assert.equal(await messages(mira).filter({ hasText: "Written while" }).count(), 1);
    assert.equal(await mira.locator(".draft").count(), 0);
  });

  test("fits a screen of 360 pixels in every view", async () => {
    const viewport = { width: 360, height: 640 };
    const page = await browser.person(server.url, { viewport, token: tokens.mira });
    const about = `/group/${groupId}/about`;
    for (const path of ["/", `/group/${groupId}`, about, "/new", "/join", "/me"]) {
      await page.goto(path);
      await page
        .locator(".conversation, .flow, .members, .form")
        .first()
        .waitFor({ state: "attached" });
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(width <= 360, `${path} is ${width} pixels wide`);
    }
  });

  test("speaks Chinese to a Chinese browser", async () => {
    const page = await browser.person(server.url, { ...desktop, locale: "zh-CN" });
    await page.goto("/");
    await page.getByRole("heading", { name: "登录" }).waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.lang), "zh-CN");
    await field(page, "用户名或邮箱").fill("mira_k");
    await field(page, "密码").fill(password);
    await field(page, "图中的字符").fill("????");
    await page.getByRole("button", { name: "登录" }).click();
    await page
      .getByRole("alert")
      .filter({ hasText: /[\u4e00-\u9fff]/ })
      .waitFor();
  });

  test("logs out on every tab of the browser, and the token is worthless", async () => {
    const second = await jonas.context().newPage();
    await second.goto("/");
    await row(second, /Harbour crew/).waitFor();
    await jonas.goto("/me");
    await jonas.getByRole("button", { name: "Log out" }).click();
    await jonas.getByRole("heading", { name: "Log in" }).waitFor();
    await second.getByRole("heading", { name: "Log in" }).waitFor();
    await assert.rejects(server.call(tokens.jonas, "GET", "/user"), /unauthorized/);
  });

  test("says so when the session was ended from elsewhere", async () => {
    await server.call(tokens.mira, "GET", "/auth/logout");
    await mira.getByRole("heading", { name: "Log in" }).waitFor();
    await mira.getByText("Your session has ended.").waitFor();
  });

  test("never broke its own policy or threw", () => {
    assert.deepEqual(browser.trouble, []);
  });
});
