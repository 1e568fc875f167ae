// HTTP requests as the load generator reads them, and what a process has spent.
// SPDX-License-Identifier: MIT
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { temporaryFolder } from "../tests/support/coterie.mjs";

const folder = temporaryFolder();

export function request(method, path, { token, body = Buffer.alloc(0), type = "application/json" } = {}) {
  const head = [`${method} ${path} HTTP/1.1`, "Host: 127.0.0.1"];
  if (token) head.push(`Authorization: Bearer ${token}`);
  if (body.length > 0) head.push(`Content-Type: ${type}`, `Content-Length: ${body.length}`);
  return Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), body]);
}

export function fileOf(requests) {
  const path = join(folder, "requests");
  writeFileSync(path, Buffer.concat(requests.flatMap((each) => [Buffer.from(`${each.length}\n`), each])));
  return path;
}

export function tokensOf({ tokens }) {
  const path = join(folder, "tokens");
  writeFileSync(path, tokens.map((token) => `${token}\n`).join(""));
  return path;
}

// What a process has spent so far (proc(5): utime and stime, in hundredths of a second).
export function cpuSeconds(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
