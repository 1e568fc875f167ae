// Clients of every kind have one conversation with our server and with Node's: what they see is the
// same, whoever they are, whatever carries them, and whoever serves.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { forEachServer } from "../support/examples.mjs";
import { Child } from "../support/process.mjs";
import { ClientPeer, EnginePeer, scenario, transcript } from "../support/scenario.mjs";
import { clients } from "../support/sockets.mjs";

const program = fileURLToPath(new URL("python_client.py", import.meta.url));
const ways = {
  polling: { transports: ["polling"] },
  websocket: { transports: ["websocket"] },
  upgrade: { transports: ["polling", "websocket"] },
};

function check({ seen, carriedBy }, way) {
  assert.deepEqual(seen, transcript);
  assert.equal(carriedBy, way === "polling" ? "polling" : "websocket");
}

// Debian's python3-socketio belongs to Debian's Python, whichever comes first on PATH.
async function pythonClients(url) {
  const child = new Child("/usr/bin/python3", [program, url]);
  const late = setTimeout(() => child.signal("SIGKILL"), 100_000);
  const { code } = await child.closed;
  clearTimeout(late);
  assert.equal(code, 0, child.log);
  return child.stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
}

forEachServer("scenario", "one conversation", (server) => {
  // One conversation at a time: everybody in the namespace hears what is told to all.
  let python;
  before(async () => (python = await pythonClients(server().url).catch((error) => error)));
  const pythonClient = (kind, way) => {
    if (python instanceof Error) throw python;
    return python.find((each) => each.kind === kind && each.way === way);
  };

  for (const [way, options] of Object.entries(ways)) {
    for (const [version, io] of Object.entries(clients)) {
      test(`${way}: socket.io-client ${version}`, async () => {
        check(await scenario(ClientPeer.connector(io, server().url, options)), way);
      });
    }

    test(`${way}: engine.io-client and packets by hand`, async () => {
      check(await scenario(EnginePeer.connector(server().url, options)), way);
    });

    for (const kind of ["Threads", "Coroutines"]) {
      test(`${way}: python3-socketio, ${kind.toLowerCase()}`, () => {
        check(pythonClient(kind, way), way);
      });
    }
  }
});
