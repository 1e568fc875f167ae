// Files in a bucket: what is uploaded, by whom it can be fetched, and what happens when S3 is away.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { startS3 } from "../support/backends/s3.mjs";
import { Coterie, run, temporaryFolder, withServer } from "../support/coterie.mjs";
import { RawConnection, request } from "../support/http.mjs";
import { drawing, mp4Head, mp4Of, pixelsOf } from "../support/media.mjs";
import { Child, until } from "../support/process.mjs";
import { assertFailure, jpeg, picture, pictureOf, png } from "../support/rest.mjs";
import { uploadStorm } from "../support/upload_storm.mjs";

const mebibyte = 1 << 20;
const day = 24 * 3_600_000;
const messagePath = "/api/conversation/group/message";

let s3, server, alice, group;
before(async () => {
  s3 = await startS3();
  server = await Coterie.start({ env: s3.settings });
  alice = await server.user("alice1");
  group = await server.rest.group(alice);
});
after(async () => {
  try {
    await server?.remove();
  } finally {
    await s3?.stop();
  }
});

const post = (path, ...form) => server.rest.post(path, { token: alice.token, form });
const created = (answer) => {
  assert.equal(answer.status, 201, answer.text);
  return answer.body.data;
};
const newest = async () => (await server.rest.data(
  "GET", `${messagePath}/list?groupId=${group.id}&size=1`, { token: alice.token }))[0];
const rows = (query) => server.sql(query);
// Alters rows of files behind the server's back.
const change = (what) => execFileSync("sqlite3", [join(server.data, "coterie.db")], {
  input: `.timeout 10000\nUPDATE file SET ${what};\n` });

// The path of a file in the bucket, as its link has it.
function pathOf(url, base = `${s3.url}/${s3.bucket}`) {
  assert.ok(url.startsWith(`${base}/`), `${url} at ${base}`);
  return url.slice(base.length + 1, url.indexOf("?"));
}

// The link of a file leads to S3, for anyone, and to these bytes.
async function assertStored(file, bytes, type) {
  assert.equal(pathOf(file.url), file.path);
  const answer = await request(file.url);
  assert.deepEqual([answer.status, answer.headers["content-type"]], [200, type], answer.body);
  assert.ok(answer.bytes.equals(bytes));
}

test("avatars, covers and pictures lie in the bucket, with the type of their content", async () => {
  await assertStored(created(await post("/api/user/avatar", ["file", picture(png)])), png, "image/png");
  // Whatever is claimed.
  const claimed = picture(jpeg, "image/png");
  await assertStored(created(await post("/api/group/cover", ["file", claimed])), jpeg, "image/jpeg");
  created(await post(`${messagePath}/image`, ["file", picture(png)], ["groupId", `${group.id}`]));
  await assertStored((await newest()).file, png, "image/png");
  const profile = await server.rest.data("GET", "/api/user", { token: alice.token });
  await assertStored(profile.avatar, png, "image/png");
  assert.ok(!existsSync(join(server.data, "files")), `${readdirSync(server.data)}`);
});

test("a link is presigned for a day, allows one file, and parts of it", async () => {
  const cover = created(await post("/api/group/cover", ["file", picture(png)]));
  const url = new URL(cover.url);
  assert.deepEqual([...url.searchParams.keys()],
                   ["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires",
                    "X-Amz-SignedHeaders", "X-Amz-Signature"]);
  assert.equal(url.searchParams.get("X-Amz-Expires"), "86400");
  assert.match(url.searchParams.get("X-Amz-Credential"),
               /^chat:s3\/\d{8}\/us-east-1\/s3\/aws4_request$/);
  const part = await request(cover.url, { headers: { Range: "bytes=1-3" } });
  assert.deepEqual([part.status, part.body], [206, "PNG"]);
  const other = created(await post("/api/group/cover", ["file", picture(png)]));
  assert.equal((await request(cover.url.replace(cover.path, other.path))).status, 403);
  assert.equal((await request(cover.url.replace("86400", "96400"))).status, 403);
});

test("a large picture has a thumbnail, which lies there as well", async () => {
  const large = drawing("large.png", "1000x2000");
  const file = created(await post("/api/group/cover", ["file", picture(large)]));
  await assertStored(file, large, "image/png");
  const thumbnail = await request(file.thumbnail);
  assert.deepEqual([thumbnail.status, pixelsOf(thumbnail.bytes)], [200, "320x640"]);
});

