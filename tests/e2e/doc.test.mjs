// The page of the REST interface: it shows every call, tries one out, and asks nobody but its server.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { Browser, desktop, picture } from "./browser.mjs";
import { Coterie } from "./coterie.mjs";

const described = JSON.parse(readFileSync(new URL("../../docs/openapi.json", import.meta.url)));
const operations = Object.values(described.paths).flatMap((methods) => Object.values(methods));
let server;
let browser;
let page;
const asked = [];

before(async () => {
  server = await Coterie.start();
  browser = await Browser.launch();
  page = await browser.person(server.url, desktop);
  page.on("request", (request) => asked.push(request.url()));
  await page.goto("/doc");
});
after(async () => {
  await browser?.close();
  await server?.remove();
});

test("every call is there, with its path", async () => {
  await page.locator(".opblock").nth(operations.length - 1).waitFor();
  assert.equal(await page.locator(".opblock").count(), operations.length);
  const paths = await page.locator(".opblock-summary-path").allTextContents();
  const plain = paths.map((path) => path.replaceAll("\u200b", "").trim());
  assert.deepEqual(new Set(plain), new Set(Object.keys(described.paths)));
  await picture(page, "doc");
});

test("a call can be tried out with a token", async () => {
  await server.command("user", "add", "reader1", "--password", "Passw0rd!");
  const token = await server.command("token", "reader1");
  await page.locator(".btn.authorize").click();
  await page.locator(".auth-container input").fill(token);
  await page.locator(".auth-container button.authorize").click();
  await page.locator(".auth-container .btn-done").click();
  const block = page.locator(`#operations-user-${described.paths["/api/user"].get.operationId}`);
  await block.locator(".opblock-summary-control").click();
  await block.locator(".try-out__btn").click();
  await block.locator(".execute").click();
  await block.locator(".live-responses-table .response-col_status").last().waitFor();
  const answer = await block.locator(".live-responses-table").textContent();
  assert.match(answer, /200/);
  assert.match(answer, /reader1/);
});

test("nothing was asked of another server, and the policy had nothing to stop", () => {
  for (const url of asked) {
    assert.ok(url.startsWith(server.url) || url.startsWith("data:"), url);
  }
  assert.deepEqual(browser.trouble, []);
});
