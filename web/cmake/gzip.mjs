// Writes FILE.gz beside each built file of the page that gets shorter by it: node gzip.mjs DIST
// SPDX-License-Identifier: MIT
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const worthIt = 0.9; // Of its length. Pictures and fonts are coded already.

function code(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      code(path);
      continue;
    }
    const plain = readFileSync(path);
    const coded = gzipSync(plain, { level: 9 });
    if (coded.length < plain.length * worthIt) writeFileSync(`${path}.gz`, coded);
  }
}

code(process.argv[2]);
