// SPDX-License-Identifier: MIT
// @vitest-environment node
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";
import { expect, test } from "vitest";

const kibibyte = 1024;

test("the script stays under 150 KiB, gzipped, and its address says what it holds", async () => {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const result = await build({ root, logLevel: "warn", build: { write: false } });
  const { output } = Array.isArray(result)
    ? result[0]!
    : (result as Exclude<typeof result, { on: unknown }>);
  let bytes = 0;
  for (const file of output) {
    if (!file.fileName.endsWith(".js")) continue;
    bytes += gzipSync(file.type === "chunk" ? file.code : file.source).length;
    expect(file.fileName).toMatch(/^assets\/.+-[\w-]{8}\.js$/);
  }
  console.log(`script: ${(bytes / kibibyte).toFixed(1)} KiB gzipped`);
  expect(bytes).toBeGreaterThan(10 * kibibyte);
  expect(bytes).toBeLessThan(150 * kibibyte);

  const html = output.find(({ fileName }) => fileName === "index.html")!;
  const source = String((html as { source: unknown }).source);
  expect(source).not.toMatch(/<style|style=|<script(?![^>]*src=)| on\w+=/);
}, 60_000);

test("the manifest names icons that exist, as large as it says", () => {
  const read = (name: string) => readFileSync(new URL(`../public/${name}`, import.meta.url));
  const manifest = JSON.parse(read("manifest.webmanifest").toString());
  for (const { src, sizes, type } of manifest.icons) {
    const bytes = read(src);
    if (type !== "image/png") continue;
    const side = Number(sizes.split("x")[0]);
    expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20)]).toEqual([side, side]);
  }
  expect(manifest.icons.length).toBeGreaterThan(2);
});
