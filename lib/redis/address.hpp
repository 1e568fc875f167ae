// Where Redis is, and who we are there.
//
//   url = "redis" [ "s" ] "://" [ [ username ] ":" password "@" ] host [ ":" port ] [ "/" ]
//
// Source: the "redis" URI scheme (IANA), without a database: channels are outside of databases.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "redis/place.hpp"
#include "redis/sentinel.hpp"
#include "redis/tls.hpp"

namespace coterie::redis {

struct Address {
  // A name, or an address of either family; with Sentinels: the primary's name, as they know it.
  std::string host = "127.0.0.1";
  std::uint16_t port = usual_port;
  std::string username = {};  // Empty: Redis' default user.
  std::string password = {};  // Empty: no AUTH.
  Sentinels sentinels = {};
  // Nodes of a Redis Cluster, any of which may be there at the start; instead of host and port.
  std::vector<Place> cluster_nodes = {};
  Tls tls = {};

  // Where to begin; with Sentinels what is there is only a name.
  std::vector<Place> seeds() const {
    return cluster_nodes.empty() ? std::vector<Place>{{host, port}} : cluster_nodes;
  }
};

// Error "bad_redis_url" says what is wrong. "rediss" is TLS.
Result<Address> parse_address(std::string_view url);

}  // namespace coterie::redis
