// Where Redis is, and what clients say they have heard last: what is read can be said again.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/check.hpp"
#include "redis/address.hpp"
#include "redis/place.hpp"
#include "socketio/offset.hpp"

using coterie::socketio::Offset;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto offset = Offset::parse(text)) {
    COTERIE_CHECK(Offset::parse(offset->text()) == offset);
  }
  if (const auto places = coterie::redis::parse_places(text, coterie::redis::usual_port)) {
    const auto commas = static_cast<std::size_t>(std::ranges::count(text, ','));
    COTERIE_CHECK(!places->empty() && places->size() <= commas + 1);
    for (const auto& [host, port] : *places) {
      COTERIE_CHECK(!host.empty() && host.size() <= size && port > 0);
    }
  }
  if (const auto address = coterie::redis::parse_address(text)) {
    COTERIE_CHECK(text.starts_with("redis") && !address->host.empty() && address->port > 0);
    COTERIE_CHECK(address->username.empty() || text.find('@') != std::string_view::npos);
  }
  return 0;
}
