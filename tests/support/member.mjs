// A member of groups who may rely on docs/guarantees.md: sends until it is acknowledged, asks for
// what is missing when it sees a gap, and keeps tallies of both.
// SPDX-License-Identifier: MIT
import { setTimeout as sleep } from "node:timers/promises";
import { io } from "socket.io-client";

import { request } from "./http.mjs";

const answerPatience = 15_000; // A store that was cut answers by itself within seconds.
const gapPatience = 500; // What two nodes say at the same moment may come in either order.

// What is known of one group: the messages 1 … known.length, without a gap, and those beyond it.
class Stream {
  known = [];
  ahead = new Map();

  add(message) {
    if (message.seq <= this.known.length) return;
    this.ahead.set(message.seq, message.id);
    for (let next; (next = this.ahead.get(this.known.length + 1)) !== undefined;) {
      this.ahead.delete(this.known.length + 1);
      this.known.push(next);
    }
  }

  get hasGap() {
    return this.ahead.size > 0;
  }
}

export class Member {
  sent = new Map(); // Everything that was tried, by clientMsgId: {groupId, content}.
  acknowledged = new Map(); // By clientMsgId: the message as it was answered.
  faults = []; // What a server must never do.
  absences = []; // {at, milliseconds}: from losing the socket to having all of it again.
  counts = { pushed: 0, synced: 0, retried: 0, recovered: 0, begunAnew: 0, resyncs: 0,
             unordered: 0 }; // Pushed behind a later one: two servers may do that.
  onAnswer = () => {}; // For each answer to a send: a refusal's code, or its words, or nothing.
  #streams = new Map();
  #isSyncing = false;
  #wantsSync = false;
  #isLast = false;
  #sending = Promise.resolve();
  #number = 0;
  #pushedSeqs = new Map(); // By group: what this session has been pushed.
  #lastPushed = new Map(); // By group: the newest of those.
  #leftAt; // Since when something may be missing; undefined: nothing is.

  constructor({ url, token, id, groups, transports, random }) {
    Object.assign(this, { url, token, id, groups, random });
    for (const group of groups) this.#streams.set(group, new Stream());
    this.socket = io(url, {
      forceNew: true, transports, auth: { token }, withCredentials: true,
      reconnectionDelay: 100, reconnectionDelayMax: 1_000, timeout: 10_000,
    });
    this.#listen();
  }

