// What has happened in a cluster, as nobody in it can know: who has said what to whom, what was
// asked, and which sockets there were. Everyone's experience is checked against it.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "simulated_bus.hpp"
#include "socketio/audience.hpp"
#include "world.hpp"

namespace coterie::simulation {

// How much of what a server has said had not reached each other one.
class Losses {
 public:
  Losses() = default;
  Losses(const SimulatedRedis& redis, unsigned from, const std::set<unsigned>& servers)
      : for_everyone_(redis.losses(from, SimulatedRedis::everyone)) {
    for (const unsigned to : servers) by_server_[to] = redis.losses(from, to);
  }
  std::uint64_t of(unsigned server) const {
    const auto found = by_server_.find(server);
    return found == by_server_.end() ? for_everyone_ : found->second;
  }

 private:
  std::map<unsigned, std::uint64_t> by_server_;
  std::uint64_t for_everyone_ = 0;
};

// Something that a server has said to clients. Numbered, by server, from 1.
struct Saying {
  socketio::Audience audience;
  bool is_local = false;
  Losses losses;  // When it was said.
};

struct SocketLife {
  unsigned server = 0;
  std::uint64_t began = 0;             // At which step,
  std::optional<std::uint64_t> ended;  // and at which it left,
  bool is_sent_away = false;           // never to come back.
  std::uint64_t name = 0;              // As it answers questions.
};

struct Inquiry {
  unsigned asker = 0;
  TimePoint asked;
  milliseconds patience;
  std::uint64_t step = 0;
  std::uint64_t disturbances = 0;
  bool was_whole = false;
  std::uint64_t comings = 0;
  std::set<unsigned> silent;  // Who will never answer.
  bool is_answered = false;
  bool is_dropped = false;  // Its server is no more.
  bool is_over() const { return is_answered || is_dropped; }
};

struct ClusterSettings {
  unsigned servers = 3;
  unsigned members = 6;
  bool recovers = false;
  std::size_t bus_bytes_max = 1'000'000;
  milliseconds requests_timeout{250};
};

struct Story {
  ClusterSettings settings;
  std::map<unsigned, std::vector<Saying>> sayings;  // By server.
  std::map<unsigned, std::vector<Losses>> news;     // What servers have told each other, likewise.
  std::map<std::string, SocketLife> sockets;        // Of "/", by id.
  std::uint64_t comings = 0;                        // How often one has come or gone.
  std::vector<Inquiry> inquiries;
  std::set<unsigned> alive;  // Servers
};

}  // namespace coterie::simulation
