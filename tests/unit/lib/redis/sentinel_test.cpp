// SPDX-License-Identifier: MIT
#include "redis/sentinel.hpp"

#include <gtest/gtest.h>

namespace coterie::redis {
namespace {

using Places = std::vector<Place>;

TEST(SentinelPlaces, are_hosts_with_their_ports_or_the_usual_one) {
  EXPECT_EQ(parse_places("10.0.0.1:1").value(), (Places{{"10.0.0.1", 1}}));
  EXPECT_EQ(parse_places("a.example.org, b:26380 ,[::1]:3,[fe80::2]").value(),
            (Places{{"a.example.org", 26379}, {"b", 26380}, {"::1", 3}, {"fe80::2", 26379}}));
  EXPECT_EQ(parse_places("a", 7).value(), (Places{{"a", 7}}));
}

TEST(SentinelPlaces, that_are_none_are_an_error) {
  for (const char* wrong : {"", ",", "a,", ",a", "a:", "a:0", "a:65536", "a:1x", ":1", "a b",
                            "[::1", "[::1]x", "[]:1", "a:1:2", "a:-1", " "}) {
    EXPECT_FALSE(parse_places(wrong)) << wrong;
  }
  std::string many = "a";
  for (int i = 0; i < 31; ++i) many += ",a";
  EXPECT_EQ(parse_places(many)->size(), 32U);
  EXPECT_FALSE(parse_places(many + ",a"));
}

}  // namespace
}  // namespace coterie::redis