  #listen() {
    const { socket } = this;
    socket.on("connect", () => {
      if (socket.recovered) {
        this.counts.recovered += 1;
        this.#endAbsence(); // What was missed has come right behind the answer.
      } else {
        this.counts.begunAnew += 1;
        this.#pushedSeqs.clear();
        this.#lastPushed.clear();
        this.catchUp();
      }
    });
    socket.on("disconnect", () => (this.#leftAt ??= Date.now()));
    socket.on("authFail", () => this.faults.push("a log-in was lost"));
    socket.on("resync", () => {
      this.counts.resyncs += 1;
      this.catchUp();
    });
    for (const group of this.groups) {
      socket.on(`group-message:${group}`, (message) => this.#onPush(group, message));
    }
  }

  #onPush(group, message) {
    this.counts.pushed += 1;
    let seen = this.#pushedSeqs.get(group);
    if (!seen) this.#pushedSeqs.set(group, (seen = new Set()));
    if (seen.has(message.seq)) this.faults.push(`${message.seq} of group ${group} was pushed twice`);
    if (message.seq < this.#lastPushed.get(group)) this.counts.unordered += 1;
    this.#lastPushed.set(group, message.seq);
    seen.add(message.seq);
    const stream = this.#streams.get(group);
    stream.add(message);
    if (stream.hasGap) {
      setTimeout(() => {
        if (stream.hasGap) this.catchUp();
      }, gapPatience);
    }
  }

  // Asks for whatever is missing, until nothing is.
  async catchUp() {
    this.#wantsSync = true;
    if (this.#isSyncing) return;
    this.#isSyncing = true;
    while (this.#wantsSync && this.socket.connected) {
      this.#wantsSync = false;
      try {
        await this.#syncOnce();
      } catch {
        this.#wantsSync = true; // Refused or cut: again, unless the next connection does it.
        await sleep(300);
      }
    }
    this.#isSyncing = false;
    if (this.socket.connected) this.#endAbsence();
  }

  #endAbsence() {
    if (this.#leftAt === undefined) return;
    this.absences.push({ at: this.#leftAt, milliseconds: Date.now() - this.#leftAt });
    this.#leftAt = undefined;
  }

  async #syncOnce() {
    let open = this.groups;
    while (open.length > 0) {
      const wanted = open.map((groupId) => ({ groupId, afterSeq: this.#streams.get(groupId).known.length }));
      const answer = await this.socket.timeout(answerPatience).emitWithAck("sync", { groups: wanted });
      if (!answer.groups) throw new Error(answer.message);
      for (const { groupId, messages } of answer.groups) {
        this.counts.synced += messages.length;
        for (const message of messages) this.#streams.get(groupId).add(message);
      }
      open = answer.groups.filter(({ hasMore }) => hasMore).map(({ groupId }) => groupId);
    }
  }

  // Sends about every `milliseconds`, one message after the other, until finish().
  start(milliseconds) {
    this.#isLast = false;
    this.#sending = this.#send(milliseconds);
  }

  async #send(milliseconds) {
    while (!this.#isLast) {
      await this.#sendOne();
      await sleep(milliseconds / 2 + this.random.below(milliseconds));
    }
  }

  // No more sends; what is on its way is still brought to its end.
  finish() {
    this.#isLast = true;
    return this.#sending;
  }

  async #sendOne() {
    const number = ++this.#number;
    const clientMsgId = `${this.id}-${number}`;
    const message = { groupId: this.random.pick(this.groups), content: `${this.id}/${number}` };
    this.sent.set(clientMsgId, message);
    for (let attempt = 0; ; ++attempt) {
      const answer = await this.#attempt({ ...message, clientMsgId }).catch(() => undefined);
      if (answer) {
        this.acknowledged.set(clientMsgId, answer);
        return;
      }
      this.counts.retried += 1;
      await sleep(100 + this.random.below(400));
    }
  }

  // By the socket or by REST, as it comes. Undefined when it has to be tried again.
  async #attempt(message) {
    if (this.random.below(2) && this.socket.connected) {
      const ack = await this.socket.timeout(answerPatience).emitWithAck("send-message", message);
      this.onAnswer(ack.id ? undefined : ack.message);
      return ack.id ? ack : undefined;
    }
    const body = JSON.stringify(message);
    const headers = { Authorization: `Bearer ${this.token}`, "Content-Type": "application/json",
                      "Content-Length": Buffer.byteLength(body) };
    const { status, body: text } = await request(`${this.url}/api/conversation/group/message/text`,
                                                 { method: "POST", headers, body, timeout: answerPatience });
    const { data, code } = text.startsWith("{") ? JSON.parse(text) : {}; // A proxy speaks HTML.
    this.onAnswer(code);
    if (status === 200 || status === 201) return data;
    if (status < 500 && status !== 429) this.faults.push(`a send was answered ${status}: ${text}`);
    return undefined;
  }

  // The ids known of a group, in the order of their seq.
  known(group) {
    return this.#streams.get(group).known;
  }

  close() {
    this.socket.disconnect();
  }
}

// Compares what members were told with what is stored: rows {id, seq, content, userId, groupId}.
// Says every breach of the guarantees.
export function breaches(members, rows) {
  const found = members.flatMap((member) => member.faults.map((fault) => `member ${member.id}: ${fault}`));
  const byGroup = new Map();
  const byContent = new Map();
  for (const row of [...rows].sort((a, b) => a.groupId - b.groupId || a.seq - b.seq)) {
    const group = byGroup.get(row.groupId) ?? [];
    byGroup.set(row.groupId, group);
    group.push(row.id);
    if (row.seq !== group.length) found.push(`group ${row.groupId}: seq ${row.seq} at place ${group.length}`);
    if (group.at(-2) > row.id) found.push(`group ${row.groupId}: id ${row.id} is out of order`);
    if (byContent.has(row.content)) found.push(`${row.content} is stored twice`);
    byContent.set(row.content, row);
  }
  for (const member of members) {
    for (const [clientMsgId, { id, seq }] of member.acknowledged) {
      const row = byContent.get(member.sent.get(clientMsgId).content);
      if (row?.id !== id || row.seq !== seq) {
        found.push(`${clientMsgId} was acknowledged as ${id}, seq ${seq}: stored is ${JSON.stringify(row)}`);
      }
    }
    for (const group of member.groups) {
      const stored = byGroup.get(group) ?? [];
      const known = member.known(group);
      if (JSON.stringify(stored) !== JSON.stringify(known)) {
        const at = stored.findIndex((id, place) => known[place] !== id);
        found.push(`member ${member.id} knows ${known.length} of ${stored.length} in group ${group}; ` +
                   `they differ behind seq ${at}`);
      }
    }
  }
  return [...found, ...ownOrder(members, rows)];
}

// Whoever sends one message after the other finds them stored in that order.
function ownOrder(members, rows) {
  const found = [];
  const last = new Map();
  for (const { groupId, content } of [...rows].sort((a, b) => a.groupId - b.groupId || a.seq - b.seq)) {
    const [member, number] = content.split("/").map(Number);
    const place = `${groupId}/${member}`;
    if (number <= (last.get(place) ?? 0)) found.push(`${content} is behind ${last.get(place)}`);
    last.set(place, number);
  }
  return found;
}
