// What a server can be told: paths, transports, cookies, CORS, who may come (Engine.IO v4).
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { openWebSocket, PollingSession, textFrame } from "../support/engineio.mjs";
import { expected, forEachServer } from "../support/examples.mjs";
import { RawConnection, request } from "../support/http.mjs";
import { RawWebSocket, frame, upgradeRequest } from "../support/websocket.mjs";

const at = (server, name) => ({ url: server().url, port: server().port, path: `/${name}/` });
const polling = "EIO=4&transport=polling";
const websocket = "EIO=4&transport=websocket";
const get = (server, path, query = polling, options) =>
  request(`${server().url}${path}?${query}`, options);
const opened = async (server) => Number((await request(`${server().url}/opened`)).body);

// An upgrade on a bare connection: what has been answered when the connection is closed or upgraded.
async function upgrade(server, target, options) {
  const connection = await RawConnection.open(server().port);
  await connection.send(upgradeRequest(target, options));
  await connection.until(() => connection.text.includes("\r\n\r\n"));
  if (!connection.text.startsWith("HTTP/1.1 101 ")) await connection.untilClosed();
  else connection.destroy();
  const head = connection.text.slice(0, connection.text.indexOf("\r\n\r\n")).toLowerCase();
  const [response] = connection.responses();
  return { status: Number(head.slice(9, 12)), head, body: response?.body };
}

forEachServer("options_server", "Engine.IO options: revisions", (server, name) => {
  const refused = '{"code":5,"message":"Unsupported protocol version"}';
  for (const query of ["EIO=3&transport=polling", "EIO=2&transport=polling", "transport=polling",
                       "EIO=&transport=polling", "EIO=33&transport=polling"]) {
    test(`${query} is refused`, async () => {
      const { status, body } = await get(server, "/plain/", query);
      assert.deepEqual([status, body], [400, refused]);
    });
  }
  if (name === "coterie") {
    test("an upgrade of revision 3 is refused before it happens (Node upgrades first)", async () => {
      for (const query of ["EIO=3&transport=websocket", "transport=websocket"]) {
        const { status, body } = await upgrade(server, `/plain/?${query}`);
        assert.deepEqual([status, body], [400, "Unsupported protocol version"]);
      }
    });
  }
});

forEachServer("options_server", "Engine.IO options: paths and transports", (server, name) => {
  for (const [path, status] of [["/plain/", 200], ["/plain/more", 200], ["/plain", 404],
                                ["/noslash", 200], ["/noslash/", 200], ["/noslashed", 200],
                                ["/nosla", 404]]) {
    test(`${path} is ${status}`, async () => {
      assert.equal((await get(server, path)).status, status);
    });
  }

  const unknown = '{"code":0,"message":"Transport unknown"}';
  test("polling that is off is unknown", async () => {
    assert.equal((await get(server, "/websocket/")).body, unknown);
    const socket = await openWebSocket(at(server, "websocket"));
    assert.deepEqual(socket.handshake.upgrades, []);
    socket.destroy();
  });

  test("WebSocket that is off is unknown, and not offered", async () => {
    const session = await PollingSession.open(at(server, "polling"));
    assert.deepEqual(session.handshake.upgrades, []);
    if (name === "node") return; // It does not answer at all.
    const { status, body } = await upgrade(server, `/polling/?${websocket}`);
    assert.deepEqual([status, body], [400, "Transport unknown"]);
  });

  test("upgrades that are off are not offered, and here not taken", async () => {
    const session = await PollingSession.open(at(server, "stay"));
    assert.deepEqual(session.handshake.upgrades, []);
    const target = session.target("websocket");
    if (name === "coterie") {
      const { status, body } = await upgrade(server, target);
      assert.deepEqual([status, body], [400, "Bad request"]);
      assert.ok(await session.isAlive());
    }
    (await openWebSocket(at(server, "stay"))).destroy();
  });

  test("an upgrade that does not come to its end in time is given up", async () => {
    const session = await PollingSession.open(at(server, "short"));
    const socket = await session.websocket();
    await socket.send(textFrame("2probe"));
    assert.deepEqual(await socket.next(), ["text", "3probe"]);
    const begin = performance.now();
    const [end] = await socket.next(1000);
    assert.ok(["close", "end"].includes(end), end);
    const time = performance.now() - begin;
    assert.ok(time > 100 && time < 600, `${time} ms`);
    await session.post("4still here");
    assert.deepEqual((await session.poll()).packets.at(-1), "4still here");
  });

  test("the first of the offered subprotocols is taken", async () => {
    for (const [offer, taken] of [["one, two", "one"], ["one", "one"]]) {
      const headers = { "Sec-WebSocket-Protocol": offer };
      const { status, head } = await upgrade(server, `/plain/?${websocket}`, { headers });
      assert.equal(status, 101);
      assert.match(head, new RegExp(`\r\nsec-websocket-protocol: ${taken}(\r\n|$)`));
    }
  });

  test("a client that wants base64 gets it on WebSocket, too", async () => {
    const socket = await openWebSocket(at(server, "plain"), { query: `${websocket}&b64=1` });
    await socket.send(frame("binary", "\x01\x02\x03"), textFrame("bAQID"), textFrame("4b"));
    assert.deepEqual(await socket.next(), ["text", "bAQID"]);
    assert.deepEqual(await socket.next(), ["text", "bAQID"]);
    assert.deepEqual(await socket.next(), ["text", "4b"]);
    socket.destroy();
  });
});

