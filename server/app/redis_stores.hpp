// What of the server rests in Redis, when REDIS_HOST is set: log-ins, codes, counters, and the sets
// of who is in which group.
// SPDX-License-Identifier: MIT
#pragma once

#include "base/result.hpp"
#include "redis/client.hpp"
#include "storage/database.hpp"
#include "storage/redis_group_users.hpp"
#include "storage/redis_ttl_store.hpp"

namespace coterie::app {

// Has a signal to stop come? They are blocked while the server starts, and wait for the loops.
bool is_told_to_stop();

// Waits until Redis answers. Error: it did not within half a minute, or a signal to stop came.
Result<void> await_redis(redis::Client& redis);

struct RedisStores {
  RedisStores(redis::Options options, storage::Database& database)
      : client(std::move(options)), ttl(client), group_users(client, database) {}

  // Fills what Redis has to hold.
  Result<void> start() { return group_users.fill(); }

  redis::Client client;
  storage::RedisTtlStore ttl;
  storage::RedisGroupUsers group_users;
};

}  // namespace coterie::app
