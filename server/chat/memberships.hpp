// Who is in which group, remembered: sending asks for it with every message.
//
// Nobody can leave a group, so what was once true stays true; only membership is remembered, never
// its absence. Bounded: it starts over when it has grown too large.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <unordered_set>
#include <utility>

#include "base/guarded.hpp"
#include "base/result.hpp"
#include "storage/database.hpp"

namespace coterie::chat {

class Memberships {
 public:
  explicit Memberships(storage::Database& database) : database_(database) {}

  // Error "not_in_group" when the user is not. Blocks unless it is remembered.
  Result<void> check(std::int64_t user_id, std::int64_t group_id);
  void add(std::int64_t user_id, std::int64_t group_id);

 private:
  struct Hash {
    std::size_t operator()(const std::pair<std::int64_t, std::int64_t>& pair) const {
      const auto mixed = static_cast<std::uint64_t>(pair.first) * 0x9E3779B97F4A7C15ULL;
      return static_cast<std::size_t>(mixed ^ static_cast<std::uint64_t>(pair.second) *
                                                  0xC2B2AE3D27D4EB4FULL);
    }
  };

  storage::Database& database_;
  Guarded<std::unordered_set<std::pair<std::int64_t, std::int64_t>, Hash>> known_;
};

}  // namespace coterie::chat