forEachServer("options_server", "Engine.IO options: cookies and headers", (server) => {
  const cookies = [
    ["cookie", /^io=SID; Path=\/; HttpOnly; SameSite=Lax$/],
    ["biscuit", /^biscuit=SID; Max-Age=60; Domain=example\.org; Path=\/x; Secure; SameSite=None$/],
  ];
  for (const [path, pattern] of cookies) {
    test(`/${path}/ is set with a session that begins on polling, and then no more`, async () => {
      const session = await PollingSession.open(at(server, path));
      const [cookie, ...more] = session.opening.headers["set-cookie"];
      assert.match(cookie.replace(session.sid, "SID"), pattern);
      assert.deepEqual(more, []);
      for (const response of [await session.post("4x"), await session.poll()]) {
        assert.equal(response.headers["set-cookie"], undefined);
      }
    });
    test(`/${path}/ is not set on WebSocket, nor on a refusal`, async () => {
      const { status, head } = await upgrade(server, `/${path}/?${websocket}`);
      assert.equal(status, 101);
      assert.doesNotMatch(head, /set-cookie/);
      const refused = await get(server, `/${path}/`, "EIO=4&transport=smoke");
      assert.equal(refused.headers["set-cookie"], undefined);
    });
  }

  const seen = ({ headers }) => [headers["x-initial"], headers["x-method"]];
  test("hooks see the first answer of a session, and every one", async () => {
    const session = await PollingSession.open(at(server, "headers"));
    assert.deepEqual(seen(session.opening), ["1", "GET"]);
    assert.deepEqual(seen(await session.post("4x")), [undefined, "POST"]);
    assert.deepEqual(seen(await session.poll()), [undefined, "GET"]);
  });

  test("hooks see the 101, of a new session and of an upgrade", async () => {
    const first = await upgrade(server, `/headers/?${websocket}`);
    assert.match(first.head, /\r\nx-initial: 1(\r\n|$)/);
    assert.match(first.head, /\r\nx-method: get(\r\n|$)/);
    const session = await PollingSession.open(at(server, "headers"));
    const second = await upgrade(server, session.target("websocket"));
    assert.doesNotMatch(second.head, /x-initial/);
    assert.match(second.head, /\r\nx-method: get(\r\n|$)/);
  });

  for (const [agent, value] of [["x;MSIE 9.0", "0"], ["Trident/7.0", "0"], ["Gecko", undefined]]) {
    test(`X-XSS-Protection for ${agent}: ${value}`, async () => {
      const headers = { "User-Agent": agent };
      const session = await PollingSession.open(at(server, "plain"), { headers });
      const posted = await session.post("4x", { headers });
      for (const { headers: got } of [session.opening, posted]) {
        assert.equal(got["x-xss-protection"], value);
      }
    });
  }
});

