// How a session begins, and every way in which it must not (Engine.IO v4).
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";

import { openWebSocket, PollingSession } from "../support/engineio.mjs";
import { expected, forEachServer } from "../support/examples.mjs";
import { RawConnection, request } from "../support/http.mjs";
import { upgradeRequest } from "../support/websocket.mjs";

const refusals = {
  0: "Transport unknown",
  1: "Session ID unknown",
  2: "Bad handshake method",
  3: "Bad request",
  5: "Unsupported protocol version",
};
const answers = (code) => ({
  status: 400,
  type: "application/json",
  body: `{"code":${code},"message":"${refusals[code]}"}`,
});
const opens = { status: 200, type: "text/plain; charset=UTF-8", body: "open" };

// Requests that are no upgrade: [what, query, expected, method].
const plain = [
  ["the handshake", "EIO=4&transport=polling", opens],
  ["unknown query parameters are none of our business", "EIO=4&transport=polling&t=x&b=1", opens],
  ["an empty sid is none", "EIO=4&transport=polling&sid=", opens],
  ["percent-encoded values", "EIO=%34&transport=poll%69ng", opens],
  ["of a repeated key the last counts", "EIO=3&EIO=4&transport=x&transport=polling", opens],
  ["no transport", "EIO=4", answers(0)],
  ["no query", "", answers(0)],
  ["an empty transport", "EIO=4&transport=", answers(0)],
  ["an unknown transport", "EIO=4&transport=smoke", answers(0)],
  ["a transport that is off", "EIO=4&transport=webtransport", answers(0)],
  ["transport in capitals", "EIO=4&transport=Polling", answers(0)],
  ["transport __proto__", "EIO=4&transport=__proto__", answers(0)],
  ["transport constructor", "EIO=4&transport=constructor", answers(0)],
  ["transport toString", "EIO=4&transport=toString", answers(0)],
  ["an unknown sid", "EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAAAAAA", answers(1)],
  ["a short sid", "EIO=4&transport=polling&sid=nope", answers(1)],
  ["a sid of 5000 characters", `EIO=4&transport=polling&sid=${"A".repeat(5000)}`, answers(1)],
  ["sid __proto__", "EIO=4&transport=polling&sid=__proto__", answers(1)],
  ["a sid with NUL", "EIO=4&transport=polling&sid=%00", answers(1)],
  ["POST without a session", "EIO=4&transport=polling", answers(2), "POST"],
  ["PUT without a session", "EIO=4&transport=polling", answers(2), "PUT"],
  ["DELETE without a session", "EIO=4&transport=polling", answers(2), "DELETE"],
  ["OPTIONS without CORS", "EIO=4&transport=polling", answers(2), "OPTIONS"],
  ["websocket without an upgrade", "EIO=4&transport=websocket", answers(3)],
  ["revision 2", "EIO=2&transport=polling", answers(5)],
  ["no revision", "transport=polling", answers(5)],
  ["an empty revision", "EIO=&transport=polling", answers(5)],
  ["revision abc", "EIO=abc&transport=polling", answers(5)],
];

// Upgrades that are refused: [what, query, headers, message].
const key = { "Sec-WebSocket-Key": undefined };
const upgrades = [
  ["an unknown transport", "EIO=4&transport=smoke", {}, "Transport unknown"],
  ["transport __proto__", "EIO=4&transport=__proto__", {}, "Transport unknown"],
  ["transport constructor", "EIO=4&transport=constructor", {}, "Transport unknown"],
  ["an empty transport", "EIO=4&transport=", {}, "Transport unknown"],
  ["an unknown sid", "EIO=4&transport=websocket&sid=nope", {}, "Session ID unknown"],
  ["no key", "EIO=4&transport=websocket", key,
   "Missing or invalid Sec-WebSocket-Key header"],
  ["a key that is none", "EIO=4&transport=websocket", { "Sec-WebSocket-Key": "abc" },
   "Missing or invalid Sec-WebSocket-Key header"],
  ["version 12", "EIO=4&transport=websocket", { "Sec-WebSocket-Version": "12" },
   "Missing or invalid Sec-WebSocket-Version header"],
  ["no revision", "transport=websocket", {},
   { coterie: "Unsupported protocol version", node: undefined,
     why: "Node upgrades first and writes the refusal behind its 101" }],
];

