// Where a server is, and lists of places as people write them.
// SPDX-License-Identifier: MIT
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace coterie::redis {

inline constexpr std::uint16_t usual_port = 6379;
inline constexpr std::uint16_t usual_sentinel_port = 26379;

struct Place {
  std::string host;
  std::uint16_t port = 0;
  auto operator<=>(const Place&) const = default;
};

std::string name_of(const Place& place);  // "host:port"

// Digits that make a port; Error "bad_redis_places".
Result<std::uint16_t> parse_port(std::string_view text);
// "10.0.0.1:7000, 10.0.0.2, [::1]:7001": places, with `port` where there is none. Error
// "bad_redis_places".
Result<std::vector<Place>> parse_places(std::string_view text, std::uint16_t port);

}  // namespace coterie::redis
