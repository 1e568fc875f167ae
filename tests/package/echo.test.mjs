// The smallest server, built on the installed library in every way that users may, serves the
// official client. COTERIE_PACKAGE is the folder with its builds (tools/stages.py makes them).
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { Child, startListening } from "../support/process.mjs";
import { ask, closeSocketsAfterEach, connectSocket } from "../support/sockets.mjs";

const folder = process.env.COTERIE_PACKAGE;
closeSocketsAfterEach();

for (const way of ["clang++-19", "g++-12", "pkg-config"]) {
  test(`${way}: echo says what it is told, answers, and ends when asked to`, async () => {
    const make = (ports) => new Child(`${folder}/${way}/echo`, ports.map(String));
    const { child, ports: [port] } = await startListening(1, make);
    try {
      const [speaker, listener] = await Promise.all(
        [{ transports: ["polling"] }, {}].map((options) =>
          connectSocket(`http://127.0.0.1:${port}`, options)));
      assert.deepEqual(await ask(speaker, "say", { text: "你好" }), ["ok"]);
      assert.deepEqual(await listener.event("said"), [{ text: "你好" }]);
      assert.deepEqual(speaker.events("said"), []);
    } finally {
      assert.deepEqual(await child.stop(), { code: 0, signal: null }, child.log);
    }
  });
}

test("the documents show this very program", () => {
  const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
  const program = read("examples/echo.cpp").replace(/^(\/\/.*\n)*/, "");
  for (const path of ["README.md", "README.zh.md", "docs/library.md"]) {
    assert.ok(read(path).includes(`\n\`\`\`cpp\n${program}\`\`\`\n`), path);
  }
});
