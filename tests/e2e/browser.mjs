// Browsers for the end-to-end tests: a profile per person, and an ear for trouble.
// SPDX-License-Identifier: MIT
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { chromium } from "playwright-core";

const executable = process.env.COTERIE_CHROMIUM ?? "/usr/bin/chromium";
const pictures = join("build", "e2e");
// COTERIE_SLOWDOWN=8 gives pages an eighth of the processor: finds tests that rely on a fast one.
const slowdown = Number(process.env.COTERIE_SLOWDOWN ?? 1);
const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export const desktop = { viewport: { width: 1280, height: 800 } };
export const phone = {
  viewport: { width: 390, height: 780 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
};

export class Browser {
  #browser;
  #contexts = [];
  trouble = []; // What no page may say: exceptions, and what the policy stopped.

  static async launch() {
    await mkdir(pictures, { recursive: true });
    const browser = new Browser();
    browser.#browser = await chromium.launch({ executablePath: executable, args: flags });
    return browser;
  }

  // A person with a browser profile of their own; with a token, logged in already.
  async person(url, { token, ...options } = {}) {
    const context = await this.#browser.newContext({ baseURL: url, locale: "en-GB", ...options });
    this.#contexts.push(context);
    context.setDefaultTimeout(30_000);
    const page = await context.newPage();
    if (slowdown > 1) {
      const session = await context.newCDPSession(page);
      await session.send("Emulation.setCPUThrottlingRate", { rate: slowdown });
    }
    page.on("pageerror", (error) => this.trouble.push(error.stack ?? String(error)));
    page.on("console", (entry) => {
      if (/Content Security Policy|Uncaught/.test(entry.text())) this.trouble.push(entry.text());
    });
    if (token) await logIn(page, token);
    return page;
  }

  close() {
    return this.#browser.close();
  }
}

// Stands in for the captcha, which no script is meant to read: the token goes where the page
// keeps it after a log in.
export async function logIn(page, token) {
  await page.goto("/login");
  await page.evaluate((value) => localStorage.setItem("coterie.token", value), token);
}

export const picture = (page, name) => page.screenshot({ path: join(pictures, `${name}.png`) });

// Whether an <img> shows something, rather than a broken link.
export const isShown = (image) =>
  image.evaluate((element) =>
    element.decode().then(
      () => element.naturalWidth > 1,
      () => false,
    ),
  );