test("a link is the same for a day; an older one is renewed, and its row with it", async () => {
  const { id } = created(await post("/api/user/avatar", ["file", picture(png)]));
  const shown = async () =>
    (await server.rest.data("GET", "/api/user", { token: alice.token })).avatar;
  const stored = () => rows(`SELECT url, updateAt FROM file WHERE id = ${id}`)[0];
  // Of another moment: links that are made within one second are the same.
  const kept = (await shown()).url.replace(/X-Amz-Signature=.*/, "X-Amz-Signature=of-long-ago");
  const age = (time) => change(`url = '${kept}', updateAt = ${time} WHERE id = ${id}`);
  const young = Date.now() - day + 3_600_000;
  age(young);
  assert.equal((await shown()).url, kept);
  assert.deepEqual(stored(), { url: kept, updateAt: young });

  const old = Date.now() - day - 1000;
  age(old);
  const renewed = await shown();
  assert.equal(Date.parse(renewed.updateAt), old); // The row follows.
  await assertStored(renewed, png, "image/png");
  await until(() => stored().updateAt > old, () => JSON.stringify(stored()));
  assert.equal(stored().url, renewed.url);
  assert.ok(Date.now() - stored().updateAt < 60_000);
  assert.equal((await shown()).url, renewed.url);
});

test("a link to where files once were is replaced at once", async () => {
  const { id, path } = created(await post("/api/user/avatar", ["file", picture(png)]));
  change(`url = 'http://old.example/${path}' WHERE id = ${id}`);
  const { avatar } = await server.rest.data("GET", "/api/user", { token: alice.token });
  await assertStored(avatar, png, "image/png");
});

// -- uploads in parts ---------------------------------------------------------------------------

// Sends a video of `size` bytes, made while it is sent, up to `end`; returns its connection.
async function sendVideo(size, end = size) {
  const boundary = "----large";
  const part = (head) => `--${boundary}\r\nContent-Disposition: form-data; ${head}\r\n\r\n`;
  const first = Buffer.concat([Buffer.from(`${part('name="groupId"')}${group.id}\r\n` +
                                           part('name="file"; filename="a.mp4"')), mp4Head]);
  const last = Buffer.from(`\r\n--${boundary}--\r\n`);
  const length = first.length - mp4Head.length + size + last.length;
  const connection = await RawConnection.open(server.port);
  await connection.send(
    `POST ${messagePath}/video HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n` +
    `Authorization: Bearer ${alice.token}\r\n` +
    `Content-Type: multipart/form-data; boundary=${boundary}\r\n\r\n`);
  await connection.send(first);
  const piece = Buffer.alloc(mebibyte);
  for (let left = end - mp4Head.length; left > 0 && !connection.isClosed; left -= piece.length) {
    await connection.send(piece.subarray(0, Math.min(left, piece.length)));
  }
  if (end === size) await connection.send(last);
  return connection;
}

test("a client that leaves in the middle leaves neither file nor parts", async () => {
  const files = await s3.files();
  const videos = () => rows("SELECT COUNT(*) AS count FROM file WHERE type = 'video'")[0].count;
  const count = videos();
  const connection = await sendVideo(40 * mebibyte, 24 * mebibyte);
  await until(async () => (await s3.uploads()).length === 1, () => "parts in the bucket");
  assert.deepEqual(await s3.files(), files); // Nothing is visible.
  connection.destroy();
  await until(async () => (await s3.uploads()).length === 0, () => "no parts in the bucket");
  assert.deepEqual(await s3.files(), files);
  assert.equal(videos(), count);
});

test("a large video takes no memory and comes back whole", { timeout: 120_000 }, async (context) => {
  const size = 200 * mebibyte;
  created(await post(`${messagePath}/video`, // So that every thread has what it needs anyway.
                     ["file", { bytes: mp4Of(20 * mebibyte), type: "", name: "a.mp4" }],
                     ["groupId", `${group.id}`]));
  const memory = server.child.memory();
  let most = memory;
  const watch = setInterval(() => (most = Math.max(most, server.child.memory())), 20);
  const connection = await sendVideo(size);
  assert.ok(await connection.untilResponses(1, 60_000));
  clearInterval(watch);
  const [answer] = connection.responses();
  connection.destroy();
  assert.equal(answer.status, 201, answer.body);
  const grown = Math.max(most, server.child.memory()) - memory;
  context.diagnostic(`${size / mebibyte} MiB cost ${(grown / mebibyte).toFixed(1)} MiB`);
  assert.ok(grown < 16 * mebibyte, `${grown} bytes more`);

  const { file, cover } = await newest();
  const head = await request(file.url, { headers: { Range: `bytes=0-${mp4Head.length - 1}` } });
  assert.ok(head.bytes.equals(mp4Head));
  assert.equal(head.headers["content-range"], `bytes 0-${mp4Head.length - 1}/${size}`);
  assert.equal(head.headers["content-type"], "video/mp4");
  assert.equal((await request(cover.url)).status, 200);
  assert.deepEqual(await s3.uploads(), []);
});

test("200 uploads at once, half of them broken off: nothing leaks, nothing stays",
  { timeout: 300_000 },
  async (context) => {
    const settled = () => until(async () => (await s3.uploads()).length === 0,
                                () => "no parts in the bucket", 60_000);
    context.diagnostic(await uploadStorm(server, {
      user: alice, group, stored: () => s3.files(), settled, memoryMore: 32 * mebibyte }));
  });

