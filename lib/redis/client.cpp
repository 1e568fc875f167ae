// SPDX-License-Identifier: MIT
#include "redis/client.hpp"

#include <algorithm>
#include <utility>

#include "base/blocking.hpp"
#include "base/check.hpp"
#include "base/log.hpp"
#include "redis/errands.hpp"

namespace coterie::redis {

namespace {

constexpr auto ask_pause = std::chrono::milliseconds(500);
constexpr int redirects_max = 5;  // Two are usual: while a slot moves, and when it has.

TimePoint now() {
  return system_clock().now();
}

std::string names_of(const std::vector<Place>& places) {
  std::string names;
  for (const Place& each : places) names += (names.empty() ? "" : ", ") + name_of(each);
  return names;
}

}  // namespace

Client::Client(Options options)
    : options_(std::move(options)), home_(options_.address.seeds().front()) {
  known_.with([this](Known& known) {
    known.map = std::make_shared<const SlotMap>(home_);
    known.is_told = !options_.address.sentinels.places.empty();
  });
}

Result<Reply> Client::run(const Command& command, Repeat repeat) {
  auto replies = run(std::span(&command, 1), repeat);
  if (!replies) return replies.error();
  return std::move(replies->front());
}

Result<std::vector<Reply>> Client::run(std::span<const Command> commands, Repeat repeat) {
  COTERIE_CHECK(may_block());
  Errands errands(commands);
  for (int round = 0; round <= redirects_max; ++round) {
    if (errands.are_done()) return std::move(errands).replies();
    // One of several nodes need not be there.
    const auto map = has_nodes() ? find_map() : known_.with([](Known& known) { return known.map; });
    if (!map) return map.error();
    for (const auto& batch : errands.take_batches(**map)) {
      auto replies = pool_at(batch.place)->run(batch.commands, repeat);
      if (replies) {
        note_moves(errands.take(batch, std::move(*replies)));
      } else if (!is_elsewhere(**map) || repeat == Repeat::never) {
        return replies.error();
      }
    }
  }
  if (errands.are_done()) return std::move(errands).replies();
  return Error("redis_unavailable", "Redis Cluster: each server says that another has the key");
}

Result<Reply> Client::run_at(const Place& place, const Command& command, Repeat repeat) {
  COTERIE_CHECK(may_block());
  auto replies = pool_at(place)->run(std::span(&command, 1), repeat);
  if (replies) return std::move(replies->front());
  renew_map();
  return replies.error();
}

Result<std::vector<SlotMap::Share>> Client::shares(std::string_view key) {
  const auto map = find_map();
  if (!map) return map.error();
  auto shares = (*map)->shares(key);
  if (shares.empty()) return Error("redis_unavailable", "Redis Cluster: no server has slots");
  return shares;
}

Result<void> Client::ping() {
  const auto all = shares("coterie:ping");
  if (!all) return all.error();
  std::vector<Command> commands;
  for (const auto& share : *all) commands.push_back({"EXISTS", share.key});
  const auto replies = run(commands, Repeat::harmless);
  return replies ? Result<void>() : replies.error();
}

// -- who has which keys ---------------------------------------------------------------------------

// The map as Redis has told it.
Result<Client::Map> Client::find_map() {
  COTERIE_CHECK(may_block());
  const auto told = [this] {
    return known_.with([](Known& known) { return known.is_told ? known.map : nullptr; });
  };
  if (auto map = told()) return map;
  if (!has_nodes()) {
    // Is it there at all? That is the pool's to say.
    const auto pong = run_at(home_, {"PING"}, Repeat::harmless);
    if (!pong) return pong.error();
  }
  std::lock_guard lock(asking_);
  if (auto map = told()) return map;
  if (auto asked = ask_map(); !asked) return Error("redis_unavailable", asked.error().detail);
  return told();
}

std::vector<Place> Client::places_to_ask() {
  std::vector<Place> places;
  known_.with([&](Known& known) {
    if (known.is_told) places = known.map->primaries();
  });
  for (Place& seed : options_.address.seeds()) {
    if (std::ranges::count(places, seed) == 0) places.push_back(std::move(seed));
  }
  return places;
}

// Under `asking_`.
Result<void> Client::ask_map() {
  auto found = find_slots(places_to_ask(), options_);
  ask_again_at_ = now() + ask_pause;
  if (!found && found.error().code != "redis_refused") return found.error();
  if (!found) {
    // One server; or a Cluster that does not tell us, and sends us along command by command.
    const bool is_cluster = known_.with([](Known& known) {
      known.is_told = true;
      return known.map->places().size() > 1;
    });
    if (is_cluster && !std::exchange(is_refusal_told_, true)) {
      log::warn("the Redis Cluster does not tell where keys are, which costs time: {}",
                found.error().detail);
    }
    return {};
  }
  auto map = std::make_shared<const SlotMap>(std::move(*found));
  std::map<Place, std::shared_ptr<Pool>> useless;  // Closed outside the lock.
  const bool is_new = known_.with([&](Known& known) {
    const bool is_other = !known.is_told || known.map->primaries() != map->primaries();
    for (auto& [place, pool] : std::exchange(known.pools, {})) {
      const bool is_of_use = std::ranges::count(map->places(), place) > 0;
      (is_of_use ? known.pools : useless).emplace(place, std::move(pool));
    }
    known.map = map;
    known.is_told = true;
    return is_other;
  });
  if (is_new) log::info("the keys of the Redis Cluster are at {}", names_of(map->primaries()));
  return {};
}

// Asks again, unless somebody does or has just done so. Whom it could not ask the pools tell of.
void Client::renew_map() {
  const bool is_alone = known_.with([](Known& known) { return known.map->places().size() == 1; });
  if (is_alone) return;
  const std::unique_lock lock(asking_, std::try_to_lock);
  if (lock && now() >= ask_again_at_) static_cast<void>(ask_map());
}

// After a server has failed us: is there another map now than the one that was used?
bool Client::is_elsewhere(const SlotMap& used) {
  renew_map();
  return known_.with([&](Known& known) { return *known.map != used; });
}

void Client::note_moves(const std::vector<Redirect>& moves) {
  if (moves.empty()) return;
  known_.with([&](Known& known) {
    SlotMap map = *known.map;
    for (const Redirect& each : moves) map.move(each.slot, each.place);
    known.map = std::make_shared<const SlotMap>(std::move(map));
  });
  renew_map();  // Slots seldom move alone.
}

std::shared_ptr<Pool> Client::pool_at(const Place& place) {
  return known_.with([&](Known& known) {
    auto& pool = known.pools[place];
    // Where Sentinels say what that is its place is only a name.
    const bool is_found = !options_.address.sentinels.places.empty();
    if (!pool) pool = std::make_shared<Pool>(is_found ? options_ : at(options_, place));
    return pool;
  });
}

}  // namespace coterie::redis
