// Archives of `coterie export`: looked at, compared, and written by hand.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const sum = (bytes) => createHash("sha256").update(bytes).digest("hex");

export const nouns = { users: "user", files: "file", groups: "group",
                       conversations: "group_conversation", messages: "group_message" };

// Every file of a folder by its path from there, as bytes.
export function filesOf(folder) {
  const files = {};
  const walk = (place) => {
    for (const entry of readdirSync(place, { withFileTypes: true })) {
      const path = join(place, entry.name);
      if (entry.isDirectory()) walk(path);
      else files[relative(folder, path)] = readFileSync(path);
    }
  };
  walk(folder);
  return files;
}

// Byte for byte the same, but for the time in the manifest.
export function assertSameArchive(one, other) {
  const [a, b] = [filesOf(one), filesOf(other)];
  assert.deepEqual(Object.keys(a).sort(), Object.keys(b).sort());
  const timeless = (bytes) => `${bytes}`.replace(/"exportedAt":"[^"]*"/, "");
  for (const name of Object.keys(a)) {
    const isManifest = name === "manifest.json";
    const same = isManifest ? timeless(a[name]) === timeless(b[name]) : a[name].equals(b[name]);
    if (!same) assert.equal(`${b[name]}`, `${a[name]}`, name);
  }
}

// The rows of one table, as objects.
export const rowsOf = (folder, noun) =>
  readFileSync(join(folder, `${noun}.jsonl`), "utf8").trimEnd().split("\n").slice(1)
    .map((line) => JSON.parse(line));

// An archive of these rows: {users: [...], ...}; those of files have their `bytes`.
export function writeArchive(folder, rows) {
  mkdirSync(folder, { recursive: true });
  const tables = {};
  const totals = { count: 0, bytes: 0 };
  for (const [noun, table] of Object.entries(nouns)) {
    const lines = [JSON.stringify({ format: "coterie", version: 1, table })];
    for (const { bytes, ...row } of rows[noun] ?? []) {
      if (bytes) {
        const path = join(folder, "files", row.path);
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, bytes);
        Object.assign(row, { width: null, height: null, thumbnail: null,
                             pathBytes: bytes.length, pathSha256: sum(bytes),
                             thumbnailBytes: null, thumbnailSha256: null });
        totals.count += 1;
        totals.bytes += bytes.length;
      }
      lines.push(JSON.stringify(row));
    }
    const text = `${lines.join("\n")}\n`;
    writeFileSync(join(folder, `${noun}.jsonl`), text);
    tables[noun] = { rows: lines.length - 1, sha256: sum(text) };
  }
  const exportedAt = "2026-01-02T03:04:05.678Z";
  writeFileSync(join(folder, "manifest.json"),
                `${JSON.stringify({ format: "coterie", version: 1, exportedAt, tables, files: totals })}\n`);
}

const times = { createAt: "2026-01-01T00:00:00.000Z", updateAt: "2026-01-01T00:00:00.000Z" };

// A small chat: two users, who share a group, with that many messages.
export function smallChat(messages) {
  const user = (id) => ({ id, ...times, username: `mover_${id}`, email: `mover_${id}@example.com`,
                          password: "none", nickname: null, avatarId: null, isAdmin: 0 });
  const member = (id) => ({ id, ...times, userRole: id === 1 ? 0 : 1, lastMsgId: null, userId: id,
                            groupId: 1 });
  return {
    users: [user(1), user(2)],
    files: [{ id: 1, ...times, path: "cover/one", type: "cover", url: "", createById: 1,
              bytes: Buffer.from("a cover") }],
    groups: [{ id: 1, ...times, name: "Movers", description: null, inviteCode: "movers",
               coverId: 1, createById: 1, lastSeq: messages }],
    conversations: [member(1), member(2)],
    messages: Array.from({ length: messages }, (_, i) =>
      ({ id: i + 1, ...times, type: 0, content: `message ${i + 1}`, userId: 1 + (i % 2), groupId: 1,
         coverId: null, fileId: null, seq: i + 1 })),
  };
}
