// One measurement: the load generator against a server that runs.
// SPDX-License-Identifier: MIT
import { fileURLToPath } from "node:url";

import { Child } from "../tests/support/process.mjs";

export const built = fileURLToPath(new URL("../build/bench/bench/", import.meta.url));

// Its figures, and under `problem` what did not go as it should have; without figures it throws.
export async function load(verb, { pid, port }, ...words) {
  const child = new Child(`${built}load`, [verb, port, pid, ...words].map(String));
  const late = setTimeout(() => child.signal("SIGKILL"), 300_000);
  const { code } = await child.closed;
  clearTimeout(late);
  const line = child.stdout.trim();
  if (!line) throw new Error(`load ${verb} ended with ${code}: ${child.log}`);
  const figures = JSON.parse(line);
  if (code !== 0) figures.problem = child.log.replace(child.stdout, "").trim();
  return figures;
}
