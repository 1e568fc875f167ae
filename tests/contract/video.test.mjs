// Video messages: two files in any order with the group, limits, covers that we make, what is kept.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { useServer, withServer } from "../support/coterie.mjs";
import { RawConnection, request } from "../support/http.mjs";
import { drawing, film, mp4Head, mp4Of, pixelsOf } from "../support/media.mjs";
import { until } from "../support/process.mjs";
import { assertFailure, assertInvalid, assertSuccess, multipart, picture, pictureOf, png }
  from "../support/rest.mjs";
import { assertShape, message, newVideo, user } from "../support/shapes.mjs";
import { closeSocketsAfterEach, connectSocket } from "../support/sockets.mjs";

closeSocketsAfterEach();

let alice, bobby, stranger, made;
const server = useServer({
  async setUp(started) {
    alice = await started.user("alice1");
    bobby = await started.user("bobby1");
    stranger = await started.user("stranger1");
    made = await started.rest.group(alice, [bobby]);
  },
});

const mebibyte = 1 << 20;
const path = "/api/conversation/group/message/video";
const video = (bytes = mp4Of(1000), type = "video/mp4", name = "a.mp4") => ({ bytes, type, name });
const group = () => ["groupId", `${made.id}`];
const post = (form, who = alice) => server().rest.post(path, { token: who.token, form });
const newest = async (rest = server().rest, who = alice, id = made.id) =>
  (await rest.data("GET", `/api/conversation/group/message/list?groupId=${id}&size=1`,
                   { token: who.token }))[0];

const stored = () => readdirSync(join(server().data, "files"), { recursive: true,
                                                                 withFileTypes: true })
  .filter((entry) => entry.isFile()).map((entry) => entry.name).sort();
const rows = () => server().sql("SELECT COUNT(*) AS count FROM file")[0].count;

// What `action` does leaves neither file nor row.
async function leavesNothing(action) {
  const [files, count] = [stored(), rows()];
  await action();
  await until(() => stored().join() === files.join(), () => `left: ${stored()}`);
  assert.equal(rows(), count);
}

const stranger406 = [406, "you are not in the group!", "not_in_group"];
const noVideo = [400, "Validation failed (expected type is a video)", "video_type_wrong"];
const noCover = [400, "Validation failed (expected type of the cover is a picture)",
                 "cover_type_wrong"];

test("a video and its cover: the answer, the push, the history", async () => {
  const socket = await connectSocket(server().url, { auth: { token: bobby.token } });
  const answer = await post([["file", video()], ["coverFile", picture()], group()]);
  assertSuccess(answer, newVideo(alice.id, made.id));
  const shape = message(answer.body.data, user(alice));
  const [pushed] = await socket.event(`group-message:${made.id}`);
  assertShape(pushed, shape);
  const listed = await newest();
  assertShape(listed, shape);
  const film = await request(listed.file.url);
  assert.deepEqual([film.status, film.headers["content-type"]], [200, "video/mp4"]);
  assert.ok(film.bytes.equals(mp4Of(1000)));
  assert.ok((await request(listed.cover.url)).bytes.equals(png));
});

test("the group may come before, between or behind; names and claims do not matter", async () => {
  for (const form of [
    [group(), ["file", video()], ["coverFile", picture()]],
    [["a", video()], group(), ["b", picture()]],
    [["cover", video(undefined, "text/html", "x")], ["file", picture(png, "")], group()],
    [["note", "ignored"], ["file", video()], ["coverFile", picture()], group()],
  ]) {
    const answer = await post(form);
    assertSuccess(answer, newVideo(alice.id, made.id));
    assertShape(await newest(), message(answer.body.data, user(alice)));
  }
});

test("further files are ignored", async () => {
  const before = stored().length;
  assertSuccess(await post([["file", video()], ["coverFile", picture()], ["more", picture()],
                            ["file", video()], group()]), newVideo(alice.id, made.id));
  assert.equal(stored().length, before + 2);
});

test("without a video, or without a form", async () => {
  const required = [400, "File is required", "file_required"];
  const { rest } = server();
  await leavesNothing(async () => {
    assertFailure(await post([group()]), ...required);
    assertFailure(await post([["file", "a text"], group()]), ...required);
    assertFailure(await rest.post(path, { token: alice.token, json: {} }), ...required);
    assertFailure(await rest.post(path, { form: [["file", video()], group()] }),
                  401, "unauthorized", "unauthorized");
  });
});

test("who may not send one leaves nothing behind", async () => {
  const both = [["file", video()], ["coverFile", picture()]];
  await leavesNothing(async () => {
    assertFailure(await post([...both, group()], stranger), ...stranger406);
    for (const id of ["99999", "", "0"]) {
      assertFailure(await post([...both, ["groupId", id]]), ...stranger406);
    }
    assertInvalid(await post(both), "groupId should not be empty");
    assertInvalid(await post([...both, ["groupId", "abc"]]), "groupId must be an integer number");
  });
});

test("what is no video, and what is no picture of one, whatever it is called", async () => {
  const cover = ["coverFile", picture()];
  await leavesNothing(async () => {
    for (const bytes of ["", "x", "<html><script>", "%PDF-1.4", "#EXTM3U\n", "ffconcat version 1.0",
                         "RIFF\x10\0\0\0WAVEfmt ", "\0\0\0\x18ftypheic", "\0\0\0\x18ftypM4A "]) {
      assertFailure(await post([["file", video(Buffer.from(bytes, "latin1"))], cover, group()]),
                    ...noVideo);
    }
    assertFailure(await post([["file", video(png)], cover, group()]), ...noVideo);
    for (const bytes of ["", "<svg/>", "\0\0\0\x18ftypmp42"]) {
      const wrong = picture(Buffer.from(bytes, "latin1"));
      assertFailure(await post([["file", video()], ["coverFile", wrong], group()]), ...noCover);
    }
  });
});