// [path, origin, what the answer says about sharing].
const shared = [
  ["cors", "https://a.example", { "allow-origin": "*" }],
  ["cors", undefined, { "allow-origin": "*" }],
  ["cors-list", "https://b.example", { "allow-origin": "https://b.example",
                                       "allow-credentials": "true", "expose-headers": "X-Three",
                                       vary: "Origin" }],
  ["cors-list", "https://c.example", { "allow-credentials": "true", "expose-headers": "X-Three",
                                       vary: "Origin" }],
  ["cors-any", "https://c.example", { "allow-origin": "https://c.example",
                                      "allow-credentials": "true", vary: "Origin" }],
  ["cors-any", undefined, { "allow-credentials": "true", vary: "Origin" }],
  ["cors-some", "https://c.example", { "allow-origin": "https://c.example", vary: "Origin" }],
  ["cors-some", "https://example.org", { vary: "Origin" }],
  ["plain", "https://a.example", {}],
];
const methods = "GET,HEAD,PUT,PATCH,POST,DELETE";
const asked = "Access-Control-Request-Headers";
// [path, origin, headers asked for, status, what the answer to a preflight says].
const preflights = [
  ["cors", "https://a.example", "X-A, X-B", 204,
   { "allow-origin": "*", "allow-methods": methods, "allow-headers": "X-A, X-B", vary: asked }],
  ["cors", "https://a.example", undefined, 204,
   { "allow-origin": "*", "allow-methods": methods, vary: asked }],
  ["cors-list", "https://a.example", "X-A", 200,
   { "allow-origin": "https://a.example", "allow-credentials": "true", "allow-methods": "GET,POST",
     "allow-headers": "X-One,X-Two", "expose-headers": "X-Three", "max-age": "600",
     vary: "Origin" }],
  ["cors-any", "https://c.example", "X-A", 204,
   { "allow-origin": "https://c.example", "allow-credentials": "true", "allow-methods": methods,
     "allow-headers": "X-A", vary: `Origin, ${asked}` }],
  ["cors-some", "https://example.org", "X-A", 204,
   { "allow-methods": methods, "allow-headers": "X-A", vary: `Origin, ${asked}` }],
];

const sharing = ({ headers }) => {
  const entries = Object.entries(headers).map(([name, value]) =>
    [name.replace("access-control-", ""), value, name]);
  return Object.fromEntries(entries.filter(([, , name]) => /^(access-control-|vary$)/.test(name)));
};

forEachServer("options_server", "Engine.IO options: CORS", (server) => {
  for (const [path, origin, wanted] of shared) {
    const headers = origin ? { Origin: origin } : {};
    test(`/${path}/ for ${origin}`, async () => {
      const session = await PollingSession.open(at(server, path), { headers });
      const waiting = session.poll({ headers });
      assert.deepEqual(sharing(session.opening), wanted);
      assert.deepEqual(sharing(await session.post("4x", { headers })), wanted);
      assert.deepEqual(sharing(await waiting), wanted);
    });

    test(`/${path}/ for ${origin}: what is refused says the same`, async () => {
      const session = await PollingSession.open(at(server, path), { headers });
      const tooLarge = await session.post("4".repeat(1_000_001), { headers });
      assert.equal(tooLarge.status, 413);
      assert.deepEqual(sharing(tooLarge), wanted);
      for (const query of ["EIO=4&transport=smoke", `${polling}&sid=nope`]) {
        const refused = await get(server, `/${path}/`, query, { headers });
        assert.equal(refused.status, 400);
        assert.deepEqual(sharing(refused), wanted);
      }
    });

    test(`/${path}/ for ${origin}: the 101 says the same`, async () => {
      const { status, head } = await upgrade(server, `/${path}/?${websocket}`, { headers });
      assert.equal(status, 101);
      const lines = head.split("\r\n").slice(1).map((line) => line.split(": "));
      const lower = Object.entries(wanted).map(([key, value]) => [key, value.toLowerCase()]);
      assert.deepEqual(sharing({ headers: Object.fromEntries(lines) }), Object.fromEntries(lower));
    });
  }

  for (const [path, origin, wants, status, wanted] of preflights) {
    test(`a preflight of ${origin} at /${path}/ that asks for ${wants}`, async () => {
      const headers = { Origin: origin, "Access-Control-Request-Method": "POST",
                        ...(wants ? { [asked]: wants } : {}) };
      for (const query of [polling, `${polling}&sid=nope`, ""]) {
        const response = await get(server, `/${path}/`, query, { method: "OPTIONS", headers });
        assert.deepEqual([response.status, response.body], [status, ""]);
        assert.deepEqual(sharing(response), wanted);
      }
    });
  }

  test("an origin with control characters is a bad request", async () => {
    const connection = await RawConnection.open(server().port);
    await connection.send(`GET /cors-any/?${polling} HTTP/1.1\r\nHost: x\r\nOrigin: http://a\x01\r\n\r\n`);
    assert.ok(await connection.untilResponses(1));
    assert.equal(connection.responses()[0].status, 400);
    assert.equal(connection.responses()[0].headers["access-control-allow-origin"], undefined);
    connection.destroy();
  });
});

