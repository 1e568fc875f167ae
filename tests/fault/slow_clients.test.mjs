// Clients that are too slow: told so or cut after half a minute, without harm to anyone else.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { Certificates, greeting } from "../support/certificates.mjs";
import { useServer, withServer } from "../support/coterie.mjs";
import { RawConnection } from "../support/http.mjs";

let alice;
const server = useServer({
  async setUp(started) {
    alice = await started.user("alice1");
  },
});

const limit = 30_000; // Of the server, for a head, for a body, for a pause in an upload.

// Sends `first`, then `drop` every second until the connection is closed; tells what came back and
// after how long.
async function slow(first, drop, { port } = server()) {
  const connection = await RawConnection.open(port);
  const begin = performance.now();
  await connection.send(first);
  while (!connection.isClosed && performance.now() - begin < 2 * limit) {
    if (drop) await connection.send(drop);
    await connection.untilClosed(1000);
  }
  const elapsed = performance.now() - begin;
  connection.destroy();
  return { elapsed, statuses: connection.responses().map(({ status }) => status),
           isClosed: connection.isClosed };
}

const head = "Host: x\r\nContent-Type: application/json\r\n";
const json = `POST /api/auth/login HTTP/1.1\r\n${head}Content-Length: 1000\r\n\r\n`;
const upload = () => "POST /api/user/avatar HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n" +
                     `Authorization: Bearer ${alice.token}\r\n` +
                     "Content-Type: multipart/form-data; boundary=b\r\n\r\n" +
                     '--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n';

test("slow heads, slow bodies, uploads that pause: 408 or the end, after half a minute",
  { timeout: 120_000 },
  async () => {
    const others = (async () => {
      for (let i = 0; i < 30; ++i) {
        const begin = performance.now();
        assert.equal((await server().rest.get("/api/user", { token: alice.token })).status, 200);
        assert.ok(performance.now() - begin < 2000, "others have to wait");
        await sleep(1000);
      }
    })();
    const cases = {
      "half a head": [408, slow("GET / HTTP/1.1\r\nHost: x\r\n")],
      "a head that drips": [408, slow("GET / HTTP/1.1\r\nHost: x\r\n", "X: y\r\n")],
      "half a body": [408, slow(json)],
      "a body that drips": [408, slow(json, "x")],
      "a chunked body that drips":
        [408, slow(`POST /api/auth/login HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\n\r\n`,
                   "1\r\nx\r\n")],
      "an upload that pauses": [undefined, slow(upload())],
      "silence": [undefined, slow("")],
    };
    for (const [what, [status, going]] of Object.entries(cases)) {
      const { elapsed, statuses, isClosed } = await going;
      assert.ok(isClosed, `${what}: still open`);
      assert.ok(elapsed > limit - 1000 && elapsed < limit + 10_000, `${what}: ${elapsed} ms`);
      assert.deepEqual(statuses, status ? [status] : [], what);
    }
    await others;
  });

test("slow handshakes: the end, after half a minute", { timeout: 120_000 }, async () => {
  await withServer({ certificates: new Certificates() }, async (one) => {
    const hello = await greeting();
    const cases = {
      "silence": slow("", undefined, one),
      "half a greeting": slow(hello.subarray(0, 100), undefined, one),
      "a greeting and no more": slow(hello, undefined, one),
      "a greeting that drips": slow(hello.subarray(0, 5), Buffer.of(1), one),
    };
    for (const [what, going] of Object.entries(cases)) {
      const { elapsed, isClosed } = await going;
      assert.ok(isClosed, `${what}: still open`);
      assert.ok(elapsed > limit - 1000 && elapsed < limit + 10_000, `${what}: ${elapsed} ms`);
    }
    assert.equal((await one.rest.get("/healthz")).status, 200);
  });
});
