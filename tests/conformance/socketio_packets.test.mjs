// Socket.IO v5 packet by packet, over a bare WebSocket: what is answered, and what ends in a close.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { PollingSession, separator } from "../support/engineio.mjs";
import { expected, forEachServer } from "../support/examples.mjs";
import { RawClient } from "../support/socketio.mjs";
import { frame } from "../support/websocket.mjs";

const blob = (...bytes) => Buffer.from(bytes);
const place = (num) => `{"_placeholder":true,"num":${JSON.stringify(num)}}`;
const nested = (depth) => "[".repeat(depth) + "]".repeat(depth);

// Packets in, packets out, once "/" has been joined.
const answered = [
  ["an event", ['2["message"]'], ['2["message-back"]']],
  ["an event with arguments", ['2["message",1,"2",{"3":[true,null]}]'],
   ['2["message-back",1,"2",{"3":[true,null]}]']],
  ["an ack", ['2456["message-with-ack",1,"2",{"3":[false]}]'], ['3456[1,"2",{"3":[false]}]']],
  ["an ack without arguments", ['20["message-with-ack"]'], ["30[]"]],
  ["the largest ack id", ['29007199254740991["message-with-ack",1]'], ["39007199254740991[1]"]],
  ["an event with attachments",
   [`52-["message",${place(0)},${place(1)}]`, blob(1, 2, 3), blob(4, 5, 6)],
   [`52-["message-back",${place(0)},${place(1)}]`, blob(1, 2, 3), blob(4, 5, 6)]],
  ["an ack with attachments",
   [`52-789["message-with-ack",${place(0)},${place(1)}]`, blob(1), blob(2)],
   [`62-789[${place(0)},${place(1)}]`, blob(1), blob(2)]],
  ["an attachment deep inside", [`51-["message",{"a":[{"b":${place(0)}}]}]`, blob(9)],
   [`51-["message-back",{"a":[{"b":${place(0)}}]}]`, blob(9)]],
  ["an empty attachment", [`51-["message",${place(0)}]`, blob()],
   [`51-["message-back",${place(0)}]`, blob()]],
  ["ten attachments", [`510-["message",${Array.from({ length: 10 }, (_, i) => place(i))}]`,
                       ...Array.from({ length: 10 }, (_, i) => blob(i))],
   [`510-["message-back",${Array.from({ length: 10 }, (_, i) => place(i))}]`,
    ...Array.from({ length: 10 }, (_, i) => blob(i))]],
  ["unknown events are ignored", ['2["nobody-listens",1]', '2["message",2]'],
   ['2["message-back",2]']],
  ["an event called error (CVE-2024-38355)", ['2["error",{"message":"x"}]', '2["message",2]'],
   ['2["message-back",2]']],
  ["a number as an event's name", ['2[1,"x"]', '2["message",2]'], ['2["message-back",2]']],
  ["an ack nobody waits for", ['399["x"]', '2["message",2]'], ['2["message-back",2]']],
  ["namespace / by name", ['2/,["message",2]'], ['2["message-back",2]']],
  ["spaces behind the payload", ['2["message",2]  '], ['2["message-back",2]']],
];

// JSON through and back: [in, out]; out is the same unless it is given.
const values = [
  ["0"], ["-1"], ["1.5"], ["0.1"], ["1e2", "100"], ["1.0", "1"], ["123456789.123"], ["-0.25"],
  ["9007199254740991"], ["-9007199254740991"], ["true"], ["false"], ["null"], ['""'], ["[]"], ["{}"],
  ['"\\u00e9"', '"é"'], ['"\\ud83d\\ude00"', '"😀"'], ['"你好 😀 é"'], ['"\\"\\\\/\\b\\f\\n\\r\\t"'],
  ['"\\u0000\\u001f"'], ['"\\/"', '"/"'], ['"\u2028\u2029"'], ['{"b":1,"a":2,"":3,"__proto__":4}'],
  ['{"a":1,"a":2}', '{"a":2}'], [' [ 1 , { "a" : 2 } ] ', '[1,{"a":2}]'], [nested(60)],
  ["12345678901234567890",
   { coterie: "12345678901234567890", node: "12345678901234567000", why: "we lose no digits" }],
  ['{"2":1,"1":2}',
   { coterie: '{"2":1,"1":2}', node: '{"1":2,"2":1}', why: "JavaScript sorts such keys" }],
];

