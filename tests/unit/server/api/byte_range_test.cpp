// SPDX-License-Identifier: MIT
#include "api/byte_range.hpp"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

namespace coterie::tests {
namespace {

using api::ByteRange;
using api::RangeKind;

struct Case {
  std::string_view header;
  std::uint64_t size;
  RangeKind kind;
  ByteRange range;
};

TEST(ByteRange, is_read_as_the_standard_has_it) {
  constexpr auto whole = RangeKind::whole;
  constexpr auto part = RangeKind::part;
  constexpr auto none = RangeKind::unsatisfiable;
  const std::vector<Case> table{
      {"", 100, whole, {0, 100}},
      {"bytes=0-9", 100, part, {0, 10}},
      {"bytes=0-0", 100, part, {0, 1}},
      {"bytes=99-99", 100, part, {99, 1}},
      {"bytes=10-", 100, part, {10, 90}},
      {"bytes=0-", 100, part, {0, 100}},
      {"bytes=0-99", 100, part, {0, 100}},
      {"bytes=90-1000", 100, part, {90, 10}},
      {"bytes=-10", 100, part, {90, 10}},
      {"bytes=-100", 100, part, {0, 100}},
      {"bytes=-1000", 100, part, {0, 100}},
      {"bytes=100-", 100, none, {}},
      {"bytes=100-200", 100, none, {}},
      {"bytes=-0", 100, none, {}},
      {"bytes=0-", 0, none, {}},
      {"bytes=-5", 0, none, {}},
      {"bytes=18446744073709551615-", 100, none, {}},
      {"bytes=0-18446744073709551615", 100, part, {0, 100}},
  };
  for (const Case& each : table) {
    const auto answer = api::read_range(each.header, each.size);
    EXPECT_EQ(static_cast<int>(answer.kind), static_cast<int>(each.kind)) << each.header;
    if (each.kind != none) EXPECT_EQ(answer.range, each.range) << each.header;
  }
}

TEST(ByteRange, that_makes_no_sense_or_asks_for_several_is_the_whole_file) {
  for (const char* header :
       {"bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=1-b", "bytes=a-", "bytes=9-1",
        "bytes=0-1,5-6", "bytes=0-1, 5-6", "bytes=--5", "bytes=1--5", "bytes=+1-5", "bytes= 1-5",
        "bytes=1-5 ", "lines=0-1", "bytes=0x1-5", "bytes=18446744073709551616-", "0-5"}) {
    const auto answer = api::read_range(header, 100);
    EXPECT_EQ(static_cast<int>(answer.kind), static_cast<int>(RangeKind::whole)) << header;
    EXPECT_EQ(answer.range, (ByteRange{0, 100})) << header;
  }
}

}  // namespace
}  // namespace coterie::tests
