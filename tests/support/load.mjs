// People who use one chat in every way at once, and what they were told: members who talk, others
// who upload, log in, read history and ask for mail codes.
// SPDX-License-Identifier: MIT
import { Redis } from "ioredis";
import { setTimeout as sleep } from "node:timers/promises";

import { password } from "./coterie.mjs";
import { request } from "./http.mjs";
import { breaches, Member } from "./member.mjs";
import { until } from "./process.mjs";
import { pictureOf } from "./rest.mjs";

const patience = 60_000; // A database that is silent is waited for half a minute.
const pictureBytes = 100_000;

// What one kind of caller was told: how often it was done, refused (by code), or cut off.
class Account {
  done = 0;
  cut = 0;
  refused = {};

  refuse(code) {
    this.refused[code] = (this.refused[code] ?? 0) + 1;
  }

  toString() {
    const refused = Object.entries(this.refused).map(([code, count]) => `, ${count} ${code}`).join("");
    return `${this.done} done${refused}${this.cut ? `, ${this.cut} without an answer` : ""}`;
  }
}

export class Load {
  faults = [];
  pictures = new Map(); // Those that were acknowledged, by id.
  letters = new Set(); // Addresses of the codes that were.
  accounts = Object.fromEntries(["texts", "pictures", "log-ins", "pages", "codes"]
    .map((kind) => [kind, new Account()]));
  #isOver = true;
  #loops = [];
  #number = 0;

  // `stores`: {database, name, redis, post}; the database's name is `name`. `scale` multiplies
  // how many there are of each kind.
  static async start(server, stores, { random, scale = 1, pause = 300 }) {
    const load = new Load();
    Object.assign(load, { server, stores, scale, pause });
    const users = [];
    for (let i = 0; i < 6 * scale; ++i) users.push(await server.user(`talker${1000 + i}`));
    const [owner] = users;
    const group = await server.rest.group(owner, users.slice(1), "Talk");
    load.album = await server.rest.group(owner, users.slice(1), "Pictures");
    load.users = users;
    load.redis = new Redis({ port: stores.redis.port, commandTimeout: 2_000, retryStrategy: () => 200 });
    load.redis.on("error", () => {});
    load.members = users.map((user, i) => new Member({
      ...user, url: server.url, groups: [group.id], random,
      transports: i % 3 ? ["websocket"] : ["polling", "websocket"],
    }));
    load.group = group;
    await until(() => load.members.every(({ socket }) => socket.connected), () => server.log, 60_000);
    for (const member of load.members) {
      member.onAnswer = (code) =>
        code ? load.accounts.texts.refuse(code) : (load.accounts.texts.done += 1);
    }
    return load;
  }

  begin() {
    this.#isOver = false;
    for (const member of this.members) member.start(this.pause);
    for (let i = 0; i < this.scale; ++i) {
      const user = this.users[i];
      this.#repeat("pictures", () => this.#upload(user));
      this.#repeat("log-ins", () => this.#logIn(user));
      this.#repeat("pages", () => this.#read(user));
      this.#repeat("codes", () => this.#askForCode());
    }
  }

