// kill -9 in the middle of sending: what was answered 201 is there, once, and in order; what was
// not answered is sent again, and is there once as well.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { useServer } from "../support/coterie.mjs";
import { until } from "../support/process.mjs";
import { closeSockets, connectSocket } from "../support/sockets.mjs";

const rounds = Number(process.env.COTERIE_KILLS ?? 10); // By hand: a hundred.
const writers = 8;

let alice, bobby, group;
const server = useServer({
  async setUp(started) {
    alice = await started.user("alice1");
    bobby = await started.user("bobby1");
    group = await started.rest.group(alice, [bobby]);
  },
});

// A text under its own words as its name.
const send = (writer, content) => server().rest.post("/api/conversation/group/message/text", {
  token: (writer % 2 ? alice : bobby).token,
  json: { groupId: group.id, content, clientMsgId: content },
});

// Sends texts until the server is gone. Returns what it was told of: `sent` is all it tried,
// `answered` maps the contents answered 201 to their ids.
async function write(writer, round, { sent, answered }) {
  for (let i = 0; ; ++i) {
    const content = `${round}/${writer}/${i}`;
    sent.add(content);
    const answer = await send(writer, content).catch(() => undefined);
    // While it dies it may refuse; what it accepts it must keep.
    if (answer?.status !== 201) return assert.ok(!answer || answer.status === 503, answer?.text);
    answered.set(content, answer.body.data.id);
  }
}

// What was sent and not answered is sent again: how many of those had been stored.
async function sendAgain({ sent, answered }) {
  let repeats = 0;
  for (const content of [...sent].filter((each) => !answered.has(each))) {
    const { status, text, body } = await send(Number(content.split("/")[1]), content);
    assert.ok(status === 200 || status === 201, text);
    repeats += status === 200 ? 1 : 0;
    answered.set(content, body.data.id);
  }
  return repeats;
}

async function wholeHistory() {
  const all = [];
  for (let cursor = "";;) {
    const path = `/api/conversation/group/message/list?groupId=${group.id}&size=100${cursor}`;
    const page = await server().rest.data("GET", path, { token: alice.token });
    if (page.length === 0) return all;
    all.push(...page);
    cursor = `&cursorId=${page.at(-1).id}`;
  }
}

// Random moments, but the same in every run: a failure can be looked at again.
const moments = Array.from({ length: rounds }, (_, i) => 60 + ((i * 7919) % 340));

test(`${rounds} times killed while ${writers} writers send: nothing lost, nothing twice`,
  { timeout: 60_000 + rounds * 12_000 },
  async (context) => {
    const log = { sent: new Set(), answered: new Map() };
    let repeats = 0;
    const pushed = new Map(); // By content: the id that clients were told.
    const reconnecting = { reconnection: true, reconnectionDelay: 20, reconnectionDelayMax: 100 };
    const sockets = [
      await connectSocket(server().url, { auth: { token: alice.token }, ...reconnecting }),
      await connectSocket(server().url, { auth: { token: bobby.token }, ...reconnecting,
                                          transports: ["websocket"] }),
    ];
    for (let round = 0; round < rounds; ++round) {
      const running = Array.from({ length: writers }, (_, writer) => write(writer, round, log));
      await sleep(moments[round]);
      await server().kill();
      await Promise.all(running);
      await server().startAgain();
      assert.deepEqual(server().sql("PRAGMA integrity_check"), [{ integrity_check: "ok" }]);
      assert.deepEqual(server().sql("PRAGMA foreign_key_check"), []);
      for (const socket of sockets) {
        await socket.event("connect", round + 1);
        assert.deepEqual(socket.events("authFail"), [], "a log-in was lost");
      }
      repeats += await sendAgain(log);
    }
    // Clients that came back by themselves hear what is sent now.
    const last = await server().rest.text(alice.token, group.id, "the end");
    for (const socket of sockets) {
      await until(() => socket.events(`group-message:${group.id}`).some(([{ id }]) => id === last.id));
      for (const [{ id, content }] of socket.events(`group-message:${group.id}`)) {
        pushed.set(content, id);
      }
      const ids = socket.events(`group-message:${group.id}`).map(([{ id }]) => id);
      assert.deepEqual(ids, [...ids].sort((a, b) => a - b), "pushes out of order");
    }
    closeSockets();

    const rows = server().sql("SELECT id, content, seq FROM group_message ORDER BY id");
    assert.deepEqual(rows.map(({ seq }) => seq), rows.map((_, i) => i + 1), "numbers without a gap");
    const byContent = new Map(rows.map((row) => [row.content, row.id]));
    assert.equal(byContent.size, rows.length, "a message is there twice");
    for (const [content, id] of log.answered) {
      assert.equal(byContent.get(content), id, `${content} was answered 201 with id ${id}`);
    }
    for (const [content, id] of pushed) {
      assert.equal(byContent.get(content), id, `${content} was pushed with id ${id}`);
    }
    assert.deepEqual(new Set(byContent.keys()), new Set([...log.sent, "the end"]));
    const history = await wholeHistory();
    assert.deepEqual(history.map(({ id }) => id), rows.map(({ id }) => id).reverse());
    // Each writer's own messages are in the order in which it sent them.
    for (let writer = 0; writer < writers; ++writer) {
      const own = rows.map(({ content }) => content.split("/").map(Number))
        .filter(([, by]) => by === writer).map(([round, , i]) => round * 1_000_000 + i);
      assert.deepEqual(own, [...own].sort((a, b) => a - b));
    }
    assert.ok(log.answered.size > rounds * writers, `only ${log.answered.size} were answered`);
    context.diagnostic(`${log.sent.size} sent, all answered in the end, ${repeats} of them had been ` +
                       `stored without an answer; ${rows.length} stored`);
  });

test("killed while it serves uploads: whole files or none, and no leftovers after the start",
  { timeout: 120_000 },
  async () => {
    const { readdirSync } = await import("node:fs");
    const { join } = await import("node:path");
    const { request } = await import("../support/http.mjs");
    const { pictureOf } = await import("../support/rest.mjs");
    const size = 2_000_000;
    const answered = [];
    for (let round = 0; round < 3; ++round) {
      const upload = async () => {
        for (;;) {
          const answer = await server().rest.post("/api/conversation/group/message/image", {
            token: alice.token, form: [["file", pictureOf(size)], ["groupId", `${group.id}`]],
          }).catch(() => undefined);
          if (answer?.status !== 201) return;
          answered.push(answer.body.data);
        }
      };
      const running = Array.from({ length: 4 }, upload);
      await sleep(150 + round * 70);
      await server().kill();
      await Promise.all(running);
      await server().startAgain();
    }
    assert.ok(answered.length > 0);
    const files = new Map(server().sql("SELECT id, path FROM file").map((row) => [row.id, row.path]));
    for (const { id, fileId } of answered) {
      assert.ok(files.has(fileId), `the file of message ${id}`);
      const [message] = await server().rest.data(
        "GET", `/api/conversation/group/message/list?groupId=${group.id}&size=1&cursorId=${id + 1}`,
        { token: alice.token });
      assert.equal(message.id, id);
      assert.equal((await request(message.file.url)).bytes.length, size);
    }
    // Half files are in a folder of their own, and are gone when the server has started.
    const uploads = join(server().data, "files", "uploads");
    await until(() => readdirSync(uploads).length === 0, () => `in uploads: ${readdirSync(uploads)}`);
  });