test("what every store of files promises holds for this one", { timeout: 120_000 }, async () => {
  const program = unitTests();
  const place = `${s3.url} cases ${s3.accessKey} ${s3.secretKey}`;
  const tests = new Child(program, ["--gtest_filter=Stores/BlobStoreTest.*/S3"],
                          { env: { ...process.env, COTERIE_TEST_S3: place } });
  const { code } = await tests.closed;
  assert.equal(code, 0, tests.log);
  assert.match(tests.stdout, /\[  PASSED  \] \d+ tests/);
});

// Our own tests in C++, as whichever preset has built them.
function unitTests() {
  const places = ["dev", "asan", "tsan"].map((preset) => fileURLToPath(
    new URL(`../../build/${preset}/tests/unit/server/coterie_server_tests`, import.meta.url)));
  const given = [process.env.COTERIE_SERVER_TESTS, ...places].filter(Boolean);
  const found = given.find((place) => existsSync(place));
  if (!found) throw new Error(`none of ${places.join(", ")}: tools/build dev coterie_server_tests`);
  return found;
}

// -- S3 away ------------------------------------------------------------------------------------

const away = [503, "files are not available, please try again later", "files_unavailable"];

test("while S3 is away, uploads are refused and all else goes on; then they work again", async () => {
  const count = rows("SELECT COUNT(*) AS count FROM file")[0].count;
  await s3.kill();
  const refused = await post("/api/group/cover", ["file", picture(png)]);
  assertFailure(refused, ...away);
  assert.ok(refused.headers["retry-after"]);
  assertFailure(await post(`${messagePath}/video`,
                           ["file", { bytes: mp4Of(20 * mebibyte), type: "", name: "a.mp4" }],
                           ["groupId", `${group.id}`]), ...away);
  assert.equal(rows("SELECT COUNT(*) AS count FROM file")[0].count, count);
  await server.rest.text(alice.token, group.id, "still here");
  assert.equal((await newest()).content, "still here");
  await s3.startAgain();
  const cover = created(await post("/api/group/cover", ["file", picture(png)]));
  await assertStored(cover, png, "image/png");
});

test("an upload in parts that S3 leaves in the middle is refused", async () => {
  const sending = sendVideo(40 * mebibyte, 24 * mebibyte);
  await until(async () => (await s3.uploads()).length === 1, () => "parts in the bucket");
  const connection = await sending;
  await s3.kill();
  for (let sent = 24; sent < 40 && !connection.isClosed; ++sent) {
    await connection.send(Buffer.alloc(mebibyte));
  }
  await connection.send("\r\n------large--\r\n");
  assert.ok(await connection.untilResponses(1, 30_000), connection.text);
  assert.equal(JSON.parse(connection.responses()[0].body).code, "files_unavailable");
  connection.destroy();
  await s3.startAgain();
  assert.equal((await post("/api/group/cover", ["file", pictureOf(mebibyte)])).status, 201);
});

test("a server that comes before S3 waits for it", async () => {
  await server.stop();
  await s3.kill();
  const started = server.startAgain();
  await until(() => server.log.includes("does not answer; waiting"), () => server.log);
  await s3.startAgain();
  await started;
  const cover = created(await post("/api/group/cover", ["file", picture(png)]));
  await assertStored(cover, png, "image/png");
});

// -- settings -----------------------------------------------------------------------------------

test("a wrong secret ends the start, by name", async () => {
  const env = { ...s3.settings, S3_SECRET_KEY: "wrong" };
  const { code, log } = await run(["serve", "--port", "0", "--data", temporaryFolder()], { env });
  assert.notEqual(code, 0);
  assert.match(log, /S3 bucket pictures at http:\S+ cannot be used: 403 SignatureDoesNotMatch/);
  assert.ok(!log.includes("wrong"), log);
});

test("the seed system's variables, and another address for clients", async () => {
  const { hostname, port } = new URL(s3.url);
  const publicUrl = `http://localhost:${port}`;
  const env = { MINIO_HOST: hostname, MINIO_PORT: port, MINIO_ACCESS_KEY: s3.accessKey,
                MINIO_SECRET_KEY: s3.secretKey, S3_PUBLIC_URL: publicUrl };
  await withServer({ env }, async (other) => {
    const { token } = await other.user("carol1");
    const file = await other.rest.data("POST", "/api/group/cover",
                                       { token, form: [["file", picture(png)]] });
    // The bucket has been made; its name is the seed system's.
    assert.equal(pathOf(file.url, `${publicUrl}/ying-chat`), file.path);
    const answer = await request(file.url);
    assert.ok(answer.bytes.equals(png), answer.body);
  });
});