  async end() {
    this.#isOver = true;
    await Promise.all([...this.#loops.splice(0), ...this.members.map((member) => member.finish())]);
  }

  async close() {
    this.#isOver = true;
    this.redis.disconnect();
    for (const member of this.members) member.close();
  }

  // What has been done, by kind, and refused, by code, so far; and since then.
  counts() {
    const refused = {};
    for (const account of Object.values(this.accounts)) {
      for (const [code, count] of Object.entries(account.refused)) {
        refused[code] = (refused[code] ?? 0) + count;
      }
    }
    const done = Object.fromEntries(
      Object.entries(this.accounts).map(([kind, account]) => [kind, account.done]));
    return { done, refused };
  }

  since(before) {
    const more = (now, then) => Object.fromEntries(Object.entries(now)
      .map(([name, count]) => [name, count - (then[name] ?? 0)]).filter(([, count]) => count > 0));
    const now = this.counts();
    return { done: more(now.done, before.done), refused: more(now.refused, before.refused) };
  }

  #repeat(kind, act) {
    const account = this.accounts[kind];
    this.#loops.push((async () => {
      for (; !this.#isOver; await sleep(this.pause)) {
        const answer = await act().catch(() => undefined);
        if (answer === undefined) account.cut += 1;
        else if (answer.status === 503) account.refuse(answer.body.code);
        else if (answer.status < 300) account.done += 1;
        else this.faults.push(`${kind}: ${answer.status} ${answer.text}`);
      }
    })());
  }

  async #upload({ token }) {
    const form = [["file", pictureOf(pictureBytes)], ["groupId", `${this.album.id}`]];
    const answer = await this.server.rest.post("/api/conversation/group/message/image",
                                               { token, form, timeout: patience });
    if (answer.status === 201) this.pictures.set(answer.body.data.id, answer.body.data);
    return answer;
  }

  async #logIn({ username }) {
    const uid = `load-${++this.#number}`;
    const { rest } = this.server;
    const picture = await rest.get(`/api/auth/catpcha?uid=${uid}`, { timeout: patience });
    if (picture.status !== 200) return picture;
    const code = await this.redis.get(`login-code:${uid}`);
    const json = { loginName: username, password, code, uid };
    const answer = await rest.post("/api/auth/login", { json, timeout: patience });
    // Redis may have been killed between the two: then its captcha was wrong, and it says so.
    return code === null ? undefined : answer;
  }

  #read({ token }) {
    const path = `/api/conversation/group/message/list?groupId=${this.group.id}&size=30`;
    return this.server.rest.get(path, { token, timeout: patience });
  }

  async #askForCode() {
    const number = ++this.#number;
    const email = `load-${number}@example.com`;
    // One address would soon have had its share: these come through a proxy, from many.
    const headers = { "X-Forwarded-For": `198.51.${(number >> 8) % 256}.${number % 256}` };
    const answer = await this.server.rest.post("/api/auth/sendCode",
                                               { json: { email }, headers, timeout: patience });
    if (answer.status === 201) this.letters.add(email);
    return answer;
  }

  // Every kind is served again: each has been done since.
  async served() {
    const before = Object.values(this.accounts).map(({ done }) => done);
    await until(() => Object.values(this.accounts).every(({ done }, i) => done > before[i]),
                () => `full service:\n${this.tallies().join("\n")}\n${this.server.log.slice(-4000)}`, 90_000);
  }

  tallies() {
    return Object.entries(this.accounts).map(([kind, account]) => `${kind}: ${account}`);
  }

  // Compares what was acknowledged with what is stored, after end(): says all that is wrong.
  async reckon() {
    const { database, name, post } = this.stores;
    const { id: talk } = this.group;
    const rows = rowsOf(database, name);
    const texts = rows.filter(({ groupId }) => groupId === talk);
    const isWhole = (member) => member.known(talk).length === texts.length;
    await until(() => this.members.every(isWhole), undefined, 60_000).catch(() => {});
    const found = [...this.faults, ...breaches(this.members, texts)];
    const shown = new Map(rows.filter(({ groupId }) => groupId !== talk).map((row) => [row.id, row]));
    for (const { id, file } of await this.#album()) {
      if (!this.pictures.delete(id)) continue; // Stored, and the answer was lost.
      const { bytes } = await request(file.url);
      if (bytes.length !== pictureBytes) found.push(`picture ${id} has ${bytes.length} bytes`);
      if (!shown.has(id)) found.push(`picture ${id} has no row`);
    }
    for (const id of this.pictures.keys()) found.push(`picture ${id} is missing`);
    const delivered = new Set(post.letters.flatMap(({ to }) => to));
    for (const email of this.letters) {
      if (!delivered.has(email)) found.push(`no letter to ${email}`);
    }
    const sum = (of) => this.members.reduce((total, member) => total + of(member), 0);
    return {
      found,
      tallies: [
        ...this.tallies(),
        `${sum(({ acknowledged }) => acknowledged.size)} texts acknowledged, ${texts.length} stored; ` +
          `${sum(({ counts }) => counts.pushed)} pushes, ` +
          `${sum(({ counts }) => counts.unordered)} of them out of order`,
        `missing or doubled: ${found.length}`,
      ],
    };
  }

  async #album() {
    const all = [];
    for (let cursor = "";;) {
      const path = `/api/conversation/group/message/list?groupId=${this.album.id}&size=100${cursor}`;
      const page = await this.server.rest.data("GET", path, { token: this.users[0].token });
      if (page.length === 0) return all;
      all.push(...page);
      cursor = `&cursorId=${page.at(-1).id}`;
    }
  }
}

// All messages: {id, seq, content, groupId}.
export function rowsOf(database, name) {
  const columns = ["id", "seq", "content", "groupId"].map((column) => database.quote(column));
  const text = database.sql(`SELECT ${columns} FROM group_message`, name);
  return text.trim().split("\n").filter(Boolean).map((line) => {
    const [id, seq, content, groupId] = line.split(/[\t|]/);
    return { id: Number(id), seq: Number(seq), content, groupId: Number(groupId) };
  });
}
