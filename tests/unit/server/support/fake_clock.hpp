// A clock that only a test moves: waiting and calendars go forward together.
// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>

#include "base/clock.hpp"

namespace coterie::tests {

// Any thread may read it; it starts at 2026-11-24T14:56:29.286Z.
class FakeClock final : public Clock {
 public:
  TimePoint now() const override { return TimePoint(Duration(elapsed_.load())); }
  WallTime wall() const override {
    return start() + std::chrono::floor<std::chrono::milliseconds>(Duration(elapsed_.load()));
  }
  void advance(Duration by) { elapsed_ += by.count(); }

 private:
  static constexpr WallTime start() { return WallTime(std::chrono::milliseconds(1795532189286)); }

  std::atomic<Duration::rep> elapsed_ = 0;
};

}  // namespace coterie::tests
