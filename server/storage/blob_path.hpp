// What the path of a blob looks like: "<lower case letters>/<letters, digits, _ and ->".
//
// Nothing that could leave a folder, and no character that a URL would have to escape.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <string_view>

namespace coterie::storage {

inline bool is_blob_path(std::string_view path) {
  const std::size_t slash = path.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == path.size()) return false;
  const auto is_lower = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto is_name = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  };
  return std::ranges::all_of(path.substr(0, slash), is_lower) &&
         std::ranges::all_of(path.substr(slash + 1), is_name);
}

}  // namespace coterie::storage
