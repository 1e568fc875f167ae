// Uploads at their worst: a gigabyte, two hundred at once, a full disk, and what they leave behind.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, statSync, utimesSync } from "node:fs";
import { join, relative } from "node:path";
import { test } from "node:test";

import { useServer, withServer } from "../support/coterie.mjs";
import { RawConnection } from "../support/http.mjs";
import { mp4Head, mp4Of } from "../support/media.mjs";
import { until } from "../support/process.mjs";
import { assertFailure, pictureOf } from "../support/rest.mjs";
import { uploadStorm } from "../support/upload_storm.mjs";

const mebibyte = 1 << 20;
const videoPath = "/api/conversation/group/message/video";
const isSanitized = /asan|tsan/.test(process.env.COTERIE_BIN ?? ""); // Much slower.

let alice, group;
const server = useServer({
  async setUp(started) {
    alice = await started.user("alice1");
    group = await started.rest.group(alice);
  },
});

// The files below the data folder's `files`, as paths.
function stored(data = server().data) {
  const top = join(data, "files");
  return readdirSync(top, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name)).sort();
}

// A form with a file of `size` bytes, made while it is sent, until an answer comes.
async function sendFile(path, size, connection) {
  const boundary = "----large";
  const part = (head) => `--${boundary}\r\nContent-Disposition: form-data; ${head}\r\n\r\n`;
  const first = Buffer.from(`${part('name="groupId"')}${group.id}\r\n` +
                            part('name="file"; filename="a.mp4"'));
  const last = Buffer.from(`\r\n--${boundary}--\r\n`);
  const length = first.length + size + last.length;
  await connection.send(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n` +
                        `Authorization: Bearer ${alice.token}\r\n` +
                        `Content-Type: multipart/form-data; boundary=${boundary}\r\n\r\n`);
  await connection.send(Buffer.concat([first, mp4Head]));
  const piece = Buffer.alloc(mebibyte);
  connection.sent = 0;
  for (let left = size - mp4Head.length; left > 0 && !connection.isClosed; left -= piece.length) {
    await connection.send(piece.subarray(0, Math.min(left, piece.length)));
    connection.sent += piece.length;
    if (connection.responses().length > 0) return;
  }
  await connection.send(last);
}

// Watches the server's memory while `action` runs; the most it has grown, in bytes.
async function growth(action) {
  const before = server().child.memory();
  let most = before;
  const watch = setInterval(() => (most = Math.max(most, server().child.memory())), 20);
  try {
    await action();
  } finally {
    clearInterval(watch);
  }
  return Math.max(most, server().child.memory()) - before;
}

test("a video of a gigabyte takes no memory, up or down", { timeout: 300_000 }, async (context) => {
  const size = isSanitized ? 200 * mebibyte : 1024 * mebibyte;
  await server().rest.post(videoPath, { // So that every thread has what it needs anyway.
    token: alice.token, form: [["file", { bytes: mp4Of(5 * mebibyte), type: "", name: "a" }],
                               ["groupId", `${group.id}`]] });
  const connection = await RawConnection.open(server().port);
  const up = await growth(async () => {
    await sendFile(videoPath, size, connection);
    assert.ok(await connection.untilResponses(1, 120_000));
  });
  assert.equal(connection.responses()[0].status, 201, connection.text);
  connection.destroy();
  const [message] = await server().rest.data(
    "GET", `/api/conversation/group/message/list?groupId=${group.id}&size=1`,
    { token: alice.token });
  const url = new URL(message.file.url);
  assert.equal(statSync(join(server().data, "files", message.file.path)).size, size);

  // Now the other way, to a reader who stops reading: what the sockets do not hold stays on disk.
  const reader = await RawConnection.open(server().port);
  const down = await growth(async () => {
    await reader.send(`GET ${url.pathname}${url.search} HTTP/1.1\r\nHost: x\r\n\r\n`);
    await reader.until(({ received }) => received.length > mebibyte);
    reader.socket.pause();
    for (let i = 0; i < 20; ++i) {
      assert.equal((await server().rest.get("/api/user", { token: alice.token })).status, 200);
    }
  });
  reader.destroy();
  context.diagnostic(`${size / mebibyte} MiB: ${(up / mebibyte).toFixed(1)} MiB more on the way ` +
                     `in, ${(down / mebibyte).toFixed(1)} MiB on the way out`);
  const bound = isSanitized ? 64 * mebibyte : 16 * mebibyte;
  assert.ok(up < bound && down < bound, `${up} and ${down} bytes more`);
});

test("more than a gigabyte is refused as soon as it is known", { timeout: 300_000 }, async () => {
  const before = stored();
  const connection = await RawConnection.open(server().port);
  await sendFile(videoPath, 1024 * mebibyte + 1, connection);
  assert.ok(await connection.untilResponses(1, 120_000), connection.text);
  const [{ status, body }] = connection.responses();
  assert.deepEqual([status, JSON.parse(body).message, JSON.parse(body).code],
                   [406, "video size must be less than 1GB", "video_too_large"]);
  connection.destroy();
  assert.deepEqual(stored(), before);
});

test("an upload that is refused is answered while its client still sends", async () => {
  const before = stored();
  const connection = await RawConnection.open(server().port);
  const up = await growth(() => sendFile("/api/group/cover", 300 * mebibyte, connection));
  assert.ok(await connection.untilResponses(1), connection.text);
  const [{ status, body, headers }] = connection.responses();
  assert.deepEqual([status, JSON.parse(body).code, headers.connection],
                   [400, "file_too_large", "close"]);
  assert.ok(connection.sent < 200 * mebibyte, `${connection.sent} bytes were read`);
  assert.ok(up < 16 * mebibyte, `${up} bytes more`);
  connection.destroy();
  assert.deepEqual(stored(), before);
});

test("200 uploads at once, half of them broken off: nothing leaks, nothing stays",
  { timeout: 300_000 },
  async (context) => {
    const { data, rest } = server();
    const paths = () => stored().map((file) => relative(join(data, "files"), file));
    const settled = async () => {
      await until(() => !paths().some((path) => path.startsWith("uploads/")),
                  () => `still in uploads: ${paths().length}`, 60_000);
      assert.equal((await rest.get("/healthz")).status, 200);
    };
    context.diagnostic(await uploadStorm(server(), {
      user: alice, group, stored: paths, settled, memoryMore: (isSanitized ? 128 : 32) * mebibyte }));

    // All that is there is in use: when everything is old, the sweep finds no orphan.
    const files = stored();
    const longAgo = new Date(Date.now() - 48 * 3_600_000);
    for (const file of files) utimesSync(file, longAgo, longAgo);
    assert.equal(await server().command("sweep"), "0 files that nothing used, 0 without a row");
    assert.deepEqual(stored(), files);
  });

test("a full disk is named, leaves nothing, and passes", { timeout: 120_000 }, async () => {
  await withServer({}, async (small) => {
    const carol = await small.user("carol1");
    const before = stored(small.data);
    // Of one file, not of the disk: but what the server sees is the same.
    const limit = (bytes) => execFileSync("prlimit", ["--pid", `${small.child.pid}`,
                                                      `--fsize=${bytes}:`]);
    const send = (size) => small.rest.post("/api/group/cover", {
      token: carol.token, form: [["file", pictureOf(size)]] });
    limit(2 * mebibyte);
    for (const size of [3 * mebibyte, 4.5 * mebibyte]) {
      assertFailure(await send(size), 503, "the server is out of space", "storage_full");
    }
    assert.deepEqual(stored(small.data), before);
    assert.equal(small.sql("SELECT COUNT(*) AS n FROM file")[0].n, 0);
    assert.equal((await send(mebibyte)).status, 201);
    limit("unlimited");
    assert.equal((await send(3 * mebibyte)).status, 201);
  });
});
