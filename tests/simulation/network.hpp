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
  void abandon(std::unique_ptr<Wire> wire) {
    if (!wire || world_.chance.one_in(3)) return;
    if (world_.chance.one_in(4)) return ghosts_.push_back(std::move(wire));
    if (world_.chance.one_in(2)) wire->freeze(milliseconds(world_.chance.below(2000)));
    strays_.push_back(std::move(wire));
  }

  void act() {
    std::erase_if(strays_, [this](const std::unique_ptr<Wire>& wire) {
      if (!wire->is_frozen() && world_.chance.one_in(20)) return true;
      wire->pump();
      return false;
    });
  }

 private:
  World& world_;
  net::Shards& shards_;
  const net::Shards::Door door_;
  std::vector<std::unique_ptr<Wire>> strays_;
  std::vector<std::unique_ptr<Wire>> ghosts_;  // Nobody is there, and nobody will ever say so.
};

}  // namespace coterie::simulation
