// Redis behind Sentinels: they are asked, each time that a connection is made, which server is the
// primary now. After a failover the connections to the old one break, and the next ask again.
//
// Source: redis.io, "Guidelines for Redis clients with support for Redis Sentinel".
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "redis/tls.hpp"

namespace coterie::redis {

class Connection;
struct Options;

struct Place {
  std::string host;
  std::uint16_t port = 0;
  bool operator==(const Place&) const = default;
};

struct Sentinels {
  std::vector<Place> places = {};  // Empty: there are none, and the host is where Redis is.
  std::string password = {};       // That of the Sentinels; empty: no AUTH.
};

// "10.0.0.1:26379, 10.0.0.2, [::1]:26380": places, with the usual port where there is none. Error
// "bad_redis_places".
Result<std::vector<Place>> parse_places(std::string_view text, std::uint16_t usual_port = 26379);

// Where the primary of that name is, as the first says that knows. Blocks. Errors "redis_cut",
// "redis_failed".
Result<Place> find_primary(const std::string& name, const Sentinels& sentinels, const Tls& tls);
// A connection to it; options.host is its name. It is asked what it takes itself for: Sentinels may
// not know yet that it is none any more.
Result<std::unique_ptr<Connection>> open_primary(const Options& options);

}  // namespace coterie::redis
