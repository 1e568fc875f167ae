// SPDX-License-Identifier: MIT
#include "stream_universe.hpp"

#include <algorithm>
#include <memory>
#include <vector>

#include "stream_traveller.hpp"

namespace coterie::simulation {

namespace {

constexpr milliseconds time_per_step_max{4};
constexpr unsigned steps_to_settle = 5000;
constexpr unsigned steps_to_wait = 200;  // Longer than anything is under way.

class StreamUniverse {
 public:
  explicit StreamUniverse(World& world);
  void live(std::uint64_t steps);

 private:
  void step();
  void disturb();
  void replace(std::size_t index);
  void settle();
  bool is_quiet() const;
  void begin_server();

  World& world_;
  StreamRedis redis_;
  StreamTruth truth_;
  const bool is_troubled_;
  unsigned last_number_ = 0;
  std::uint64_t said_ = 0;
  StreamTraveller::Servers servers_;
  std::vector<std::unique_ptr<StreamTraveller>> travellers_;
};

StreamUniverse::StreamUniverse(World& world)
    : world_(world),
      redis_(world),
      truth_(redis_),
      is_troubled_(!world.chance.one_in(4)),
      servers_(world.chance.between(2, 3)) {
  world.count("clusters over streams");
  for (auto& server : servers_) {
    server = std::make_unique<StreamServer>(world, redis_, ++last_number_);
  }
  const std::uint64_t count = world.chance.between(2, 8);
  for (unsigned i = 0; i < count; ++i) {
    travellers_.push_back(std::make_unique<StreamTraveller>(world, truth_, i, !is_troubled_));
  }
}

void StreamUniverse::live(std::uint64_t steps) {
  for (std::uint64_t i = 0; i < steps && !world_.has_failed(); ++i) {
    step();
    if (is_troubled_) disturb();
  }
  if (!world_.has_failed()) settle();
  travellers_.clear();
}

void StreamUniverse::step() {
  ++world_.step;
  std::vector<Task> turns;
  for (auto& each : servers_) {
    StreamServer* server = each.get();
    for (unsigned i = 0; i < server->at().shards.size(); ++i) {
      turns.emplace_back([server, i] { server->at().step(i); });
    }
    turns.emplace_back([server] { server->bus().act(); });
    if (world_.is_calm || world_.chance.one_in(3)) continue;
    turns.emplace_back([this, server] { server->say(++said_); });
  }
  for (auto& traveller : travellers_) {
    turns.emplace_back([this, each = traveller.get()] { each->act(servers_); });
  }
  turns.emplace_back([this] { redis_.act(); });
  world_.chance.shuffle(turns);
  for (Task& turn : turns) {
    if (!world_.chance.one_in(4)) turn();
    if (world_.has_failed()) return;
  }
  const milliseconds time(world_.chance.below(time_per_step_max.count() + 1));
  world_.clock.move(time);
  for (auto& server : servers_) server->at().clock.move(time);
}

void StreamUniverse::disturb() {
  if (redis_.is_away() && world_.chance.one_in(30)) {
    world_.note("redis comes back");
    redis_.come_back();
  }
  if (!world_.chance.one_in(80)) return;
  const std::size_t index = world_.chance.below(servers_.size());
  switch (world_.chance.below(4)) {
    case 0:
      if (redis_.is_away()) return;
      world_.note("redis goes away");
      return redis_.go_away();
    case 1:
      return replace(index);
    default:
      world_.note("server {} is cut from redis", servers_[index]->number());
      return servers_[index]->bus().cut();
  }
}

// A server dies, or is ended; another one begins.
void StreamUniverse::replace(std::size_t index) {
  StreamServer& old = *servers_[index];
  const bool dies = world_.chance.one_in(2);
  world_.note("server {} {}", old.number(), dies ? "dies" : "ends");
  world_.count(dies ? "servers over streams die" : "servers over streams end");
  if (dies) {
    old.bus().die();
  } else {
    old.at().server.close();
    old.at().settle();
  }
  for (auto& traveller : travellers_) traveller->lose(old.number());
  servers_[index].reset();
  servers_[index] = std::make_unique<StreamServer>(world_, redis_, ++last_number_);
}

bool StreamUniverse::is_quiet() const {
  return redis_.is_idle() && std::ranges::all_of(travellers_, &StreamTraveller::is_quiet);
}

// All is well again; what is under way arrives, and then everyone has heard all.
void StreamUniverse::settle() {
  world_.note("calm");
  world_.is_calm = true;
  redis_.come_back();
  unsigned patience = steps_to_settle;
  for (; patience > 0 && !world_.has_failed() && !is_quiet(); --patience) step();
  if (world_.has_failed()) return;
  if (patience == 0) return world_.fail("the cluster over streams does not come to rest");
  for (unsigned i = 0; i < steps_to_wait && !world_.has_failed(); ++i) step();
  for (auto& traveller : travellers_) {
    if (!world_.has_failed()) traveller->check_complete();
  }
}

}  // namespace

void run_streams(World& world, std::uint64_t steps) {
  std::make_unique<StreamUniverse>(world)->live(steps);
}

}  // namespace coterie::simulation
