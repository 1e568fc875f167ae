// How often a user may do what costs others something: send, join, found groups.
//
// Each server counts for itself, in memory: a limit is there to keep a program that has gone wild
// from filling the database, and is of no use if asking for it costs as much as the act. Honest
// clients never meet one. Any thread.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.hpp"
#include "base/guarded.hpp"
#include "base/pace.hpp"
#include "base/result.hpp"

namespace coterie::chat {

class Limit {
 public:
  // `code`, a literal, is the error of who is too fast.
  Limit(Rate rate, std::string_view code, const Clock& clock)
      : rate_(rate), code_(code), clock_(clock) {}

  // Error `code`, with the seconds to wait as its detail: not now. Else it is counted.
  Result<void> take(std::int64_t user_id);

  // Users that are remembered, at the most: those who have rested are forgotten first, and should
  // that not be enough everybody is, which only allows a little more.
  static constexpr std::size_t users_max = 100'000;
  std::size_t user_count() const {
    return paces_.with([](const auto& paces) { return paces.size(); });
  }

 private:
  const Rate rate_;
  const std::string_view code_;
  const Clock& clock_;
  Guarded<std::unordered_map<std::int64_t, Pace>> paces_;
};

// All of them, for the rules to ask.
struct Limits {
  struct Rates {
    Rate sends;
    Rate joins;
    Rate groups;
  };
  Limits(const Rates& rates, const Clock& clock)
      : sends(rates.sends, "too_many_messages", clock),
        joins(rates.joins, "too_many_joins", clock),
        groups(rates.groups, "too_many_groups", clock) {}

  Limit sends;
  Limit joins;
  Limit groups;
};

// How many whole seconds a client is told to wait: never none.
std::string seconds_to_wait(Duration wait);

}  // namespace coterie::chat
