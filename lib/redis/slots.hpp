// Which server of a Redis Cluster has which keys.
//
//   slot     = CRC16 (XMODEM) of the key, or of its tag when it has one, modulo 16384
//   tag      = what stands between the first "{" and the next "}", unless that is nothing
//   redirect = ( "MOVED" | "ASK" ) SP slot SP [ host ] ":" port
//              MOVED: that server has the slot. ASK: for this once go there, behind an ASKING.
//   slots    = *( first last primary *replica ), primary = replica = host port [ id *any ]
//              The reply to CLUSTER SLOTS; a host that is not named is the one that was asked.
//
// Source: redis.io, "Redis cluster specification" and the page of CLUSTER SLOTS (which every Redis
// since 3.0 has; CLUSTER SHARDS came with 7.0).
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "redis/place.hpp"
#include "redis/reply.hpp"
#include "redis/resp.hpp"

namespace coterie::redis {

struct Options;

using Slot = std::uint16_t;
constexpr Slot slot_count = 16384;

Slot slot_of(std::string_view key);
// A command's only key: its first argument, or with EVAL the first behind their number. Nullopt: it
// has none.
std::optional<std::string_view> key_of(const Command& command);

struct Redirect {
  enum class Kind { moved, ask };
  Kind kind = Kind::moved;
  Slot slot = 0;
  Place place = {};
  bool operator==(const Redirect&) const = default;
};
// What an error reply of the server at `by` asks for; nullopt: it is no redirect.
std::optional<Redirect> parse_redirect(std::string_view error, const Place& by);

// Who has which slot, as a server has said.
class SlotMap {
 public:
  // Of a server that is alone and has them all.
  explicit SlotMap(Place alone) : places_{std::move(alone)}, owners_(slot_count) {}
  // Error "redis_failed": that is no answer to CLUSTER SLOTS.
  static Result<SlotMap> parse(const Reply& slots, const Place& asked);

  // Where a command goes; one without a key, or of a slot that nobody has, to anyone.
  const Place& place_of(const Command& command) const;
  // The servers that have slots, in the order of these.
  std::vector<Place> primaries() const;
  // All servers of the Cluster, replicas too.
  const std::vector<Place>& places() const { return places_; }
  void move(Slot slot, const Place& to);

  struct Share {
    Place place;
    std::string key;
    bool operator==(const Share&) const = default;
  };
  // For each primary one key that it has: `key` for the only one, and otherwise that with ":" and
  // the first number that leads there.
  std::vector<Share> shares(std::string_view key) const;

  bool operator==(const SlotMap&) const = default;

 private:
  using Index = std::uint16_t;
  static constexpr Index nobody = 0xFFFF;

  SlotMap() : owners_(slot_count, nobody) {}
  Index index_of(const Place& place);

  std::vector<Place> places_;
  std::vector<Index> owners_;  // By slot: which of the places.
};

// The map of the Cluster that these are nodes of, as the first says that answers. Blocks. Errors
// "redis_refused": it is none, or does not tell; "redis_cut": nobody answers.
Result<SlotMap> find_slots(std::span<const Place> nodes, const Options& options);

}  // namespace coterie::redis
