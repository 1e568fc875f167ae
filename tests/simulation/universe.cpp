// SPDX-License-Identifier: MIT
#include "universe.hpp"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <memory>
#include <optional>
#include <vector>

#include "application.hpp"
#include "cluster_universe.hpp"
#include "member.hpp"
#include "net/shards.hpp"
#include "network.hpp"
#include "socketio/server.hpp"
#include "stream_universe.hpp"
#include "world.hpp"

namespace coterie::simulation {

namespace {

constexpr milliseconds time_per_step_max{4};
constexpr unsigned steps_to_settle = 2000;
constexpr unsigned steps_to_part = 120;
constexpr milliseconds leap{2000};
constexpr unsigned leaps = 70;  // Longer than any timer of a server whose clients are silent.

std::size_t open_descriptors() {
  return static_cast<std::size_t>(std::distance(
      std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator()));
}

net::Router router_of(socketio::Server& server) {
  net::Router router;
  router.add(server.routes());
  return router;
}

Settings draw_settings(Chance& chance) {
  Settings settings;
  settings.shards = static_cast<unsigned>(chance.between(1, 4));
  settings.members = static_cast<unsigned>(chance.between(2, 14));
  settings.rooms = static_cast<unsigned>(chance.between(2, 6));
  settings.purges_close = chance.one_in(2);
  settings.has_small_buffers = chance.one_in(3);
  settings.recovers = chance.one_in(2);
  settings.has_long_memory = !chance.one_in(4);
  settings.skips_middlewares = !settings.has_long_memory || chance.one_in(2);
  if (!settings.has_long_memory && chance.one_in(2)) settings.memory = milliseconds(100);
  return settings;
}

std::optional<socketio::RecoveryOptions> recovery(const Settings& settings) {
  if (!settings.recovers) return std::nullopt;
  socketio::RecoveryOptions options{.max_disconnection = settings.memory,
                                    .skip_middlewares = settings.skips_middlewares};
  if (!settings.has_long_memory) options.events_max = 150;
  return options;
}

class Universe {
 public:
  Universe(World& world, net::Workers& files);
  ~Universe();
  Universe(const Universe&) = delete;
  Universe& operator=(const Universe&) = delete;

  void live(std::uint64_t steps);

 private:
  void step();
  void take_turn(std::size_t who);
  void settle();
  std::string unsettled() const;
  bool everyone_has_heard_the_audit() const;
  void end();
  void stop_shards();
  void leap_on();
  void look_for_leaks();

