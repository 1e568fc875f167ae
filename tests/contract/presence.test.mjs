// Who is online, and who is typing: for those who watch, and for members only.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";

import { useServer } from "../support/coterie.mjs";
import { until } from "../support/process.mjs";
import { ask, closeSocketsAfterEach, connectSocket } from "../support/sockets.mjs";

let alice, bobby, carol, stranger, group;
const server = useServer({
  env: { COTERIE_PRESENCE_GRACE_SECONDS: "2" },
  async setUp(started) {
    alice = await started.user("alice1");
    bobby = await started.user("bobby1");
    carol = await started.user("carol1");
    stranger = await started.user("dave_1");
    group = await started.rest.group(alice, [bobby, carol]);
  },
});
closeSocketsAfterEach();

// By WebSocket: a client between two polls may miss what is volatile.
const connect = (who) =>
  connectSocket(server().url, { auth: { token: who.token }, transports: ["websocket"] });
const changes = (socket) => socket.events(`presence:${group.id}`).map(([change]) => change);
const watch = async (socket) => (await ask(socket, "watch-presence", { groupId: group.id }))[0];
const seen = (socket, who, half) =>
  until(() => changes(socket).some((change) => change[half].includes(who.id)),
        () => `${who.username} ${half}: ${JSON.stringify(changes(socket))}`);
// Nobody of an earlier test is said to be online any more.
const alone = async (socket) =>
  until(async () => (await watch(socket)).online.length === 1, () => "the others are gone");

test("who watches is told who is online, then who comes and who goes", async () => {
  const here = await connect(alice);
  assert.deepEqual(await watch(here), { online: [alice.id] });
  const phone = await connect(bobby);
  await seen(here, bobby, "online");
  const laptop = await connect(bobby);
  assert.deepEqual(await watch(laptop), { online: [alice.id, bobby.id].sort((a, b) => a - b) });
  phone.disconnect();
  const third = await connect(carol);
  await seen(here, carol, "online");
  third.disconnect();
  await seen(here, carol, "offline");
  assert.ok(!changes(here).some(({ offline }) => offline.includes(bobby.id)), "one is still there");
  laptop.disconnect();
  await seen(here, bobby, "offline");
});

test("a page that is loaded anew is not seen", async () => {
  const here = await connect(alice);
  await alone(here);
  let page = await connect(bobby);
  await seen(here, bobby, "online");
  page.disconnect();
  page = await connect(bobby);
  const other = await connect(carol);
  await seen(here, carol, "online");
  other.disconnect();
  await seen(here, carol, "offline"); // Later than bobby would have been said to be.
  const ofBobby = changes(here).filter(({ online, offline }) =>
    online.includes(bobby.id) || offline.includes(bobby.id));
  assert.equal(ofBobby.length, 1, JSON.stringify(changes(here)));
});

test("who has stopped watching hears nothing more", async () => {
  const here = await connect(alice);
  await alone(here);
  const still = await connect(alice);
  await watch(still);
  assert.deepEqual(await ask(here, "unwatch-presence", { groupId: group.id }), [{}]);
  await connect(bobby);
  await seen(still, bobby, "online");
  await ask(here, "unwatch-presence", { groupId: group.id });
  const heard = changes(here).filter(({ online }) => online.includes(bobby.id));
  assert.deepEqual(heard, []);
});

test("members only, of presence as of typing; and what makes no sense is told", async () => {
  const outside = await connect(stranger);
  const refusal = { status: "error", message: "you are not in the group!" };
  for (const event of ["watch-presence", "typing"]) {
    assert.deepEqual(await ask(outside, event, { groupId: group.id }), [refusal]);
    for (const nonsense of [{}, { groupId: "x" }, { groupId: {} }, 7, null, "x", []]) {
      const [{ status, message }] = await ask(outside, event, nonsense);
      assert.deepEqual([status, message], ["error", "groupId must be an integer number"]);
    }
  }
  assert.deepEqual(outside.events("exception")[0], [refusal]);
});

test("a member who has just joined may watch, and is seen", async () => {
  const here = await connect(alice);
  await watch(here);
  const eve = await server().user("evelyn");
  const socket = await connect(eve);
  await server().rest.data("POST", "/api/group/join",
                           { token: eve.token, json: { code: group.inviteCode } });
  await seen(here, eve, "online");
  await until(async () => (await watch(socket)).online?.includes(eve.id), () => "she may watch");
});

test("typing is heard by the others, once a second and group", async () => {
  const mine = await connect(alice);
  const myPhone = await connect(alice);
  const theirs = await connect(bobby);
  const typed = (socket) => socket.events(`typing:${group.id}`);
  const begin = performance.now();
  for (let i = 0; i < 5; ++i) assert.deepEqual(await ask(mine, "typing", { groupId: group.id }), [{}]);
  await theirs.event(`typing:${group.id}`);
  await server().rest.text(alice.token, group.id, "and here it is");
  for (const socket of [mine, myPhone, theirs]) await socket.event(`group-message:${group.id}`);
  const most = Math.ceil((performance.now() - begin) / 1000);
  assert.ok(typed(theirs).length <= most, `${typed(theirs).length} of five, in less than ${most} s`);
  assert.deepEqual(typed(theirs)[0], [{ userId: alice.id }]);
  assert.deepEqual([...typed(mine), ...typed(myPhone)], []);
  const before = typed(theirs).length;
  await until(async () => {
    await ask(mine, "typing", { groupId: group.id });
    return typed(theirs).length > before;
  }, () => "a second later it is heard again");
});
