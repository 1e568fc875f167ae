// Two hundred uploads at once, every other one broken off somewhere, and what they leave behind.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";

import { RawConnection } from "./http.mjs";
import { mp4Of } from "./media.mjs";
import { until } from "./process.mjs";
import { multipart, picture } from "./rest.mjs";

const mebibyte = 1 << 20;
const count = 200;
const videoPath = "/api/conversation/group/message/video";

// The status of a video's upload of which only that share is sent; undefined: nobody listened.
async function upload({ port, token, head, body }, share) {
  const connection = await RawConnection.open(port);
  await connection.send(head.replace("TOKEN", token));
  await connection.send(body.subarray(0, Math.floor(body.length * share)));
  if (share < 1) {
    Math.round(share * 100) % 2 ? connection.reset() : connection.destroy();
    return undefined;
  }
  await connection.untilResponses(1, 120_000);
  const [answer] = connection.responses();
  connection.destroy();
  return answer?.status;
}

// Sends two such rounds as `user` to a group, to a server whose database is SQLite. `stored()` lists
// the paths of all files where it keeps them, `settled()` waits until nothing is half there. Fails
// when memory, descriptors or files have leaked; returns a line that says how much there was.
export async function uploadStorm(server, { user, group, stored, settled, memoryMore }) {
  const { child } = server;
  const { body, type } = multipart([["file", { bytes: mp4Of(2 * mebibyte), type: "", name: "a.mp4" }],
                                    ["coverFile", picture()], ["groupId", `${group.id}`]]);
  const head = `POST ${videoPath} HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\n` +
               `Authorization: Bearer TOKEN\r\nContent-Length: ${body.length}\r\n\r\n`;
  const one = { port: server.port, token: user.token, head, body };
  const round = () => Promise.all(Array.from({ length: count }, (_, i) =>
    upload(one, i % 2 ? 1 : (i % 50) / 50)));
  await round(); // So that every thread has what it needs anyway.
  await settled();
  const [descriptors, memory] = [child.descriptors(), child.memory()];
  let most = memory;
  const watch = setInterval(() => (most = Math.max(most, child.memory())), 20);
  const statuses = await round();
  clearInterval(watch);
  await settled();

  // An upload is answered, or told that there are too many; half have left without an answer.
  const answered = statuses.filter((status) => status === 201).length;
  for (const status of statuses) assert.ok([201, 503, undefined].includes(status), `${status}`);
  assert.ok(answered > 0);
  await until(() => child.descriptors() <= descriptors + 2,
              () => `${child.descriptors()} descriptors, not ${descriptors}`, 60_000);
  const after = child.memory();
  assert.ok(after - memory < memoryMore, `${after - memory} bytes more`);

  const named = new Set(server.sql("SELECT path FROM file UNION SELECT thumbnail FROM file")
    .map(({ path }) => path));
  let files, orphans;
  await until(async () => {
    files = await stored();
    orphans = files.filter((path) => !named.has(path));
    return orphans.length === 0; // What was broken off last may be on its way out.
  }, () => `no orphans: ${orphans}`, 60_000);
  const megabytes = (bytes) => (bytes / mebibyte).toFixed(1);
  return `${count} uploads, ${count / 2} broken off, ${answered} answered 201: ` +
         `RSS ${megabytes(memory)} MiB before, ${megabytes(most)} at most, ${megabytes(after)} after; ` +
         `descriptors ${descriptors} before, ${child.descriptors()} after; ` +
         `${orphans.length} orphans among ${files.length} files`;
}