// Numbers that may be written in more than one way: the value must be the same.
const numbers = ["1e-7", "1e21", "1.7976931348623157e308", "5e-324", "0.30000000000000004", "1e16",
                 "-1.5e300"];

// Packets that end the connection, once "/" has been joined.
const closing = [
  ["an unknown type", ["7"]], ["a type of many digits", ["999"]], ["an empty packet", [""]],
  ["unfinished JSON", ['2["message","x"']], ["an id and unfinished JSON", ['242["some","data"']],
  ["JSON and more", ['2["message"]x']], ["an object as an event", ["2{}"]], ["a text", ['2"x"']],
  ["an event without a name", ["2[]"]], ["null as a name", ['2[null,"bar"]']],
  ["a boolean as a name", ['2[true,"foo"]']],
  ["an object as a name (CVE-2023-32695)", ['2[{"toString":"foo"}]']],
  ...["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"]
    .map((name) => [`the reserved event ${name}`, [`2["${name}"]`]]),
  ["a second CONNECT", ["0"]], ["a second CONNECT with a payload", ['0{"a":1}']],
  ["an array as a payload of CONNECT", ["0/custom,[]"]],
  ["a text as a payload of CONNECT", ['0/custom,"invalid"']],
  ["null as a payload of CONNECT", ["0/custom,null"]],
  ["a payload of DISCONNECT", ["1{}"]],
  ["a CONNECT_ERROR from a client", ['4{"message":"x"}']], ["a bare CONNECT_ERROR", ["4"]],
  ["an event for a namespace not joined", ['2/custom,["x"]']],
  ["an ack for a namespace not joined", ["3/custom,1[]"]],
  ["a DISCONNECT from a namespace not joined", ["1/custom,"]],
  ["a namespace cut by a comma", ["0/a,b,{}"]],
  ["an ack whose payload is no array", ['31{"a":1}']],
  ["attachments without a count", ["5"]], ["a count without a dash", ["51"]],
  ["a count that is none", ['5a-["message"]']], ["a broken count", ['51.23-["message"]']],
  ["a count of zero (CVE-2026-69185)", ['50-["message"]']],
  ["eleven attachments", [`511-["message",${place(0)}]`]],
  ["ten digits of attachments (CVE-2026-33151)", ['5999999999-["message"]']],
  ["binary nobody announced", [blob(1)]],
  ["text instead of an attachment", [`51-["message",${place(0)}]`, '2["message"]']],
  ...["splice", -1, 1, 1e9, null, true, [0]].map((num) =>
    [`attachment number ${JSON.stringify(num)} (CVE-2022-2421)`,
     [`51-["message",${place(num)}]`, blob(1)]]),
];
const closingHereOnly = [
  ["an event without a payload", ["2"], "Node delivers an event without a name"],
  ["an event with an id and no payload", ["212"], "as above"],
  ["an id beyond 2^53", ['29007199254740992["message-with-ack"]'], "Node rounds it"],
  ["an ack without an id", ["3[]"], "Node takes it for the ack of undefined"],
  ["half an attachment's number", [`51-["message",${place(0.5)}]`, blob(1)], "Node takes it"],
  ["nesting of 1000", [`2["message",${nested(1000)}]`], "a bound keeps every stack safe"],
  ["nesting of 400000", [`2["message",${nested(400_000)}]`], "it kills Node 4.8.4"],
];

