// A server under callgrind, which counts the instructions it executes: a cost that a busy machine
// does not change, unlike time.
// SPDX-License-Identifier: MIT
import { Child, startListening } from "./process.mjs";

// Starts a program; `stop` ends it and says how many instructions it has executed in all.
export async function startCounted(command, argsOf, env) {
  const valgrind = ["--tool=callgrind", "--callgrind-out-file=/dev/null", command];
  const { child, ports } = await startListening(1, ([port]) =>
    new Child("valgrind", [...valgrind, ...argsOf(port)], { env }));
  return {
    child,
    port: ports[0],
    url: `http://127.0.0.1:${ports[0]}`,
    stop: async () => {
      await child.stop("SIGTERM", 60_000);
      const collected = /Collected : (\d+)/.exec(child.log);
      if (!collected) throw new Error(`callgrind has counted nothing\n${child.log}`);
      return Number(collected[1]);
    },
  };
}
