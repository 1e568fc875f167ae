// SPDX-License-Identifier: MIT
#include "base/clock.hpp"

#include <gtest/gtest.h>

namespace coterie {
namespace {

WallTime at(std::int64_t milliseconds) {
  return WallTime(std::chrono::milliseconds(milliseconds));
}

TEST(Clock, writes_times_as_iso_8601_in_utc) {
  EXPECT_EQ(to_iso8601(at(0)), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(to_iso8601(at(1795532189286)), "2026-11-24T14:56:29.286Z");
  EXPECT_EQ(to_iso8601(at(951782400007)), "2000-02-29T00:00:00.007Z");
}

TEST(Clock, writes_times_before_1970) {
  EXPECT_EQ(to_iso8601(at(-1)), "1969-12-31T23:59:59.999Z");
}

TEST(Clock, writes_years_of_more_and_of_fewer_digits_than_four) {
  EXPECT_EQ(to_iso8601(at(253402300799999)), "9999-12-31T23:59:59.999Z");
  EXPECT_EQ(to_iso8601(at(253402300800000)), "10000-01-01T00:00:00.000Z");
  EXPECT_EQ(to_iso8601(at(-62135596800000)), "0001-01-01T00:00:00.000Z");
  EXPECT_EQ(to_iso8601(at(-62167219200001)), "-001-12-31T23:59:59.999Z");
}

TEST(Clock, of_the_machine_never_runs_backwards) {
  const TimePoint before = system_clock().now();
  EXPECT_GE(system_clock().now(), before);
  EXPECT_GT(system_clock().wall(), at(1700000000000));
}

}  // namespace
}  // namespace coterie
