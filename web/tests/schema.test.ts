// SPDX-License-Identifier: MIT
// @vitest-environment node
import { readFileSync } from "node:fs";
import openapi, { astToString, COMMENT_HEADER } from "openapi-typescript";
import { expect, test } from "vitest";

test("the types of the interface are those of docs/openapi.json (else: npm run api)", async () => {
  const document = new URL("../../docs/openapi.json", import.meta.url);
  const committed = readFileSync(new URL("../src/api/schema.d.ts", import.meta.url), "utf8");
  expect(COMMENT_HEADER + astToString(await openapi(document))).toBe(committed);
});
