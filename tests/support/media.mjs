// Films and pictures for tests, made by ffmpeg where they must be real.
// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { temporaryFolder } from "./coterie.mjs";

const folder = temporaryFolder();

function ffmpeg(name, ...words) {
  const path = join(folder, name);
  execFileSync("ffmpeg", ["-nostdin", "-v", "error", "-y", ...words, path]);
  return readFileSync(path);
}

// A film of `seconds` whose picture changes; what it is written in follows the name's ending.
export function film(name, { seconds = 2, size = "320x240", words = [] } = {}) {
  const input = ["-f", "lavfi", "-i", `testsrc=duration=${seconds}:size=${size}:rate=10`];
  return ffmpeg(name, ...input, ...words);
}

// A picture of `size`, "<width>x<height>".
export function drawing(name, size) {
  return ffmpeg(name, "-f", "lavfi", "-i", `testsrc=size=${size}`, "-frames:v", "1");
}

// The pixels of a picture, as ffprobe counts them: "<width>x<height>".
export function pixelsOf(bytes) {
  return execFileSync("ffprobe", ["-v", "error", "-show_entries", "stream=width,height",
                                  "-of", "csv=p=0:s=x", "-"],
                      { input: bytes, encoding: "utf8" }).trim();
}

// Enough of a film to tell it by, and then `size` bytes in all.
const mp4Head = Buffer.from("00000018667479706d703432000000006d70343269736f6d", "hex");
export const mp4Of = (size) => Buffer.concat([mp4Head, Buffer.alloc(size - mp4Head.length)]);
export { mp4Head };
