// A whole Socket.IO server on this thread: its shards take turns when a test says so.
//
// There is no network: clients (support/packet_client.hpp) hand their requests to the server's own
// route, on the shard that they live on. Between two turns of a shard the others may take any
// number, so a test decides who overtakes whom.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <utility>

#include "net/shards.hpp"
#include "socketio/server.hpp"
#include "support/manual_clock.hpp"
#include "support/seeded_random.hpp"

namespace coterie::test {

class SteppedServer {
 public:
  explicit SteppedServer(socketio::ServerOptions options = {}, unsigned shard_count = 2,
                         std::uint64_t seed = 1)
      : random(seed),
        shards({.count = shard_count, .clock = &clock}),
        server(shards, with_time(std::move(options))),
        route(std::move(server.routes().front())) {}
  SteppedServer(const SteppedServer&) = delete;
  SteppedServer& operator=(const SteppedServer&) = delete;

  // One turn of that shard.
  void step(unsigned shard) { shards[shard].step(); }
  // Turns of all shards, more than anything here needs to travel.
  void settle() {
    for (unsigned round = 0; round < rounds; ++round) {
      for (unsigned shard = 0; shard < shards.size(); ++shard) step(shard);
    }
  }
  // Lets time pass, in moves that no timer of a server can tell from a flow.
  void pass(std::chrono::milliseconds time) {
    while (time.count() > 0) {
      const auto move = std::min<std::chrono::milliseconds>(time, std::chrono::seconds(1));
      clock.move(move);
      settle();
      time -= move;
    }
  }
  // Runs `task` on that shard, in a turn of its own.
  void on(unsigned shard, Task task) {
    shards[shard].post(std::move(task));
    step(shard);
  }

  std::size_t armed_timers() {
    std::size_t count = 0;
    for (unsigned shard = 0; shard < shards.size(); ++shard) {
      count += shards[shard].timers().armed_count();
    }
    return count;
  }

  ManualClock clock;
  SeededRandom random;
  net::Shards shards;
  socketio::Server server;
  net::Route route;

 private:
  static constexpr unsigned rounds = 8;

  socketio::ServerOptions with_time(socketio::ServerOptions options) {
    options.clock = &clock;
    options.random = &random;
    return options;
  }
};

}  // namespace coterie::test
