// What answers look like: values, and patterns where a value cannot be known. The order of an
// object's properties is part of the contract.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";

class Pattern {
  constructor(words, test) {
    this.words = words;
    this.test = test;
  }
}

export const pattern = (words, test) => new Pattern(words, test);
export const anyTime = pattern("a time in UTC with milliseconds", (value) =>
  typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value));
export const anyId = pattern("an id", (value) => Number.isSafeInteger(value) && value > 0);
export const anyText = pattern("a text", (value) => typeof value === "string");
export const matching = (expression) =>
  pattern(`a text like ${expression}`, (value) =>
    typeof value === "string" && expression.test(value));
export const random = (length, prefix = "") =>
  pattern(`${prefix}<${length} random characters>`, (value) =>
    typeof value === "string" && value.startsWith(prefix) &&
    value.length === prefix.length + length && /^[A-Za-z0-9_-]*$/.test(value.slice(prefix.length)));
// Signed by the server itself, or by it for a bucket of S3 (X-Amz-Signature is 64 hexadecimal digits).
export const anyUrl = matching(
  /^http:\/\/127\.0\.0\.1:\d+\/(files\/.+|[^/]+\/\w+\/[\w-]{21}\?X-Amz-.+&X-Amz-Signature=[0-9a-f]{64})$/);

// Fails with the place in the answer where it is not as expected.
export function assertShape(actual, expected, place = "answer") {
  if (expected instanceof Pattern) {
    assert.ok(expected.test(actual), `${place}: ${JSON.stringify(actual)} is not ${expected.words}`);
  } else if (Array.isArray(expected)) {
    assert.ok(Array.isArray(actual), `${place}: ${JSON.stringify(actual)} is no array`);
    assert.equal(actual.length, expected.length,
                 `${place} has ${actual.length} elements: ${JSON.stringify(actual)}`);
    expected.forEach((each, i) => assertShape(actual[i], each, `${place}[${i}]`));
  } else if (expected && typeof expected === "object") {
    assert.ok(actual && typeof actual === "object", `${place}: ${JSON.stringify(actual)}`);
    assert.deepEqual(Object.keys(actual), Object.keys(expected), `the properties of ${place}`);
    for (const [key, each] of Object.entries(expected)) {
      assertShape(actual[key], each, `${place}.${key}`);
    }
  } else {
    assert.deepEqual(actual, expected, place);
  }
}

const times = { createAt: anyTime, updateAt: anyTime };

// The entities of the contract. `who` is {id, username, nickname?, email?}.
const filePath = (type) => pattern(`${type}/<21 random characters>`, (value) =>
  new RegExp(`^${type}/[A-Za-z0-9_-]{21}$`).test(value));
// Of a picture as small as the tests send: one pixel. `size` is {} for what is no picture.
const onePixel = { width: 1, height: 1 };
export const file = (type, createById, id = anyId, size = onePixel) =>
  ({ id, ...times, path: filePath(type), type, url: anyUrl, createById, ...size });
export const newFile = (type, createById, size = onePixel) =>
  ({ path: filePath(type), type, url: anyUrl, createById, id: anyId, ...times, ...size });

const nicknameOf = (who) => (who.nickname === undefined ? anyText : who.nickname);
// As others see one.
export const plainUser = (who, avatarId = null) =>
  ({ id: who.id, ...times, username: who.username, nickname: nicknameOf(who), avatarId });
export const user = (who, avatar = null) =>
  ({ ...plainUser(who, avatar ? avatar.id : null), avatar });
// As one sees oneself: with the mail address.
export const ownPlainUser = (who, avatarId = null) =>
  ({ id: who.id, ...times, username: who.username, email: who.email, nickname: nicknameOf(who),
     avatarId });
export const ownUser = (who, avatar = null) =>
  ({ ...ownPlainUser(who, avatar ? avatar.id : null), avatar });

// `group` is {name, description, coverId, createById, id, inviteCode}.
export const newGroup = ({ name, description = null, coverId, createById }) =>
  ({ name, description, coverId, createById, inviteCode: random(21), id: anyId, ...times });
export const group = (made, { withCode = false } = {}) => ({
  id: made.id, ...times, name: made.name, description: made.description ?? null,
  ...(withCode ? { inviteCode: made.inviteCode } : {}),
  coverId: made.coverId, createById: made.createById,
  cover: file("cover", made.createById, made.coverId),
});

export const newText = (userId, groupId, content) =>
  ({ userId, groupId, content, type: 0, coverId: null, fileId: null, id: anyId, ...times, seq: anyId });
export const newImage = (userId, groupId) => ({
  userId, groupId, type: 1, fileId: anyId, content: null, coverId: null, id: anyId, ...times, seq: anyId,
});
export const newVideo = (userId, groupId) => ({
  userId, groupId, type: 2, fileId: anyId, coverId: anyId, content: null, id: anyId, ...times, seq: anyId,
});

// `sent` is {id, type, content, userId, groupId, fileId}; `from` the sender's shape.
const plainMessage = ({ id = anyId, type = 0, content = null, userId, groupId, coverId = null,
                        fileId = null }) =>
  ({ id, ...times, type, content, userId, groupId, coverId, fileId });
const fileOf = { 1: (sent) => file("image", sent.userId, sent.fileId),
                 2: (sent) => file("video", sent.userId, sent.fileId, {}) };
export const message = (sent, from, coverSize = onePixel) => ({
  ...plainMessage(sent), user: from,
  file: fileOf[sent.type]?.(sent) ?? null,
  cover: sent.coverId ? file("cover", sent.userId, sent.coverId, coverSize) : null,
  seq: sent.seq ?? anyId,
});
export const recentMessage = (sent, from) =>
  ({ ...plainMessage(sent), user: from, seq: sent.seq ?? anyId });

export const conversation = ({ id = anyId, role, lastMsgId = null, userId, in: made, recent = null,
                               unread }) => ({
  id, ...times, userRole: role, lastMsgId, userId, groupId: made.id,
  group: group(made, { withCode: role === 0 }), recentMsg: recent, unreadNum: unread,
  lastSeq: recent ? recent.seq : 0,
});
// The answer to a read mark: the same without the group.
export const readMark = (facts) => {
  const { group: _, ...rest } = conversation(facts);
  return rest;
};
