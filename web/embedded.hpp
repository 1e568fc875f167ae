// The chat page inside the binary: its built files, found by the path that is asked for.
// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace coterie::web {

struct Asset {
  std::string_view path;   // "/index.html", "/assets/index-Ct2AEW1B.css"
  std::string_view type;   // The Content-Type.
  std::string_view bytes;  // For as long as the program runs.
  std::string_view gzip;   // The same, coded; empty where that is no shorter.
  std::string_view etag;   // With its quotes, made from the content: another build, another tag.
  bool immutable;          // The path has a hash of the content in it: may be kept forever.
};

// The file at a path of the page, "/" being its index.html; nullptr when there is none.
const Asset* find(std::string_view path);

}  // namespace coterie::web
