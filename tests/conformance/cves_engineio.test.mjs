// Old wounds of Engine.IO servers, tried on ours: each test is named after its advisory, and
// docs/security-history.md lists them all, with those that other tests show.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";

import { openWebSocket, PollingSession, textFrame } from "../support/engineio.mjs";
import { forEachServer } from "../support/examples.mjs";
import { RawConnection, request } from "../support/http.mjs";
import { until } from "../support/process.mjs";
import { frame, upgradeRequest } from "../support/websocket.mjs";

const megabyte = 1 << 20;
const handshake = "/engine.io/?EIO=4&transport=";

forEachServer("conformance", "Engine.IO advisories", (server) => {
  const place = () => server().echo;
  const isWell = async () => {
    const client = await PollingSession.open(place());
    await client.post("4well");
    assert.deepEqual((await client.poll()).packets, ["4well"]);
  };
  // Runs `attack`; memory in use must not have grown by more than `most` bytes at any time.
  const withinMemory = async (most, attack) => {
    const before = server().child.memory();
    let peak = before;
    const watch = setInterval(() => (peak = Math.max(peak, server().child.memory())), 5);
    try {
      await attack();
    } finally {
      clearInterval(watch);
    }
    peak = Math.max(peak, server().child.memory());
    assert.ok(peak - before <= most, `memory grew by ${Math.round((peak - before) / megabyte)} MB`);
  };

  test("CVE-2020-36048: a body beyond the bound is refused by its head, or as soon as it is", async () => {
    const head = (sid, more) =>
      `POST ${handshake}polling&sid=${sid} HTTP/1.1\r\nHost: x\r\n${more}\r\n\r\n`;
    await withinMemory(16 * megabyte, async () => {
      const { sid } = await PollingSession.open(place());
      const promised = await RawConnection.open(place().port);
      await promised.send(head(sid, "Content-Length: 100000000"));
      assert.ok(await promised.untilResponses(1), "it waits for the body");
      assert.equal(promised.responses()[0].status, 413);
      promised.destroy();

      const chunked = await RawConnection.open(place().port);
      const chunk = Buffer.from(`100000\r\n${"4".repeat(megabyte)}\r\n`);
      await chunked.send(head(sid, "Transfer-Encoding: chunked"));
      const isRefused = () => chunked.isClosed || chunked.responses().length > 0;
      for (let i = 0; i < 60 && !isRefused(); ++i) await chunked.send(chunk);
      assert.ok(await chunked.untilResponses(1), "60 MB were taken");
      assert.equal(chunked.responses()[0].status, 413);
      chunked.destroy();
    });
    const { sid } = await PollingSession.open(place());
    const lying = await RawConnection.open(place().port);
    await lying.send(head(sid, "Content-Length: 2") + "4x" + "y".repeat(100_000));
    assert.ok(await lying.untilClosed(), "what follows the body is no request");
    const [first, second, ...more] = lying.responses().map(({ status }) => status);
    assert.deepEqual([first, more], [200, []]);
    assert.ok(second === 400 || second === 431, `${second}`);
    await isWell();
  });

  test("CVE-2023-31125: an upgrade to a transport that is the name of something else", async () => {
    for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty", "webtransport", "",
                        "%00", "websocket%20"]) {
      const connection = await RawConnection.open(place().port);
      await connection.send(upgradeRequest(handshake + name));
      assert.ok(await connection.untilClosed(), name);
      assert.equal(connection.responses()[0].body, "Transport unknown", name);
    }
    await isWell();
  });

  test("CVE-2026-59725: 300 binary POSTs are 300 answers, and nothing stays open", async () => {
    const before = server().child.descriptors();
    const headers = { "Content-Type": "application/octet-stream" };
    const statuses = await Promise.all(Array.from({ length: 300 }, async () => {
      const client = await PollingSession.open(place());
      return (await client.post(Buffer.from([1, 2, 3]), { headers })).status;
    }));
    assert.deepEqual(new Set(statuses), new Set([400]));
    await until(() => server().child.descriptors() <= before + 5,
                () => `${server().child.descriptors()} descriptors, ${before} before`);
    await isWell();
  });

  test("a revision that changes within a session, as it killed engine.io before 6.6.12", async () => {
    for (const revision of ["EIO=3&", ""]) {
      const client = await PollingSession.open(place());
      const connection = await RawConnection.open(place().port);
      const target = `/engine.io/?${revision}transport=websocket&sid=${client.sid}`;
      await connection.send(Buffer.concat([Buffer.from(upgradeRequest(target)), textFrame("2probe"),
                                           textFrame("5"), textFrame("2")]));
      assert.ok(await connection.untilClosed());
      assert.equal(connection.responses()[0].status, 400);
      assert.ok(await client.isAlive());
    }
    await isWell();
  });

  test("JSONP is not spoken: its callback comes back in no answer", async () => {
    const script = encodeURIComponent("<script>alert(1)</script>");
    const client = await PollingSession.open(place(), { query: `EIO=4&transport=polling&j=${script}` });
    await client.post("4x");
    const answers = [client.opening, await request(`${place().url}${client.target()}&j=${script}`),
                     await request(`${place().url}/engine.io/?EIO=4&transport=x&j=${script}`)];
    for (const { body, headers } of answers) {
      assert.ok(!body.includes("script") && !body.includes("___eio"), body);
      assert.ok(!headers["content-type"].includes("script"));
    }
  });

  test("CVE-2026-48802: a thousand clients are served by the threads of one", async () => {
    const before = server().child.threads();
    const sockets = [];
    for (let i = 0; i < 500; ++i) {
      sockets.push(await openWebSocket(place()));
      await PollingSession.open(place());
    }
    assert.equal(server().child.threads(), before);
    for (const socket of sockets) socket.destroy();
    await isWell();
  });

  test("CVE-2026-48809: every way in has the same bound", async () => {
    const payload = `4${"x".repeat(1_000_000)}`; // One byte too many.
    const client = await PollingSession.open(place());
    assert.equal((await client.post(payload)).status, 413);
    const isTooBig = async (socket, ...frames) => {
      await socket.send(...frames);
      assert.deepEqual(await socket.next(), ["close", 1009]);
      socket.destroy();
    };
    await isTooBig(await openWebSocket(place()), textFrame(payload));
    await isTooBig(await openWebSocket(place()), frame("binary", payload));
    await isTooBig(await openWebSocket(place()), frame("text", "4", { fin: false }),
                   frame("continuation", payload.slice(1)));
    await isTooBig(await openWebSocket(place(), { glued: frame("binary", payload) }));
    // The WebSocket of an upgrade, before it has been probed.
    await isTooBig(await client.websocket(), textFrame(payload));
    assert.ok(await client.isAlive());
    await isWell();
  });

  test("N6: who never polls, and who never reads, is let go before it costs much", async () => {
    await withinMemory(48 * megabyte, async () => {
      const client = await PollingSession.open(place());
      const letters = Array(333_000).fill("4x").join("\x1e");
      let status = 200;
      for (let i = 0; i < 40 && status === 200; ++i) status = (await client.post(letters)).status;
      assert.equal(status, 400, "the echoes of letters are kept without end");
      const { sid } = await PollingSession.open(place());
      const long = `4${"x".repeat(999_998)}`;
      const url = `${place().url}${handshake}polling&sid=${sid}`;
      for (let i = 0; i < 40; ++i) {
        ({ status } = await request(url, { method: "POST", body: long }));
        if (status !== 200) break;
      }
      assert.equal(status, 400, "long echoes are kept without end");
    });
    await withinMemory(48 * megabyte, async () => {
      const socket = await openWebSocket(place());
      socket.connection.socket.pause();
      const many = Buffer.concat([...Array(100_000).fill(textFrame("4")), textFrame("3")]);
      const isGone = () => socket.connection.isClosed || socket.connection.error !== undefined;
      for (let i = 0; i < 200 && !isGone(); ++i) {
        await Promise.race([socket.connection.send(many), until(isGone, undefined, 20_000)]);
      }
      assert.ok(isGone(), "it is still being written to");
      socket.destroy();
    });
    await isWell();
  });

  test("N6: a hundred thousand packets in one POST are no trouble", async () => {
    const client = await PollingSession.open(place());
    const body = Array(100_000).fill("4").join("\x1e");
    const begin = performance.now();
    assert.equal((await client.post(body)).status, 200);
    assert.equal((await client.poll()).body, body);
    assert.ok(performance.now() - begin < 10_000);
  });
}, ["coterie"]);
