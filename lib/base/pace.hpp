// Pace: how often something may happen, remembered as one point in time.
//
// A bucket of `burst` tokens that fills at `count` in `per`, as the generic cell rate algorithm
// keeps it (ITU-T I.371, annex A): not the tokens are counted, but until when they are spoken for.
// A bucket that is full is one that was never used.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

#include "base/clock.hpp"

namespace coterie {

struct Rate {
  std::uint32_t count = 0;  // In `per`; 0: as often as one likes.
  std::chrono::milliseconds per{1000};
  std::uint32_t burst = 1;  // At once, by one that has rested; at least 1.

  Duration interval() const { return Duration(per) / std::max(count, 1u); }
};

class Pace {
 public:
  // nullopt: it may happen, and has been counted. Else how long to wait until it may.
  std::optional<Duration> take(const Rate& rate, TimePoint now) {
    if (rate.count == 0) return std::nullopt;
    const TimePoint earliest = spoken_for_ - rate.interval() * (std::max(rate.burst, 1u) - 1);
    if (earliest > now) return earliest - now;
    spoken_for_ = std::max(spoken_for_, now) + rate.interval();
    return std::nullopt;
  }
  // It may be forgotten: a new one allows the same.
  bool is_full(TimePoint now) const { return spoken_for_ <= now; }

 private:
  TimePoint spoken_for_{};
};

}  // namespace coterie
