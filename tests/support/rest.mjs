// Calls of the REST interface, and what their answers must look like.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";

import { request } from "./http.mjs";
import { anyTime, assertShape } from "./shapes.mjs";

export class Rest {
  // `ca` is the certificate that an https server must have been signed with.
  constructor(url, ca) {
    this.url = url;
    this.ca = ca;
  }

  // `json` and `form` make the body (see multipart()), `raw` is one.
  async call(method, path, { token, json, form, raw, headers = {}, timeout } = {}) {
    const fields = { ...headers };
    let body = raw;
    if (token) fields.Authorization = `Bearer ${token}`;
    if (json !== undefined) {
      fields["Content-Type"] = "application/json";
      body = JSON.stringify(json);
    }
    if (form) {
      const made = multipart(form);
      fields["Content-Type"] = made.type;
      body = made.body;
    }
    if (body !== undefined) fields["Content-Length"] = Buffer.byteLength(body);
    const response = await request(this.url + path,
                                   { method, headers: fields, body, ca: this.ca, timeout });
    const type = response.headers["content-type"];
    const isJson = type?.startsWith("application/json") && response.bytes.length > 0;
    return { ...response, method, path, type, text: response.body,
             body: isJson ? JSON.parse(response.body) : response.body };
  }

  get(path, options) {
    return this.call("GET", path, options);
  }

  post(path, options) {
    return this.call("POST", path, options);
  }

  // The data of a call that must succeed.
  async data(method, path, options) {
    const answer = await this.call(method, path, options);
    assert.equal(answer.body?.message, "success", `${method} ${path}: ${answer.text}`);
    return answer.body.data;
  }

  // A group made by `owner` and joined by `members`: {id, inviteCode, …}.
  async group(owner, members = [], name = "Team") {
    const cover = await this.data("POST", "/api/group/cover",
                                  { token: owner.token, form: [["file", picture()]] });
    const group = await this.data("POST", "/api/group",
                                  { token: owner.token, json: { name, coverId: cover.id } });
    for (const { token } of members) {
      await this.data("GET", `/api/group/join/${group.inviteCode}`, { token });
    }
    return group;
  }

  text(token, groupId, content) {
    return this.data("POST", "/api/conversation/group/message/text",
                     { token, json: { groupId, content } });
  }

  image(token, groupId) {
    return this.data("POST", "/api/conversation/group/message/image",
                     { token, form: [["file", picture()], ["groupId", `${groupId}`]] });
  }
}

// The smallest PNG: one pixel.
export const png = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg" +
  "gg==", "base64");

// The heads of a JPEG, enough to tell it and its one pixel by.
export const jpeg = Buffer.from("ffd8ffe000104a46494600010100000100010000" +
                                "ffc0000b080001000101011100ffd9", "hex");

export const picture = (bytes = png, type = "image/png", name = "a.png") => ({ bytes, type, name });
// A PNG of exactly that many bytes.
export const pictureOf = (size) => picture(Buffer.concat([png, Buffer.alloc(size - png.length)]));

// Parts as [name, text] or [name, {bytes, type, name}].
export function multipart(parts, boundary = `----test${randomBytes(12).toString("hex")}`) {
  const pieces = parts.map(([name, value]) => {
    const isFile = typeof value === "object";
    const file = isFile ? `; filename="${value.name}"` : "";
    const type = isFile && value.type ? `Content-Type: ${value.type}\r\n` : "";
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${file}\r\n` +
                 `${type}\r\n`;
    return Buffer.concat([Buffer.from(head), Buffer.from(isFile ? value.bytes : value),
                          Buffer.from("\r\n")]);
  });
  return { type: `multipart/form-data; boundary=${boundary}`,
           body: Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]) };
}

const jsonType = "application/json; charset=utf-8";

// The envelope of success, around `data` when there is some.
export function assertSuccess(answer, data) {
  assert.equal(answer.status, answer.method === "POST" ? 201 : 200, answer.text);
  assert.equal(answer.type, jsonType);
  const envelope = data === undefined ? { status: 0, message: "success" }
                                      : { status: 0, data, message: "success" };
  assertShape(answer.body, envelope);
}

const reasons = { 400: "Bad Request", 404: "Not Found" };

// The body of every failure: the seed's shape, and behind it our stable code.
export function assertFailure(answer, status, message, code) {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.type, jsonType);
  const reason = reasons[status] ? { error: reasons[status], statusCode: status } : {};
  if (status === 429) reason.retryAfter = Number(answer.headers["retry-after"]);
  assertShape(answer.body, { status, timestamp: anyTime, path: answer.path, message, ...reason,
                             code });
}

export const assertInvalid = (answer, ...complaints) =>
  assertFailure(answer, 400, complaints, "validation_failed");
