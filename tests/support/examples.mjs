// The example servers of the library, and Node's own servers that do the same: every test of the
// protocol runs against both, so that "no difference" is a fact.
// SPDX-License-Identifier: MIT
import { after, before, describe } from "node:test";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { Child, startListening, untilListening } from "./process.mjs";

const top = fileURLToPath(new URL("../..", import.meta.url));
const reference = fileURLToPath(new URL("reference_server.mjs", import.meta.url));

function examplesFolder() {
  const folders = [process.env.COTERIE_EXAMPLES, `${top}build/release/examples`,
                   `${top}build/dev/examples`].filter(Boolean);
  const folder = folders.find((each) => existsSync(`${each}/conformance`));
  if (!folder) throw new Error(`no examples in ${folders.join(" or ")}: set COTERIE_EXAMPLES`);
  return folder;
}

// How many ports an example wants.
const portsOf = { conformance: 2, rooms: 1, acks: 1, echo: 1 };

async function start(isReference, example, flags) {
  const make = (ports) =>
    isReference
      ? new Child(process.execPath, [reference, example, ...ports.map(String), ...flags])
      : new Child(`${examplesFolder()}/${example}`, [...ports.map(String), ...flags]);
  const { child, ports } = await startListening(portsOf[example], make);
  const target = {
    child,
    ports,
    port: ports[0],
    url: `http://127.0.0.1:${ports[0]}`,
    // Where Engine.IO echoes (of "conformance").
    echo: { port: ports.at(-1), url: `http://127.0.0.1:${ports.at(-1)}`, path: "/engine.io/" },
    // Ends it without a farewell and starts it again on the same ports.
    async crash() {
      await target.child.stop("SIGKILL");
    },
    async restart() {
      target.child = make(ports);
      await untilListening(target.child, ports);
    },
    async stop() {
      if (!target.child.isRunning) throw new Error(`${example} has died:\n${target.child.log}`);
      const end = await target.child.stop();
      if (end.code !== 0) {
        throw new Error(`${example} ended with ${JSON.stringify(end)}:\n${target.child.log}`);
      }
    },
  };
  return target;
}

export const targets = ["coterie", "node"];

// Declares the same tests for our example and for Node's server. `declare(server, name)` runs while
// tests are declared; `server()` is the running one, for use inside tests.
export function forEachServer(example, title, declare, names = targets, flags = []) {
  for (const name of names) {
    describe(`${title} (${name})`, { timeout: 120_000 }, () => {
      let running;
      before(async () => (running = await start(name === "node", example, flags)));
      after(() => running?.stop());
      declare(() => running, name);
    });
  }
}

// What is expected of a server: `same` of both, unless it is split into {coterie, node, why} because
// we differ on purpose.
export function expected(name, same) {
  const isSplit = same && typeof same === "object" && "why" in same;
  return isSplit ? same[name] : same;
}
