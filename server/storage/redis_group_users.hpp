// `group_users:<groupId>` in Redis: the ids of a group's users, for whoever reads the seed system's
// keys. Coterie itself sends by rooms and needs it not.
//
// FILLED for every group at start, ADDED to when someone makes or joins a group, as the seed system
// does; never taken from, because nobody leaves a group. So filling is safe at any time, on several
// nodes at once, and while people join.
//
// LOST sets are noticed: coterie:group_users names the run of Redis for which they were filled. It
// is not there after FLUSHALL, and names another run after a restart or a failover, whatever
// persistence may have brought back. In a Redis Cluster each server that has keys has such a mark,
// coterie:group_users:<n>. What could not be added while Redis was away is made up for.
// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "redis/client.hpp"
#include "storage/database.hpp"

namespace coterie::storage {

// Any thread that may block.
class RedisGroupUsers {
 public:
  RedisGroupUsers(redis::Client& redis, Database& database) : redis_(redis), database_(database) {}

  // Writes the sets of all groups.
  Result<void> fill();
  // Never fails: what cannot be added now, the next check() will.
  void add(std::int64_t user_id, std::int64_t group_id);
  // Fills again when something is missing. To be called now and then.
  Result<void> check();

 private:
  struct Mark {
    std::string key;
    std::string run_id;  // Of the server that has it.
  };
  Result<std::vector<Mark>> marks();
  Result<bool> are_set(const std::vector<Mark>& marks);
  Result<std::int64_t> fill_all(const std::vector<Mark>& marks);
  Result<void> remember(const std::vector<Mark>& marks);

  redis::Client& redis_;
  Database& database_;
  std::mutex filling_;  // Held by the one thread that fills
  std::atomic<bool> is_missing_ = false;
};

}  // namespace coterie::storage
