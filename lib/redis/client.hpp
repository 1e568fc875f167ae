// Redis for threads that may block: commands in, replies out; one server, or a Redis Cluster.
//
// Connections and their outages are the pools' (redis/pool), one for each server. That Redis is a
// Cluster it says itself, when it sends the first command elsewhere: from then on each command goes
// to the server that has its key. Where that is is asked anew, at most twice a second, when a
// server sends a command elsewhere (MOVED) or does not answer: so a failover is an outage of that
// server's keys, until the others know who follows it.
//
// Errors: "redis_unavailable", with the reason as its detail; "redis_refused", an error reply.
// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/guarded.hpp"
#include "base/result.hpp"
#include "redis/pool.hpp"
#include "redis/slots.hpp"

namespace coterie::redis {

class Client {
 public:
  explicit Client(Options options);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // A command has one key, or none and means no server in particular.
  Result<Reply> run(const Command& command, Repeat repeat);
  // All in one round trip (to each server), with a reply for each; the first error reply is the
  // Error, and those behind it have run. Whoever calls bounds the number: replies wait in memory.
  Result<std::vector<Reply>> run(std::span<const Command> commands, Repeat repeat);
  // To the server at a place.
  Result<Reply> run_at(const Place& place, const Command& command, Repeat repeat);

  // For each server that has keys one of its keys, which begins with `key` (SlotMap::shares).
  Result<std::vector<SlotMap::Share>> shares(std::string_view key);
  // Do all that have keys answer?
  Result<void> ping();

  const Options& options() const { return options_; }

 private:
  using Map = std::shared_ptr<const SlotMap>;
  struct Known {
    Map map;
    bool is_told = false;  // By Redis; before, we believe that it is one server.
    std::map<Place, std::shared_ptr<Pool>> pools = {};
  };

  bool has_nodes() const { return !options_.address.cluster_nodes.empty(); }
  Result<Map> find_map();
  Result<void> ask_map();
  void renew_map();
  bool is_elsewhere(const SlotMap& used);
  std::vector<Place> places_to_ask();
  void note_moves(const std::vector<Redirect>& moves);
  std::shared_ptr<Pool> pool_at(const Place& place);

  const Options options_;  // Fixed after construction
  const Place home_;       // Where to begin.
  Guarded<Known> known_;

  std::mutex asking_;  // Held by the one thread that asks where keys are; guards what follows
  TimePoint ask_again_at_{};
  bool is_refusal_told_ = false;
};

}  // namespace coterie::redis