forEachServer("conformance", "Socket.IO packets", (server, name) => {
  for (const [what, sent, wanted] of answered) {
    test(what, async () => {
      const client = await RawClient.connect(server());
      await client.send(...sent);
      for (const packet of wanted) assert.deepEqual(await client.next(), packet);
      client.destroy();
    });
  }

  for (const [sent, same = sent] of values) {
    test(`JSON ${sent.length > 40 ? `${sent.slice(0, 40)}…` : sent}`, async () => {
      const client = await RawClient.connect(server());
      await client.send(`2["message",${sent}]`);
      assert.equal(await client.next(), `2["message-back",${expected(name, same)}]`);
      client.destroy();
    });
  }

  test("numbers keep their value", async () => {
    const client = await RawClient.connect(server());
    for (const number of numbers) {
      await client.send(`2["message",${number}]`);
      assert.equal(JSON.parse((await client.next()).slice(1))[1], Number(number));
    }
    client.destroy();
  });

  const hereOnly = name === "coterie" ? closingHereOnly : [];
  for (const [what, sent] of [...closing, ...hereOnly]) {
    test(`closes at ${what}`, async () => {
      const client = await RawClient.connect(server());
      await client.send(...sent);
      assert.equal(await client.next(2000), "closed");
      client.destroy();
    });
  }

  for (const [what, packet] of [
    ["digits of a count", `5${"1".repeat(900_000)}-["x"]`],
    ["digits of an id", `2${"1".repeat(900_000)}["x"]`],
    ["a namespace", `0/${"a".repeat(900_000)},`],
    ["spaces", `2${" ".repeat(900_000)}`],
  ]) {
    if (name !== "coterie") continue; // Node takes some of them for namespaces and numbers.
    test(`900 KB of ${what} are refused at once (CVE-2020-36049)`, async () => {
      const client = await RawClient.connect(server());
      const begin = performance.now();
      await client.send(packet);
      const answer = await client.next();
      assert.ok(answer === "closed" || answer.startsWith("4/aaa"), answer.slice(0, 80));
      assert.ok(performance.now() - begin < 1000);
      client.destroy();
    });
  }

  test("an event behind DISCONNECT closes", async () => {
    const client = await RawClient.connect(server());
    await client.send("1");
    await client.send('2["message",1]'); // In the same segment Node ignores it.
    await sleep(20);
    await client.send('2["message",1]');
    assert.equal(await client.next(2000), "closed");
  });

  test("attachments are kept within their bound, and then let go", async () => {
    const attachment = frame("binary", Buffer.alloc(999_999)); // Masking takes its time.
    const client = await RawClient.connect(server());
    const before = server().child.memory();
    for (let round = 0; round < 5; ++round) {
      await client.send(`510-["nobody-listens",${place(0)}]`);
      for (let i = 0; i < 10; ++i) await client.socket.send(attachment);
    }
    await client.send('2["message",1]');
    assert.equal(await client.next(), '2["message-back",1]');
    if (name === "coterie") assert.ok(server().child.memory() - before < 32 << 20);
    client.destroy();
  });
});

forEachServer("conformance", "Socket.IO on polling", (server) => {
  const post = async (...bodies) => {
    const client = await PollingSession.open({ ...server(), path: "/socket.io/" });
    for (const body of bodies) await client.post(body);
    return client;
  };

  test("the whole life of a socket on polling", async () => {
    const client = await post("40");
    const [reply, event, ...more] = (await client.poll()).packets;
    assert.match(reply, /^40\{"sid":"[A-Za-z0-9_-]{20}"\}$/);
    assert.equal(event, '42["auth",{}]');
    assert.deepEqual(more, []);
    await client.post(`42["message",1]${separator}421["message-with-ack",2]`);
    assert.deepEqual((await client.poll()).packets, ['42["message-back",1]', "431[2]"]);
    await client.post(`451-["message",${place(0)}]${separator}bAQID`);
    assert.deepEqual((await client.poll()).packets, [`451-["message-back",${place(0)}]`, "bAQID"]);
    await client.post("41");
    await client.post("1");
    assert.equal((await client.poll()).status, 400);
  });

  for (const [what, body] of [
    ["an event before CONNECT", '42["message"]'],
    ["two CONNECTs", `40${separator}40`],
    ["a packet that is none", "4abc"],
  ]) {
    test(`${what}: the last poll says noop and close`, async () => {
      const client = await PollingSession.open({ ...server(), path: "/socket.io/" });
      if (what === "two CONNECTs") {
        await client.post("40");
        await client.poll();
        await client.post("40");
      } else {
        await client.post(body);
      }
      assert.equal((await client.poll()).body, `6${separator}1`);
      assert.equal((await client.poll()).status, 400);
    });
  }
});
