// Uploads and the links to them: sizes, types, truncation, signatures, ranges.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { useServer } from "../support/coterie.mjs";
import { RawConnection, request } from "../support/http.mjs";
import { until } from "../support/process.mjs";
import { assertFailure, assertInvalid, assertSuccess, jpeg, multipart, picture, pictureOf, png }
  from "../support/rest.mjs";
import { newFile, newImage } from "../support/shapes.mjs";

let alice, bobby, made;
const server = useServer({
  async setUp(started) {
    alice = await started.user("alice1");
    bobby = await started.user("bobby1");
    made = await started.rest.group(alice);
  },
});

const mebibyte = 1 << 20;
const routes = {
  "/api/user/avatar": { limit: 5, more: () => [] },
  "/api/group/cover": { limit: 5, more: () => [] },
  "/api/conversation/group/message/image": { limit: 10, more: () => [["groupId", `${made.id}`]] },
};
const wrongType = [400, "Validation failed (expected type is /image\\/(png|jpeg|jpg)/)",
                   "file_type_wrong"];
const required = [400, "File is required", "file_required"];
const unexpected = [400, "Unexpected field", "unexpected_field"];

const post = (path, form, who = alice) => server().rest.post(path, { token: who.token, form });

// Every file under the data folder's `files`, with its size. One may go while we look.
function stored() {
  const folder = join(server().data, "files");
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => [entry.name, statSync(join(entry.parentPath ?? entry.path, entry.name),
                                          { throwIfNoEntry: false })])
    .filter(([, facts]) => facts)
    .map(([name, facts]) => `${name} ${facts.size}`)
    .sort();
}

// `action` must leave no file behind and none missing, but for the `kept` ones that it may add.
async function leavesNothing(action, kept = 0) {
  const before = stored();
  await action();
  const describe = () => `${kept} files more than ${before.join()}: ${stored().join()}`;
  await until(() => stored().length === before.length + kept, describe);
  assert.deepEqual(before.filter((each) => !stored().includes(each)), []);
}

