// Redis behind Sentinels: they are asked, each time that a connection is made, which server is the
// primary now. After a failover the connections to the old one break, and the next ask again.
//
// Source: redis.io, "Guidelines for Redis clients with support for Redis Sentinel".
// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "redis/place.hpp"
#include "redis/reply.hpp"

namespace coterie::redis {

class Connection;
struct Address;
struct Options;

struct Sentinels {
  std::vector<Place> places = {};  // Empty: there are none, and the host is where Redis is.
  std::string password = {};       // That of the Sentinels; empty: no AUTH.
};

// Where the primary is that address.host names, as the first says that knows. Blocks. Errors
// "redis_cut", "redis_failed".
Result<Place> find_primary(const Address& address);
// A connection to it, which is asked what it takes itself for: Sentinels may not know yet that it
// is none any more.
Result<std::unique_ptr<Connection>> open_primary(const Options& options);

// Does a server that answers this to ROLE take itself for a primary?
bool is_primary(const Reply& role);

}  // namespace coterie::redis
