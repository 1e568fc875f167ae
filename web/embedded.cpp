// SPDX-License-Identifier: MIT
#include "web/embedded.hpp"

#include <algorithm>

#include "web/page.hpp"

namespace coterie::web {

const Asset* find(std::string_view path) {
  if (path == "/") path = "/index.html";
  const auto at = std::ranges::lower_bound(page(), path, {}, &Asset::path);
  return at != page().end() && at->path == path ? &*at : nullptr;
}

}  // namespace coterie::web
