// The view of operators: for administrators only, and what it tells is so.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";

import { password, useServer } from "../support/coterie.mjs";
import { assertFailure } from "../support/rest.mjs";
import { closeSocketsAfterEach, connectSocket } from "../support/sockets.mjs";

let alice, bobby, olga;
const server = useServer({
  async setUp(started) {
    alice = await started.user("alice1");
    bobby = await started.user("bobby1");
    await started.command("user", "add", "olga_ops", "--admin", "--password", password,
                          "--email", "olga@example.com");
    olga = { username: "olga_ops", token: await started.token("olga_ops") };
  },
});
closeSocketsAfterEach();

const asked = (path, who = olga) =>
  server().rest.data("GET", `/api/admin${path}`, { token: who.token });
const connect = (who) => connectSocket(server().url, { auth: { token: who.token } });

test("nobody but an administrator is told anything", async () => {
  for (const path of ["", "/users", "/groups", "/connections"]) {
    const answer = await server().rest.call("GET", `/api/admin${path}`, { token: alice.token });
    assertFailure(answer, 403, "you are not an administrator", "not_admin");
    const stranger = await server().rest.call("GET", `/api/admin${path}`);
    assertFailure(stranger, 401, "unauthorized", "unauthorized");
  }
  const ending = { token: alice.token, json: { id: "x" } };
  const answer = await server().rest.call("POST", "/api/admin/disconnect", ending);
  assertFailure(answer, 403, "you are not an administrator", "not_admin");
});

test("only administrators are told that they are", async () => {
  const profile = (who) => server().rest.data("GET", "/api/user", { token: who.token });
  assert.equal((await profile(olga)).isAdmin, true);
  assert.ok(!("isAdmin" in (await profile(alice))));
});

test("users and groups are counted and listed, the newest first", async () => {
  const group = await server().rest.group(alice, [bobby]);
  await server().rest.text(alice.token, group.id, "hello");
  const now = await asked("");
  assert.deepEqual([now.users, now.groups, now.messages], [3, 1, 1]);
  assert.deepEqual((await asked("/users")).map(({ username, isAdmin }) => [username, isAdmin]),
                   [["olga_ops", true], ["bobby1", false], ["alice1", false]]);
  const [listed] = await asked("/groups");
  assert.deepEqual([listed.name, listed.owner, listed.members], [group.name, "alice1", 2]);
});

test("connections are counted, listed with who and from where, and can be ended", async () => {
  const phone = await connect(bobby);
  const laptop = await connect(bobby);
  assert.equal((await asked("")).connections, 2);
  const listed = await asked("/connections");
  assert.deepEqual(listed.map(({ id }) => id).sort(), [phone.id, laptop.id].sort());
  for (const { username, address, userId } of listed) {
    assert.deepEqual([username, address, userId], ["bobby1", "127.0.0.1", bobby.id]);
  }
  const gone = new Promise((resolve) => phone.once("disconnect", resolve));
  phone.io.reconnection(false);
  await server().rest.data("POST", "/api/admin/disconnect", { token: olga.token, json: { id: phone.id } });
  await gone;
  assert.deepEqual((await asked("/connections")).map(({ id }) => id), [laptop.id]);
  assert.ok(laptop.connected);
});

test("what is delivered is counted, once for each who hears it", async () => {
  const group = await server().rest.group(alice, [bobby]);
  const sockets = [await connect(alice), await connect(bobby)];
  const heard = sockets.map((socket) => socket.event(`group-message:${group.id}`));
  const before = (await asked("")).delivered;
  await server().rest.text(alice.token, group.id, "hello");
  await Promise.all(heard);
  assert.equal((await asked("")).delivered, before + 2);
});