for (const [path, { limit, more }] of Object.entries(routes)) {
  const accepted = (answer) => assert.equal(answer.status, 201, answer.text);
  const send = (...form) => post(path, [...form, ...more()]);

  test(`${path}: PNG and JPEG, by their content and their word`, async () => {
    accepted(await send(["file", picture(png)]));
    accepted(await send(["file", picture(jpeg, "image/jpeg", "a.jpg")]));
    accepted(await send(["file", picture(jpeg, "image/jpg", "a.jpg")]));
    for (const type of ["image/gif", "text/plain", "text/html", "x-image/pngfoo", ""]) {
      await leavesNothing(async () =>
        assertFailure(await send(["file", picture(png, type)]), ...wrongType));
    }
    for (const bytes of ["", "GIF89a", "<svg/>", "<html><script>", "%PDF-1.4", "\x89PN", "x"]) {
      await leavesNothing(async () =>
        assertFailure(await send(["file", picture(Buffer.from(bytes, "latin1"))]), ...wrongType));
    }
  });

  test(`${path}: smaller than ${limit} MiB, to the byte; the size is complained about first`,
    async () => {
      const size = limit * mebibyte;
      const tooLarge = [400, `size must less than ${limit}MB`, "file_too_large"];
      accepted(await send(["file", pictureOf(size - 1)]));
      await leavesNothing(async () => {
        assertFailure(await send(["file", pictureOf(size)]), ...tooLarge);
        assertFailure(await send(["file", picture(Buffer.alloc(size + 1), "text/plain")]),
                      ...tooLarge);
      });
    });

  test(`${path}: no file`, async () => {
    assertFailure(await send(["x", "1"]), ...required);
    assertFailure(await send(["file", "just text"]), ...required);
    const { rest } = server();
    const { token } = alice;
    assertFailure(await rest.post(path, { token, json: {} }), ...required);
    assertFailure(await rest.post(path, { token }), ...required);
    const headers = { "Content-Type": "application/octet-stream" };
    assertFailure(await rest.post(path, { token, raw: png, headers }), ...required);
  });

  test(`${path}: fields that nobody expects`, async () => {
    await leavesNothing(async () => {
      assertFailure(await send(["picture", picture()]), ...unexpected);
      assertFailure(await send(["file", picture()], ["file", picture()]), ...unexpected);
      assertFailure(await send(["file", picture()], ["other", picture()]), ...unexpected);
    });
    accepted(await send(["note", "a text field is ignored"], ["file", picture()]));
  });

  test(`${path}: a malformed multipart`, async () => {
    const { rest } = server();
    const whole = multipart([["file", picture()], ...more()]);
    const token = alice.token;
    const malformed = async (raw, type) => {
      const answer = await rest.post(path, { token, raw, headers: { "Content-Type": type } });
      assert.equal(answer.status, 400, answer.text);
      assert.match(answer.body.message, /^(Multipart: |File is required)/);
    };
    await leavesNothing(async () => {
      await malformed("", whole.type);
      await malformed(whole.body, "multipart/form-data");
      await malformed(whole.body, "multipart/form-data; boundary=other");
      await malformed(whole.body.subarray(0, -4), whole.type);
      await malformed(whole.body.subarray(0, -20), whole.type);
      await malformed(whole.body.subarray(0, 100), whole.type);
      await malformed(Buffer.concat([whole.body.subarray(0, 90), Buffer.alloc(200_000, "x")]),
                      whole.type);
    });
  });

  test(`${path}: an upload whose client leaves half way leaves nothing behind`, async () => {
    await leavesNothing(async () => {
      for (const share of [0.1, 0.5, 0.99]) {
        const { body, type } = multipart([["file", pictureOf(3 * mebibyte)], ...more()]);
        const connection = await RawConnection.open(server().port);
        await connection.send(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\n` +
                              `Authorization: Bearer ${alice.token}\r\n` +
                              `Content-Length: ${body.length}\r\n\r\n`);
        await connection.send(body.subarray(0, Math.floor(body.length * share)));
        share < 0.5 ? connection.reset() : connection.destroy();
      }
      accepted(await send(["file", picture()])); // It is alive.
    }, 1);
  });

  test(`${path}: without a log-in nothing is looked at or kept`, async () => {
    await leavesNothing(async () => {
      const answer = await server().rest.post(path, { form: [["file", pictureOf(mebibyte)]] });
      assertFailure(answer, 401, "unauthorized", "unauthorized");
    });
  });
}

test("an image for a group: the message, and who may not send one", async () => {
  const path = "/api/conversation/group/message/image";
  const sent = await post(path, [["file", picture()], ["groupId", `${made.id}`]]);
  assertSuccess(sent, newImage(alice.id, made.id));
  const first = await post(path, [["groupId", `${made.id}`], ["file", picture()]]);
  assertSuccess(first, newImage(alice.id, made.id));
  const stranger = [406, "you are not in the group!", "not_in_group"];
  await leavesNothing(async () => {
    assertFailure(await post(path, [["file", picture()], ["groupId", `${made.id}`]], bobby),
                  ...stranger);
    for (const groupId of ["99999", "", "0"]) {
      assertFailure(await post(path, [["file", picture()], ["groupId", groupId]]), ...stranger);
    }
    assertInvalid(await post(path, [["file", picture()]]), "groupId should not be empty");
    assertInvalid(await post(path, [["file", picture()], ["groupId", "abc"]]),
                  "groupId must be an integer number");
  });
});

test("what is uploaded again under its name leaves no second file", async () => {
  const path = "/api/conversation/group/message/image";
  const form = () => [["file", picture()], ["groupId", `${made.id}`], ["clientMsgId", "again"]];
  assert.equal((await post(path, form())).status, 201);
  const before = stored();
  const again = await post(path, form());
  assert.equal(again.status, 200, again.text);
  assert.deepEqual(stored(), before);
  assert.equal(server().sql("SELECT COUNT(*) AS n FROM file f WHERE f.type = 'image' AND NOT EXISTS " +
                            "(SELECT 1 FROM group_message m WHERE m.fileId = f.id)")[0].n, 0);
});

test("an upload of any size costs a bounded amount of memory", async () => {
  await post("/api/user/avatar", [["file", pictureOf(mebibyte)]]);
  const before = server().child.memory();
  const answers = await Promise.all(Array.from({ length: 4 }, () =>
    post("/api/user/avatar", [["file", pictureOf(50 * mebibyte)]]).catch((error) => error)));
  for (const answer of answers) {
    // The answer, or a connection that was cut: the client went on sending what nobody wanted.
    if (!(answer instanceof Error)) assert.equal(answer.status, 400);
  }
  const grown = server().child.memory() - before;
  assert.ok(grown < 32 * mebibyte, `${grown >> 20} MiB more`);
});

// -- links --------------------------------------------------------------------------------------

async function uploaded(bytes = png, type = "image/png") {
  const answer = await post("/api/group/cover", [["file", picture(bytes, type)]]);
  assertSuccess(answer, newFile("cover", alice.id));
  return answer.body.data.url;
}

test("the link serves what was uploaded, to anyone who has it", async () => {
  for (const [bytes, type] of [[png, "image/png"], [jpeg, "image/jpeg"]]) {
    const url = await uploaded(bytes, type);
    const answer = await request(url);
    assert.equal(answer.status, 200);
    assert.ok(answer.bytes.equals(bytes));
    assert.equal(answer.headers["content-type"], type);
    assert.equal(answer.headers["content-length"], `${bytes.length}`);
    assert.equal(answer.headers["accept-ranges"], "bytes");
    assert.equal(answer.headers["x-content-type-options"], "nosniff");
    assert.match(answer.headers["content-security-policy"], /default-src 'none'/);
  }
});

test("HEAD tells the same without the bytes; a matching tag gets 304", async () => {
  const url = await uploaded();
  const head = await request(url, { method: "HEAD" });
  assert.deepEqual([head.status, head.headers["content-length"], head.bytes.length],
                   [200, `${png.length}`, 0]);
  const again = await request(url, { headers: { "If-None-Match": head.headers.etag } });
  assert.deepEqual([again.status, again.bytes.length], [304, 0]);
});

test("parts of a file", async () => {
  const bytes = Buffer.concat([png, Buffer.from(Array.from({ length: 700_000 }, (_, i) => i % 251))]);
  const url = await uploaded(bytes);
  const size = bytes.length;
  for (const [range, first, last] of [
    ["bytes=0-0", 0, 0], ["bytes=0-99", 0, 99], ["bytes=100-", 100, size - 1],
    [`bytes=${size - 1}-`, size - 1, size - 1], ["bytes=-10", size - 10, size - 1],
    [`bytes=-${size * 2}`, 0, size - 1], [`bytes=5-${size * 2}`, 5, size - 1],
    ["bytes=300000-600000", 300_000, 600_000],
  ]) {
    const answer = await request(url, { headers: { Range: range } });
    assert.equal(answer.status, 206, range);
    assert.equal(answer.headers["content-range"], `bytes ${first}-${last}/${size}`);
    assert.ok(answer.bytes.equals(bytes.subarray(first, last + 1)), range);
  }
  for (const range of [`bytes=${size}-`, "bytes=-0"]) {
    const answer = await request(url, { headers: { Range: range } });
    assert.deepEqual([answer.status, answer.headers["content-range"]], [416, `bytes */${size}`]);
  }
  for (const range of ["bytes=9-5", "bytes=a-b", "lines=1-2", "bytes=", "bytes=--1", "bytes=1-2,4-5",
                       "bytes=99999999999999999999-"]) {
    const answer = await request(url, { headers: { Range: range } });
    assert.ok([200, 206, 416].includes(answer.status), `${range}: ${answer.status}`);
    if (answer.status === 200) assert.ok(answer.bytes.equals(bytes), range);
  }
});

test("a copy that is still good is not sent again", async () => {
  const url = await uploaded();
  const { headers: { etag, "last-modified": modified } } = await request(url, { method: "HEAD" });
  assert.match(modified, /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
  const old = "Sat, 01 Jan 2000 00:00:00 GMT";
  for (const [headers, status] of [
    [{ "If-None-Match": etag }, 304],
    [{ "If-None-Match": `W/${etag}` }, 304],
    [{ "If-None-Match": `"other", ${etag}` }, 304],
    [{ "If-None-Match": "*" }, 304],
    [{ "If-None-Match": '"other"' }, 200],
    [{ "If-Modified-Since": modified }, 304],
    [{ "If-Modified-Since": old }, 200],
    [{ "If-None-Match": '"other"', "If-Modified-Since": modified }, 200],
    [{ "If-None-Match": etag, Range: "bytes=0-3" }, 304],
  ]) {
    const answer = await request(url, { headers });
    assert.equal(answer.status, status, JSON.stringify(headers));
    assert.equal(answer.headers.etag, etag);
    assert.equal(answer.bytes.length, status === 200 ? png.length : 0);
  }
});

test("a range of another version is not served: the whole is", async () => {
  const url = await uploaded();
  const { headers: { etag, "last-modified": modified } } = await request(url, { method: "HEAD" });
  for (const [ifRange, status] of [[etag, 206], [modified, 206], ['"other"', 200],
                                   [`W/${etag}`, 200], ["Sat, 01 Jan 2000 00:00:00 GMT", 200]]) {
    const answer = await request(url, { headers: { Range: "bytes=1-3", "If-Range": ifRange } });
    assert.equal(answer.status, status, ifRange);
    assert.equal(answer.bytes.toString("latin1"),
                 status === 206 ? "PNG" : png.toString("latin1"));
  }
  const head = await request(url, { method: "HEAD", headers: { Range: "bytes=1-3" } });
  assert.deepEqual([head.status, head.headers["content-length"]], [200, `${png.length}`]);
});

test("every answer about a file keeps it from being a page", async () => {
  const url = await uploaded();
  for (const headers of [{}, { Range: "bytes=0-3" }, { Range: "bytes=9999-" },
                         { "If-None-Match": "*" }]) {
    const answer = await request(url, { headers });
    assert.equal(answer.headers["x-content-type-options"], "nosniff", `${answer.status}`);
    assert.equal(answer.headers["content-security-policy"], "default-src 'none'; sandbox");
    assert.equal(answer.headers["content-disposition"], "inline");
  }
});

test("an altered link opens nothing", async () => {
  const url = new URL(await uploaded());
  const other = new URL(await uploaded());
  const altered = [
    (link) => (link.pathname = other.pathname),
    (link) => (link.pathname = link.pathname.replace("/cover/", "/avatar/")),
    ...[...url.searchParams.keys()].flatMap((key) => [
      (link) => link.searchParams.delete(key),
      (link) => link.searchParams.set(key, `${link.searchParams.get(key)}0`),
      (link) => link.searchParams.set(key, ""),
      (link) => link.searchParams.set(key, other.searchParams.get(key).replace(/^./, "x")),
    ]),
    (link) => (link.search = ""),
    (link) => (link.search = other.search),
  ];
  assert.ok(altered.length > 8);
  for (const alter of altered) {
    const link = new URL(url);
    alter(link);
    if (link.href === url.href) continue;
    const answer = await request(link.href);
    assert.ok([403, 404].includes(answer.status), `${answer.status} for ${link}`);
    assert.ok(!answer.bytes.equals(png));
  }
});

test("paths that lead elsewhere lead nowhere", async () => {
  const { search } = new URL(await uploaded());
  for (const path of ["/files/../coterie.db", "/files/%2e%2e/coterie.db", "/files/cover/..%2f..%2fx",
                      "/files/cover/%00", "/files//etc/passwd", "/files/cover/", "/files/"]) {
    const connection = await RawConnection.open(server().port);
    await connection.send(`GET ${path}${search} HTTP/1.1\r\nHost: x\r\n\r\n`);
    assert.ok(await connection.untilResponses(1));
    const [answer] = connection.responses();
    // Without an extension it may be the page's own path; never a file of the server.
    assert.ok(!/SQLite format|root:/.test(answer.body), path);
    assert.notEqual(answer.status, 500, path);
    connection.destroy();
  }
});