  World& world_;
  net::Shards shards_;
  socketio::Server server_;
  Application application_;
  Network network_;
  std::vector<std::unique_ptr<Member>> members_;
};

Universe::Universe(World& world, net::Workers& files)
    : world_(world),
      shards_({.count = world.settings.shards, .files = &files, .clock = &world.clock}),
      server_(shards_, {.ping_interval = world.settings.ping_interval,
                        .ping_timeout = world.settings.ping_timeout,
                        .upgrade_timeout = world.settings.upgrade_timeout,
                        .connect_timeout = world.settings.connect_timeout,
                        .recovery = recovery(world.settings),
                        .clock = &world.clock,
                        .random = &world.ids}),
      application_(world, shards_, server_),
      network_(world, shards_, shards_.door(router_of(server_))) {
  world.lives.resize(world.settings.members);
  for (unsigned i = 0; i < world.settings.members; ++i) {
    members_.push_back(std::make_unique<Member>(world, network_, i));
  }
  world.note("{} shards, {} members, {} rooms, {}", world.settings.shards, world.settings.members,
             world.settings.rooms, world.settings.recovers ? "recovery" : "no recovery");
}

Universe::~Universe() {
  stop_shards();
}

void Universe::live(std::uint64_t steps) {
  for (std::uint64_t i = 0; i < steps && !world_.has_failed(); ++i) step();
  if (!world_.has_failed()) settle();
  if (!world_.has_failed()) end();
  if (!world_.has_failed()) look_for_leaks();
}

void Universe::step() {
  ++world_.step;
  const std::size_t everyone = shards_.size() + 2 * members_.size() + 2;
  std::vector<std::size_t> turns;
  for (std::size_t who = 0; who < everyone; ++who) {
    if (!world_.chance.one_in(4)) turns.push_back(who);
    if (who < shards_.size() && world_.chance.one_in(3)) turns.push_back(who);
  }
  world_.chance.shuffle(turns);
  for (const std::size_t who : turns) {
    take_turn(who);
    if (world_.has_failed()) return;
  }
  world_.clock.move(milliseconds(world_.chance.below(time_per_step_max.count() + 1)));
  application_.check_the_dead();
}

void Universe::take_turn(std::size_t who) {
  if (who < shards_.size()) return shards_[static_cast<unsigned>(who)].step();
  who -= shards_.size();
  if (who < members_.size()) return members_[who]->act();
  who -= members_.size();
  if (who < members_.size()) return members_[who]->pump();
  if (who == members_.size()) return network_.act();
  application_.act();
}

// Who has something under way, and what; empty: nobody.
std::string Universe::unsettled() const {
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (auto what = members_[i]->unsettled(); !what.empty()) {
      return fmt::format("member {} {}", i, what);
    }
  }
  return world_.later.empty() ? "" : "something is left for later";
}

bool Universe::everyone_has_heard_the_audit() const {
  return std::ranges::all_of(members_, [this](const auto& member) {
    return std::ranges::all_of(member->audits(), [this](const auto& heard) {
      return heard.second == application_.audits_of(heard.first);
    });
  });
}

// Nothing new is begun; what is under way must arrive.
void Universe::settle() {
  world_.note("calm");
  world_.is_calm = true;
  unsigned patience = steps_to_settle;
  for (; patience > 0 && !world_.has_failed() && !unsettled().empty(); --patience) step();
  if (world_.has_failed()) return;
  if (patience == 0) return world_.fail("{}, and that never ends", unsettled());
  application_.audit();
  for (patience = steps_to_settle; patience > 0 && !world_.has_failed(); --patience) {
    step();
    if (everyone_has_heard_the_audit()) return;
  }
  world_.fail("someone has not heard the last audit");
}

void Universe::end() {
  const std::uint64_t how = world_.chance.below(4);
  world_.note("the end, in way {}", how);
  if (how >= 2) {
    for (auto& lives : world_.lives) {
      if (!lives.empty() && lives.back().excuse.empty()) lives.back().excuse = "the end";
    }
  }
  if (how >= 2) server_.close();
  if (how == 3) stop_shards();
  if (how < 2) {
    for (auto& member : members_) member->part();
  }
  for (unsigned i = 0; i < steps_to_part && !world_.has_failed(); ++i) step();
  leap_on();
}

void Universe::stop_shards() {
  for (unsigned i = 0; i < shards_.size(); ++i) shards_[i].stop();
  // Twice: what one sends to another on its way out must be taken, too.
  for (unsigned i = 0; i < 2 * shards_.size(); ++i) shards_[i % shards_.size()].step();
}

void Universe::leap_on() {
  for (unsigned i = 0; i < leaps && !world_.has_failed(); ++i) {
    ++world_.step;
    world_.clock.move(leap);
    network_.act();
    for (auto& member : members_) {
      member->pump();
      member->act();
    }
    for (unsigned turn = 0; turn < 3 * shards_.size(); ++turn) {
      shards_[turn % shards_.size()].step();
    }
    application_.check_the_dead();
  }
}

void Universe::look_for_leaks() {
  application_.check_the_end();
  for (unsigned i = 0; i < shards_.size(); ++i) {
    const auto left = server_.population(i);
    const std::size_t connections = shards_[i].connection_count();
    // What is too old is swept out on the first shard, for as long as the server lives.
    const std::size_t sweeps = i == 0 && world_.settings.recovers ? 1 : 0;
    const std::size_t timers = shards_[i].timers().armed_count() - sweeps;
    if (left.sessions + left.sockets + left.rooms + connections + timers > 0) {
      world_.fail("shard {} keeps {} sessions, {} sockets, {} rooms, {} connections, {} timers", i,
                  left.sessions, left.sockets, left.rooms, connections, timers);
    }
  }
  for (const auto* name : {"/", "/side"}) {
    if (server_.of(name).socket_count() != 0) world_.fail("{} counts sockets that are gone", name);
  }
}

}  // namespace

Outcome run_universe(std::uint64_t seed, std::uint64_t steps, bool is_loud, net::Workers& files,
                     const std::function<void(const World*)>& watch) {
  const std::size_t before = open_descriptors();
  World world(seed, is_loud);
  watch(&world);
  if (world.chance.one_in(3)) {
    world.chance.one_in(3) ? run_streams(world, steps) : run_cluster(world, steps);
  } else {
    world.settings = draw_settings(world.chance);
    std::make_unique<Universe>(world, files)->live(steps);
  }
  const std::size_t after = open_descriptors();
  if (after != before) world.fail("{} descriptors were left open", after - before);
  watch(nullptr);
  return {world.violation(), world.step, world.hash(), world.trace(), world.tally};
}

}  // namespace coterie::simulation