async function seen(url, method) {
  const { status, headers, body } = await request(url, { method });
  return { status, type: headers["content-type"], body: body.startsWith("0{") ? "open" : body };
}

forEachServer("conformance", "Engine.IO handshake", (server, name) => {
  for (const [what, query, same, method = "GET"] of plain) {
    test(`${method}: ${what}`, async () => {
      assert.deepEqual(await seen(`${server().echo.url}/engine.io/?${query}`, method), same);
    });
  }

  test("the open packet has exactly the fields of the protocol, in order", async () => {
    const { opening, sid } = await PollingSession.open(server().echo);
    assert.match(sid, /^[A-Za-z0-9_-]{20}$/);
    assert.equal(opening.body, `0{"sid":"${sid}","upgrades":["websocket"],"pingInterval":300,` +
                               `"pingTimeout":200,"maxPayload":1000000}`);
    assert.equal(opening.headers["cache-control"], "no-store");
    assert.equal(opening.headers["content-length"], String(opening.bytes.length));
    assert.equal(opening.headers["access-control-allow-origin"], undefined);
    assert.equal(opening.headers["set-cookie"], undefined);
  });

  test("a session that begins on WebSocket offers no upgrade", async () => {
    const socket = await openWebSocket(server().echo);
    assert.deepEqual(Object.keys(socket.handshake),
                     ["sid", "upgrades", "pingInterval", "pingTimeout", "maxPayload"]);
    assert.deepEqual(socket.handshake.upgrades, []);
    socket.destroy();
  });

  test("no two of fifty sessions share the middle of their sids, which is chance", async () => {
    const opened = [];
    for (let i = 0; i < 50; ++i) opened.push((await PollingSession.open(server().echo)).sid);
    assert.equal(new Set(opened.map((sid) => sid.slice(4, 16))).size, 50);
  });

  test("an Origin changes nothing while CORS is off", async () => {
    const headers = { Origin: "http://evil.example" };
    const session = await PollingSession.open(server().echo, { headers });
    assert.deepEqual(Object.keys(session.opening.headers).filter((each) => /^access-/.test(each)),
                     []);
  });

  test("the path is compared by its beginning", async () => {
    const { url } = server().echo;
    const query = "?EIO=4&transport=polling";
    assert.equal((await request(`${url}/engine.io/default/x${query}`)).status, 200);
    assert.equal((await request(`${url}/engine.io${query}`)).status, 404);
    assert.equal((await request(`${url}/engine.iox/${query}`)).status, 404);
    assert.equal((await request(`${url}/${query}`)).status, 404);
  });

  for (const [what, query, headers, message] of upgrades) {
    const wanted = expected(name, message);
    if (wanted === undefined) continue;
    test(`upgrade: ${what}`, async () => {
      const connection = await RawConnection.open(server().echo.port);
      await connection.send(upgradeRequest(`/engine.io/?${query}`, { headers }));
      assert.ok(await connection.untilClosed(), "the connection must be closed");
      const [response, ...more] = connection.responses();
      assert.equal(more.length, 0);
      assert.equal(response.status, 400);
      assert.equal(response.headers["content-type"], "text/html");
      assert.equal(response.headers.connection.toLowerCase(), "close");
      assert.equal(response.body, wanted);
    });
  }

  test("upgrade: a wrong version is told which would be right", async () => {
    const connection = await RawConnection.open(server().echo.port);
    const headers = { "Sec-WebSocket-Version": "7" };
    await connection.send(upgradeRequest("/engine.io/?EIO=4&transport=websocket", { headers }));
    await connection.untilClosed();
    assert.match(connection.responses()[0].headers["sec-websocket-version"], /\b13\b/);
  });

  test("fifty refused upgrades whose client resets at once leave the server well", async () => {
    for (let i = 0; i < 50; ++i) {
      const connection = await RawConnection.open(server().echo.port);
      connection.socket.write(upgradeRequest("/engine.io/?EIO=4&transport=smoke"));
      connection.reset();
    }
    await PollingSession.open(server().echo);
  });
});
