// How many are subscribed to a channel at other servers of a Redis Cluster: each knows its own.
//
// Asked on a thread of its own, over connections that are kept. Who does not answer has nobody
// subscribed, for those whom he had come back elsewhere.
//
// Source: redis.io, PUBSUB NUMSUB.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "net/workers.hpp"
#include "redis/pool.hpp"

namespace coterie::redis {

Command numsub(std::string channel);
// From what is answered to that; 0 from nonsense.
std::size_t count_of(const Reply& reply);

class SubscriberCount {
 public:
  using OnCount = std::function<void(std::size_t)>;

  // `options` of any server of the Cluster.
  explicit SubscriberCount(Options options);

  // How many there are at these places together; told on the thread. Never when too many ask.
  void ask(std::string channel, std::vector<Place> places, OnCount on_count);
  void stop() { thread_.stop(std::chrono::milliseconds(0)); }

 private:
  std::size_t count(const std::string& channel, const std::vector<Place>& places);

  const Options options_;                         // Fixed after construction
  std::map<Place, std::unique_ptr<Pool>> pools_;  // Only on the thread

  net::Workers thread_;  // Last: it ends before what it uses.
};

}  // namespace coterie::redis
