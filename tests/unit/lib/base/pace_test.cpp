// SPDX-License-Identifier: MIT
#include "base/pace.hpp"

#include <gtest/gtest.h>

#include "support/manual_clock.hpp"

namespace coterie {
namespace {

using std::chrono_literals::operator""ms;

struct Fixture {
  test::ManualClock clock;
  Pace pace;

  std::optional<Duration> take(const Rate& rate) { return pace.take(rate, clock.now()); }
  int take_all(const Rate& rate) {
    int taken = 0;
    while (taken < 100'000 && !take(rate)) ++taken;
    return taken;
  }
};

TEST(Pace, allows_a_burst_and_then_the_rate) {
  Fixture f;
  const Rate rate{10, 1000ms, 5};
  EXPECT_EQ(f.take_all(rate), 5);
  EXPECT_EQ(f.take(rate), Duration(100ms));
  f.clock.move(99ms);
  EXPECT_EQ(f.take(rate), Duration(1ms));
  f.clock.move(1ms);
  EXPECT_EQ(f.take_all(rate), 1);
  f.clock.move(250ms);
  EXPECT_EQ(f.take_all(rate), 2);
}

TEST(Pace, is_not_charged_for_what_was_refused) {
  Fixture f;
  const Rate rate{1, 1000ms, 1};
  EXPECT_EQ(f.take_all(rate), 1);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(f.take(rate), Duration(1000ms));
  f.clock.move(1000ms);
  EXPECT_EQ(f.take(rate), std::nullopt);
}

TEST(Pace, saves_no_more_than_a_burst) {
  Fixture f;
  const Rate rate{10, 1000ms, 3};
  EXPECT_EQ(f.take_all(rate), 3);
  EXPECT_FALSE(f.pace.is_full(f.clock.now()));
  f.clock.move(300ms);
  EXPECT_TRUE(f.pace.is_full(f.clock.now()));
  f.clock.move(std::chrono::hours(24));
  EXPECT_EQ(f.take_all(rate), 3);
}

TEST(Pace, never_stops_what_has_no_rate) {
  Fixture f;
  EXPECT_EQ(f.take_all(Rate{}), 100'000);
  EXPECT_EQ(f.take_all(Rate{0, 1000ms, 0}), 100'000);
  EXPECT_TRUE(f.pace.is_full(f.clock.now()));
}

TEST(Pace, takes_a_burst_of_none_for_one) {
  Fixture f;
  EXPECT_EQ(f.take_all(Rate{1, 60'000ms, 0}), 1);
}

}  // namespace
}  // namespace coterie