// [what the hook decides, status and body on polling, status and body of an upgrade].
const words = 'not "you"';
const decisions = [
  ["yes", [200], [101]],
  ["later", [200], [101]],
  ["thread", [200], [101]],
  ["twice", [200], [101]],
  ["no", [403, '{"code":4,"message":"Forbidden"}'], [400, "Forbidden"]],
  ["no-later", [403, '{"code":4,"message":"Forbidden"}'], [400, "Forbidden"]],
  ["lost", [403, '{"code":4,"message":"Forbidden"}'], [400, "Forbidden"]],
  ["words", [403, JSON.stringify({ code: 4, message: words })], [400, words]],
];

forEachServer("options_server", "Engine.IO options: who may come", (server, name) => {
  for (const [wish, polled, upgraded] of decisions) {
    test(`${wish}: polling`, async () => {
      const { status, body } = await get(server, "/allow/", `${polling}&allow=${wish}`);
      assert.deepEqual([status, body].slice(0, polled.length), polled);
    });
    test(`${wish}: upgrade`, async () => {
      const { status, body } = await upgrade(server, `/allow/?${websocket}&allow=${wish}`);
      assert.deepEqual([status, body].slice(0, upgraded.length), upgraded);
    });
  }

  test("requests within a session are not asked about", async () => {
    const place = at(server, "allow");
    const session = await PollingSession.open(place, { query: `${polling}&allow=later` });
    assert.equal((await session.post("4x")).status, 200);
    assert.deepEqual((await session.poll()).packets, ["4x"]);
    const socket = await session.websocket();
    await socket.send(textFrame("2probe"));
    assert.deepEqual(await socket.next(), ["text", "3probe"]);
    socket.destroy();
  });

  test("what is refused for itself is not asked about", async () => {
    const { status } = await get(server, "/allow/", "EIO=4&transport=smoke&allow=never");
    assert.equal(status, 400);
  });

  if (name === "coterie") {
    test("frames that come while an upgrade is being decided are read after it", async () => {
      const socket = await RawWebSocket.open(server().port, `/allow/?${websocket}&allow=late`,
                                             { glued: textFrame("4early") });
      const [, opening] = await socket.next();
      assert.match(opening, /^0\{/);
      assert.deepEqual(await socket.next(), ["text", "4early"]);
      await socket.send(textFrame("4on time"));
      assert.deepEqual(await socket.next(), ["text", "4on time"]);
      socket.destroy();
    });

    test("an upgrade that nobody decides is given up", async () => {
      const connection = await RawConnection.open(server().port);
      await connection.send(upgradeRequest(`/allow/?${websocket}&allow=never`));
      assert.ok(await connection.untilClosed(5000));
      assert.equal(connection.text, "");
    });

    test("a client that has left when the decision comes gets no session", async () => {
      const before = await opened(server);
      for (const leave of ["destroy", "reset"]) {
        for (const head of [upgradeRequest(`/allow/?${websocket}&allow=late`),
                            `GET /allow/?${polling}&allow=late HTTP/1.1\r\nHost: x\r\n\r\n`]) {
          const connection = await RawConnection.open(server().port);
          await connection.send(head);
          await sleep(50);
          connection[leave]();
        }
      }
      await sleep(500);
      assert.equal(await opened(server), before);
      await PollingSession.open(at(server, "allow"), { query: `${polling}&allow=yes` });
      assert.equal(await opened(server), before + 1);
    });

    test("a flood behind an undecided upgrade waits without being read", async () => {
      const connection = await RawConnection.open(server().port);
      await connection.send(upgradeRequest(`/allow/?${websocket}&allow=late`));
      const flood = Array(300).fill(textFrame(`4${"x".repeat(1000)}`));
      connection.socket.write(Buffer.concat(flood));
      const echoes = flood.length * 1004;
      assert.ok(await connection.until(() => connection.received.length > echoes));
      connection.destroy();
    });
  }
});

// -- POSTs that do not come to their end --

forEachServer("options_server", "Engine.IO: a POST under way", (server, name) => {
  const half = (session) =>
    `POST ${session.target()} HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n4half`;
  const unknown = '{"code":1,"message":"Session ID unknown"}';

  test("a second one ends the session and cuts the first", async () => {
    const session = await PollingSession.open(at(server, "plain"));
    const first = await RawConnection.open(server().port);
    await first.send(half(session));
    await sleep(50);
    const second = await session.post("4x");
    assert.deepEqual([second.status, second.body], [400, ""]);
    assert.ok(await first.untilClosed());
    assert.equal(first.text, "");
    assert.equal((await session.poll()).body, unknown);
  });

  test("a second one that is as slow does so, too", async () => {
    const session = await PollingSession.open(at(server, "plain"));
    const first = await RawConnection.open(server().port);
    await first.send(half(session));
    await sleep(50);
    const second = await RawConnection.open(server().port);
    await second.send(half(session));
    assert.ok(await second.untilResponses(1));
    assert.equal(second.responses()[0].status, 400);
    assert.ok(await first.untilClosed());
    assert.equal((await session.poll()).body, unknown);
    second.destroy();
  });

  for (const leave of ["destroy", "reset"]) {
    test(`a client that leaves (${leave}) in the middle of it has left for good`, async () => {
      const session = await PollingSession.open(at(server, "plain"));
      const connection = await RawConnection.open(server().port);
      await connection.send(half(session));
      await sleep(50);
      connection[leave]();
      await sleep(50);
      assert.equal((await session.poll()).body, unknown);
    });
  }

  test("one that grows too large is refused, and the session lives", async () => {
    const session = await PollingSession.open(at(server, "plain"));
    const connection = await RawConnection.open(server().port);
    await connection.send(`POST ${session.target()} HTTP/1.1\r\nHost: x\r\n` +
                          "Transfer-Encoding: chunked\r\n\r\n5\r\n4half\r\n");
    await sleep(50);
    connection.socket.write(`10000\r\n${"x".repeat(0x10000)}\r\n`.repeat(20));
    assert.ok(await connection.untilResponses(1));
    assert.equal(connection.responses()[0].status, 413);
    connection.destroy();
    const alive = expected(name, { coterie: 200, node: undefined, why: "Node sees the POST cut" });
    if (alive) assert.equal((await session.post("4x")).status, alive);
  });

  test("one that takes its time is a POST like any other, again and again", async () => {
    const session = await PollingSession.open(at(server, "plain"));
    const connection = await RawConnection.open(server().port);
    for (let i = 0; i < 3; ++i) {
      await connection.send(`POST ${session.target()} HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\n`);
      await sleep(20);
      await connection.send("4a");
      await sleep(20);
      await connection.send("bcde");
      assert.ok(await connection.untilResponses(i + 1));
      assert.equal(connection.responses()[i].body, "ok");
      assert.deepEqual((await session.poll()).packets, ["4abcde"]);
    }
    connection.destroy();
    await sleep(20);
    assert.ok(await session.isAlive());
  });

  for (const method of ["HEAD", "OPTIONS"]) {
    test(`${method} with a session is no method`, async () => {
      const session = await PollingSession.open(at(server, "plain"));
      assert.equal((await session.request({ method })).status, 500);
      assert.ok(await session.isAlive());
    });
  }
});
