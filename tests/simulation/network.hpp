// Where clients get their connections, and where those end up that nobody speaks through any more.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "net/shards.hpp"
#include "wire.hpp"
#include "world.hpp"

namespace coterie::simulation {

class Network {
 public:
  Network(World& world, net::Shards& shards, net::Shards::Door door)
      : world_(world), shards_(shards), door_(std::move(door)) {}

  std::unique_ptr<Wire> connect() {
    world_.count("connections");
    const auto [ours, theirs] = Wire::ends(world_.settings.has_small_buffers);
    shards_[0].post([this, fd = theirs] { door_(fd, "127.0.0.1"); });
    return std::make_unique<Wire>(world_, ours);
  }

  // The client takes no more interest: the stream ends now, later, or never, and is read or not.
  // `life` of `member` is the one that it was for.
  void abandon(std::unique_ptr<Wire> wire, unsigned member, std::size_t life) {
    if (!wire || world_.chance.one_in(3)) return;
    if (world_.chance.one_in(4)) return ghosts_.push_back(std::move(wire));
    if (world_.chance.one_in(2)) wire->freeze(milliseconds(world_.chance.below(2000)));
    strays_.push_back({std::move(wire), member, life});
  }

  void act() {
    std::erase_if(strays_, [this](const Stray& stray) {
      if (!stray.wire->is_frozen() && world_.chance.one_in(20)) return true;
      if (!stray.wire->is_frozen() && !stray.wire->has_sent_all()) hear_of(stray);
      stray.wire->pump();
      return false;
    });
  }

 private:
  struct Stray {
    std::unique_ptr<Wire> wire;
    unsigned member;
    std::size_t life;
  };

  // A POST that was under way when its client left is a word of it like any other, however late:
  // the server may rightly wait for the next one from there on.
  void hear_of(const Stray& stray) {
    auto& noticed_by = world_.lives[stray.member][stray.life].noticed_by;
    const TimePoint due = world_.clock.now() + world_.settings.heartbeat();
    if (noticed_by) noticed_by = std::max(*noticed_by, due);
  }

  World& world_;
  net::Shards& shards_;
  const net::Shards::Door door_;
  std::vector<Stray> strays_;
  std::vector<std::unique_ptr<Wire>> ghosts_;  // Nobody is there, and nobody will ever say so.
};

}  // namespace coterie::simulation
