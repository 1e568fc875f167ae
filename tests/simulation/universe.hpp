// One universe: shards, a server and its clients, all on this thread, in the order of its seed.
//
// A step gives shards, clients and the network turns in an order that chance decides, and then
// moves the clock a little. So the mailboxes of the shards overtake each other in every way that
// threads could make them, and the same seed makes the same universe again.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>

namespace coterie::net {
class Workers;
}

namespace coterie::simulation {

class World;

struct Outcome {
  std::string violation;  // Empty: there was none.
  std::uint64_t step = 0;
  std::uint64_t hash = 0;  // Of all that happened.
  std::deque<std::string> trace;
  std::map<std::string, std::uint64_t, std::less<>> tally;
};

// `watch` is told of the world before anything happens in it.
Outcome run_universe(std::uint64_t seed, std::uint64_t steps, bool is_loud, net::Workers& files,
                     const std::function<void(const World*)>& watch);

}  // namespace coterie::simulation