test("a cover of 5 MiB, and of a byte more", async () => {
  assertSuccess(await post([["file", video()], ["coverFile", pictureOf(5 * mebibyte)], group()]),
                newVideo(alice.id, made.id));
  await leavesNothing(async () =>
    assertFailure(await post([["file", video()], ["coverFile", pictureOf(5 * mebibyte + 1)],
                              group()]),
                  406, "cover size must be less than 5MB", "cover_too_large"));
});

test("a form cut off, and clients that leave half way, leave nothing", async () => {
  const { body, type } = multipart([["file", video(mp4Of(3 * mebibyte))],
                                    ["coverFile", pictureOf(mebibyte)], group()]);
  await leavesNothing(async () => {
    const headers = { "Content-Type": type };
    for (const share of [0.2, 0.8]) {
      const raw = body.subarray(0, Math.floor(body.length * share));
      assertFailure(await server().rest.post(path, { token: alice.token, raw, headers }),
                    400, "Multipart: Unexpected end of form", "bad_multipart");
    }
    for (const share of [0.1, 0.5, 0.9, 0.999]) {
      const connection = await RawConnection.open(server().port);
      await connection.send(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\n` +
                            `Authorization: Bearer ${alice.token}\r\n` +
                            `Content-Length: ${body.length}\r\n\r\n`);
      await connection.send(body.subarray(0, Math.floor(body.length * share)));
      share < 0.6 ? connection.reset() : connection.destroy();
    }
  });
});

test("a video without a cover gets one of its frames", async () => {
  for (const name of ["a.mp4", "b.webm", "c.mkv", "d.avi", "e.mov", "short.mp4"]) {
    const seconds = name === "short.mp4" ? 0.3 : 2;
    const bytes = film(name, { seconds, size: "1280x720" });
    assertSuccess(await post([["file", video(bytes)], group()]), newVideo(alice.id, made.id));
    const { cover, file } = await newest();
    assert.deepEqual([cover.type, cover.width, cover.height], ["cover", 640, 360], name);
    const frame = await request(cover.url);
    assert.equal(frame.headers["content-type"], "image/jpeg", name);
    assert.equal(pixelsOf(frame.bytes), "640x360", name);
    assert.match((await request(file.url, { method: "HEAD" })).headers["content-type"], /^video\//);
  }
});

test("what ffmpeg cannot read, and a server without it: a plain cover", async () => {
  const plain = async (rest, who, id) => {
    const { cover } = await newest(rest, who, id);
    assert.deepEqual([cover.width, cover.height], [320, 180]);
    const answer = await request(cover.url);
    assert.equal(answer.headers["content-type"], "image/png");
    assert.equal(pixelsOf(answer.bytes), "320x180");
  };
  assertSuccess(await post([["file", video(mp4Of(5000))], group()]), newVideo(alice.id, made.id));
  await plain(server().rest, alice, made.id);
  await withServer({ env: { COTERIE_FFMPEG: "/nowhere/ffmpeg" } }, async (other) => {
    const { rest } = other;
    const carol = await other.user("carol1");
    const { id } = await rest.group(carol);
    const form = [["file", video(film("f.mp4"))], ["groupId", `${id}`]];
    assertSuccess(await rest.post(path, { token: carol.token, form }), newVideo(carol.id, id));
    await plain(rest, carol, id);
  });
});

test("a film that names other files shows none of them", async () => {
  // A playlist is no video by its first bytes; behind a film's head it is read as a film.
  const playlist = `#EXTM3U\n#EXTINF:1,\nfile:${join(server().data, "secret")}\n#EXT-X-ENDLIST\n`;
  for (const bytes of [Buffer.concat([mp4Head, Buffer.from(playlist)]),
                       Buffer.concat([Buffer.from("1a45dfa3", "hex"), Buffer.from(playlist)])]) {
    assertSuccess(await post([["file", video(bytes)], group()]), newVideo(alice.id, made.id));
    assert.deepEqual([(await newest()).cover.width], [320]); // The plain one.
  }
});

test("pictures have their size, and large ones a thumbnail", async () => {
  const send = async (bytes, type = "image/png") => {
    const form = [["file", picture(bytes, type)], group()];
    await server().rest.data("POST", "/api/conversation/group/message/image",
                             { token: alice.token, form });
    return (await newest()).file;
  };
  const small = await send(drawing("small.png", "64x48"));
  assert.deepEqual([small.width, small.height, small.thumbnail], [64, 48, undefined]);
  for (const [name, type] of [["large.png", "image/png"], ["large.jpg", "image/jpeg"]]) {
    const large = await send(drawing(name, "1000x2000"), type);
    assert.deepEqual([large.width, large.height], [1000, 2000]);
    assert.deepEqual(Object.keys(large).slice(-3), ["width", "height", "thumbnail"]);
    const answer = await request(large.thumbnail);
    assert.deepEqual([answer.status, answer.headers["content-type"]], [200, type]);
    assert.equal(pixelsOf(answer.bytes), "320x640");
  }
});

test("a picture of more pixels than memory is kept, not decoded", async () => {
  const bomb = Buffer.from(png);
  bomb.writeUInt32BE(60_000, 16);
  bomb.writeUInt32BE(60_000, 20);
  const before = server().child.memory();
  const form = [["file", picture(bomb)]];
  const { width, height, thumbnail } = await server().rest.data("POST", "/api/group/cover",
                                                                { token: alice.token, form });
  assert.deepEqual([width, height, thumbnail], [60_000, 60_000, undefined]);
  assert.ok(server().child.memory() - before < 16 * mebibyte);
});
