// Where the bytes of a file are fetched from.
// SPDX-License-Identifier: MIT
import type { File } from "./model";

// The server writes absolute URLs with the address it was configured with, http://localhost:3000
// unless told otherwise. The page may have been opened by another name: the machine's address in
// the local network, a forwarded port, a proxy. What the server stores itself, under /files/, is
// then fetched from where the page came from; the signature covers the path and the query only.
// Files in a bucket elsewhere keep their URL.
function reachable(address: string): string {
  const url = new URL(address, location.origin);
  const ours = url.pathname.startsWith("/files/");
  return ours && url.host !== location.host ? url.pathname + url.search : url.href;
}

export function fileUrl(file: File | null | undefined): string | null {
  return file ? reachable(file.url) : null;
}

// The smaller picture where the server has made one.
export function thumbnailUrl(file: File | null | undefined): string | null {
  return file ? reachable(file.thumbnail ?? file.url) : null;
}
