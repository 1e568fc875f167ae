// SPDX-License-Identifier: MIT
#include "cluster_universe.hpp"

#include <algorithm>
#include <memory>
#include <vector>

#include "cluster_client.hpp"
#include "cluster_server.hpp"
#include "simulated_bus.hpp"
#include "story.hpp"

namespace coterie::simulation {

namespace {

constexpr milliseconds time_per_step_max{4};
constexpr unsigned steps_to_settle = 3000;
constexpr std::chrono::seconds silence{60};  // Longer than a server waits for a client.
constexpr unsigned steps_to_wait = 200;  // Longer than anything is under way, or any answer late.

ClusterSettings draw_settings(Chance& chance) {
  ClusterSettings settings;
  settings.servers = static_cast<unsigned>(chance.between(2, 4));
  settings.members = static_cast<unsigned>(chance.between(2, 10));
  settings.recovers = chance.one_in(2);
  if (chance.one_in(6)) settings.bus_bytes_max = 900;  // Too little, now and then.
  return settings;
}

class ClusterUniverse {
 public:
  explicit ClusterUniverse(World& world);
  void live(std::uint64_t steps);

 private:
  void step();
  void disturb();
  void replace(std::size_t index);
  void check_own();
  void settle();
  bool is_quiet() const;
  void wait();
  void end();

  World& world_;
  Story story_;
  SimulatedRedis redis_;
  const bool is_troubled_;
  unsigned last_number_ = 0;
  ClusterClient::Servers servers_;
  std::vector<std::unique_ptr<ClusterClient>> clients_;
};

ClusterUniverse::ClusterUniverse(World& world)
    : world_(world), redis_(world, world.chance.one_in(2)), is_troubled_(!world.chance.one_in(4)) {
  story_.settings = draw_settings(world.chance);
  world.count("clusters");
  for (unsigned i = 0; i < story_.settings.servers; ++i) {
    servers_.push_back(std::make_unique<ClusterServer>(world, redis_, story_, ++last_number_));
  }
  for (unsigned i = 0; i < story_.settings.members; ++i) {
    clients_.push_back(std::make_unique<ClusterClient>(world, redis_, story_, i));
  }
}

void ClusterUniverse::live(std::uint64_t steps) {
  for (std::uint64_t i = 0; i < steps && !world_.has_failed(); ++i) {
    step();
    if (is_troubled_) disturb();
    if (world_.chance.one_in(10)) check_own();
  }
  if (!world_.has_failed()) settle();
  if (!world_.has_failed()) end();
  clients_.clear();
}

void ClusterUniverse::step() {
  ++world_.step;
  std::vector<Task> turns;
  for (auto& each : servers_) {
    ClusterServer* server = each.get();
    for (unsigned i = 0; i < server->at().shards.size(); ++i) {
      turns.emplace_back([server, i] { server->at().step(i); });
      if (world_.chance.one_in(3)) turns.emplace_back([server, i] { server->at().step(i); });
    }
    turns.emplace_back([server] { server->bus().act(); });
    if (!world_.is_calm) turns.emplace_back([server] { server->act(); });
  }
  for (auto& each : clients_) {
    turns.emplace_back([this, client = each.get()] {
      client->hear();
      if (!world_.has_failed()) client->act(servers_);
    });
  }
  turns.emplace_back([this] { redis_.act(); });
  for (std::size_t i = turns.size(); i > 1; --i) {
    std::swap(turns[i - 1], turns[world_.chance.below(i)]);
  }
  for (Task& turn : turns) {
    if (!world_.chance.one_in(4)) turn();
    if (world_.has_failed()) return;
  }
  const milliseconds time(world_.chance.below(time_per_step_max.count() + 1));
  world_.clock.move(time);
  for (auto& server : servers_) server->at().clock.move(time);
}

void ClusterUniverse::disturb() {
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
      world_.count("cuts of the bus");
      return servers_[index]->bus().cut();
  }
}

// A server dies, or is ended; another one begins.
void ClusterUniverse::replace(std::size_t index) {
  ClusterServer& old = *servers_[index];
  const bool dies = world_.chance.one_in(2);
  world_.note("server {} {}", old.number(), dies ? "dies" : "ends");
  world_.count(dies ? "servers die" : "servers end");
  if (dies) {
    old.bus().die();
  } else {
    old.at().server.close();
    old.at().settle();
  }
  for (auto& client : clients_) client->lose(old.number());
  servers_[index].reset();
  servers_[index] = std::make_unique<ClusterServer>(world_, redis_, story_, ++last_number_);
}

// What a server says its own clients hear, bus or no bus.
void ClusterUniverse::check_own() {
  ClusterServer& server = *world_.chance.pick(servers_);
  server.at().settle();
  for (auto& client : clients_) {
    if (!client->is_at(server.number()) || !client->is_polling()) continue;
    client->hear();
    if (!world_.has_failed()) client->check_complete(server.number());
  }
}

bool ClusterUniverse::is_quiet() const {
  return redis_.is_whole() && redis_.is_idle() &&
         std::ranges::all_of(clients_, [](const auto& client) { return client->is_quiet(); }) &&
         std::ranges::all_of(story_.inquiries, &Inquiry::is_over);
}

void ClusterUniverse::wait() {
  for (unsigned i = 0; i < steps_to_wait && !world_.has_failed(); ++i) step();
}

// All is well again; what is under way arrives, and then everyone must know all that it must know.
void ClusterUniverse::settle() {
  world_.note("calm");
  world_.is_calm = true;
  redis_.come_back();
  for (auto& client : clients_) client->poll_again();
  unsigned patience = steps_to_settle;
  for (; patience > 0 && !world_.has_failed() && !is_quiet(); --patience) step();
  if (world_.has_failed()) return;
  if (patience == 0) return world_.fail("the cluster does not come to rest");
  wait();
  for (int round = 0; round < 2; ++round) {
    for (auto& server : servers_) server->reset();
    wait();
  }
  for (auto& client : clients_) {
    for (auto& server : servers_) {
      if (!world_.has_failed()) client->check_complete(server->number());
    }
    client->check_obedience();
  }
}

void ClusterUniverse::end() {
  if (world_.chance.one_in(4)) {  // All at once, with everyone in it.
    for (auto& server : servers_) {
      for (auto& client : clients_) client->lose(server->number());
      server.reset();
    }
    return;
  }
  for (auto& client : clients_) client->part();
  wait();
  for (auto& server : servers_) {
    server->at().pass(silence);
  }
  wait();
  for (auto& server : servers_) {
    if (!world_.has_failed()) server->check_the_end();
  }
}

}  // namespace

void run_cluster(World& world, std::uint64_t steps) {
  std::make_unique<ClusterUniverse>(world)->live(steps);
}

}  // namespace coterie::simulation
