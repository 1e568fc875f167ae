// A clock that stands still until a test moves it.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>

#include "base/clock.hpp"

namespace coterie::test {

class ManualClock final : public Clock {
 public:
  TimePoint now() const override { return TimePoint(start) + passed_; }
  WallTime wall() const override { return WallTime(start) + passed_; }

  std::chrono::milliseconds passed() const { return passed_; }
  void move(std::chrono::milliseconds time) { passed_ += time; }

 private:
  static constexpr std::chrono::milliseconds start{1'800'000'000'000};
  std::chrono::milliseconds passed_{0};
};

}  // namespace coterie::test
