// Everything that is not the API: the web page, and answers for what is not there.
// SPDX-License-Identifier: MIT
#pragma once

#include "net/router.hpp"

namespace coterie::api {

// A file of the web page.
struct Asset {
  std::string_view type;
  std::string_view bytes;
  std::string_view gzip;  // The same, coded; empty: never sent so.
  std::string_view etag;
  bool immutable;  // Named after its content: cached for ever.
};
// The asset at a path ("/" is the page itself); nullopt when there is none.
using FindAsset = std::function<std::optional<Asset>(std::string_view path)>;

// Adds the fallback (pages, 404) and the words for refused requests.
void add_site(net::Router& router, FindAsset find_asset);

}  // namespace coterie::api
