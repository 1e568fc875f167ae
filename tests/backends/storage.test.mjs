// The tests of storage once more, on servers: the same file, the same cases.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { startMariadb } from "../support/backends/mariadb.mjs";
import { startPostgres } from "../support/backends/postgres.mjs";

const top = fileURLToPath(new URL("../..", import.meta.url));

function unitTests() {
  const places = ["asan", "dev"].map(
    (preset) => `${top}build/${preset}/tests/unit/server/coterie_server_tests`);
  const found = [process.env.COTERIE_SERVER_TESTS, ...places].find((place) => place && existsSync(place));
  assert.ok(found, `no tests at ${places.join(" or ")}`);
  return found;
}

// Runs the cases of one engine; how many there were.
async function run(engine, env) {
  const child = spawn(unitTests(), [`--gtest_filter=*/${engine}-*TtlStore*`],
                      { env: { ...process.env, ...env } });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes) => (text += bytes));
  const code = await new Promise((resolve) => child.on("close", resolve));
  assert.equal(code, 0, text.slice(-8000));
  return Number(/\[ {2}PASSED {2}\] (\d+) tests?/.exec(text)?.[1]);
}

const engines = {
  Mysql: { start: startMariadb, variable: "COTERIE_TEST_MYSQL" },
  Postgres: { start: startPostgres, variable: "COTERIE_TEST_POSTGRES" },
};
for (const [engine, { start, variable }] of Object.entries(engines)) {
  test(`every case of storage holds on ${engine}`, async (context) => {
    const server = await start();
    try {
      const { DB_HOST, DB_PORT, DB_USERNAME, DB_PASSWORD = "" } = server.settings("");
      const place = [DB_HOST, DB_PORT, DB_USERNAME, DB_PASSWORD].join(" ").trim();
      const count = await run(engine, { [variable]: place });
      context.diagnostic(`${count} cases`);
      assert.ok(count >= 40, `${count} cases`);
    } finally {
      await server.remove();
    }
  });
}
