// The sweep: files that nothing uses go when they are old; what is in use or young never does.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { useServer } from "../support/coterie.mjs";
import { drawing, mp4Of } from "../support/media.mjs";
import { until } from "../support/process.mjs";
import { picture } from "../support/rest.mjs";

let alice, group;
const server = useServer({
  async setUp(started) {
    alice = await started.user("alice1");
    group = await started.rest.group(alice);
  },
});

const place = (path) => join(server().data, "files", path);
const exists = (path) => existsSync(place(path));
const post = (path, ...form) => server().rest.data("POST", path, { token: alice.token, form });
const upload = (path, bytes) => post(path, ["file", picture(bytes)]);
const hour = 3_600_000;

function files() {
  return readdirSync(place(""), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

// Everything that is there becomes so many hours old, in the database and on disk.
function age(hours) {
  const then = Date.now() - hours * hour;
  execFileSync("sqlite3", [join(server().data, "coterie.db")],
               { input: `.timeout 10000\nUPDATE file SET createAt = ${then};\n` });
  for (const file of files()) utimesSync(file, then / 1000, then / 1000);
}

function stray(path) {
  mkdirSync(join(place(path), ".."), { recursive: true });
  writeFileSync(place(path), "bytes that nobody asked for");
  return path;
}

const id = (letter) => letter.repeat(21);
const rowsOf = (paths) => server().sql("SELECT path FROM file").map(({ path }) => path)
  .filter((path) => paths.includes(path));

test("what nothing uses goes, with its row, its bytes and its thumbnail", async () => {
  const large = drawing("large.png", "1000x800");
  // In use: the group's cover, an avatar, an image, a video with a cover that we have made.
  const avatar = await upload("/api/user/avatar", large);
  await post("/api/conversation/group/message/image", ["file", picture(large)],
             ["groupId", `${group.id}`]);
  await post("/api/conversation/group/message/video", ["groupId", `${group.id}`],
             ["file", { bytes: mp4Of(1000), type: "video/mp4", name: "a.mp4" }]);
  const used = files().sort();
  // Not in use: an avatar that is replaced, a cover for no group, and strays of every kind.
  const replaced = (await upload("/api/user/avatar", large)).path;
  const again = await upload("/api/user/avatar", large);
  const unused = (await upload("/api/group/cover", large)).path;
  const gone = [avatar.path, replaced, unused];
  const thumbnails = gone.map((path) => path.replace(/^\w+/, "thumbnail"));
  for (const path of [...gone, ...thumbnails]) assert.ok(exists(path), path);
  const strays = [stray(`image/${id("a")}`), stray(`thumbnail/${id("b")}`),
                  stray(`uploads/${id("c")}`)];
  const foreign = [stray(`image/short`), stray(`backup/${id("d")}`)];

  assert.equal(await server().command("sweep"), "0 files that nothing used, 0 without a row");
  age(23);
  assert.equal(await server().command("sweep"), "0 files that nothing used, 0 without a row");
  for (const path of [...gone, ...thumbnails, ...strays]) assert.ok(exists(path), path);

  age(25);
  const young = (await upload("/api/group/cover", large)).path;
  assert.equal(await server().command("sweep"), "3 files that nothing used, 2 without a row");
  for (const path of [...gone, ...thumbnails, ...strays]) assert.ok(!exists(path), path);
  assert.deepEqual(rowsOf(gone), []);
  for (const path of [young, again.path, ...foreign]) assert.ok(exists(path), path);
  const kept = used.filter((file) => !file.includes(avatar.path.split("/")[1]));
  for (const file of kept) assert.ok(existsSync(file), file);
  assert.deepEqual(server().sql("PRAGMA foreign_key_check"), []);
  assert.equal(await server().command("sweep"), "0 files that nothing used, 0 without a row");
});

test("a store of which the database knows next to nothing is another's: it is left alone",
  async () => {
    const others = Array.from({ length: 150 }, (_, i) =>
      stray(`video/${`${i}`.padStart(21, "x")}`));
    age(25);
    assert.match(await server().command("sweep"), /, 0 without a row$/);
    for (const path of others) assert.ok(exists(path), path);
  });

test("the server sweeps by itself, soon after it has started", async () => {
  const unused = (await upload("/api/group/cover")).path;
  age(25);
  await server().restart();
  assert.ok(exists(unused));
  await until(() => !exists(unused), () => `${unused} is still there`, 60_000);
  assert.deepEqual(rowsOf([unused]), []);
});

test("how old is a setting", async () => {
  const unused = (await upload("/api/group/cover")).path;
  age(2);
  assert.match(await server().command("sweep"), /^0 files that nothing used/);
  assert.match(await server().command("sweep", "--orphan-hours", "0"), /^0 .* 0 without a row$/);
  assert.match(await server().command("sweep", "--orphan-hours", "1"),
               /^1 files that nothing used/);
  assert.ok(!exists(unused));
});
