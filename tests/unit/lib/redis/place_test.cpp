// SPDX-License-Identifier: MIT
#include "redis/place.hpp"

#include <gtest/gtest.h>

namespace coterie::redis {
namespace {

using Places = std::vector<Place>;

TEST(RedisPlaces, are_hosts_with_their_ports_or_the_usual_one) {
  EXPECT_EQ(parse_places("10.0.0.1:1", 7).value(), (Places{{"10.0.0.1", 1}}));
  EXPECT_EQ(parse_places("a.example.org, b:26380 ,[::1]:3,[fe80::2]", 26379).value(),
            (Places{{"a.example.org", 26379}, {"b", 26380}, {"::1", 3}, {"fe80::2", 26379}}));
}

TEST(RedisPlaces, that_are_none_are_an_error) {
  for (const char* wrong : {"", ",", "a,", ",a", "a:", "a:0", "a:65536", "a:1x", ":1", "a b",
                            "[::1", "[::1]x", "[]:1", "a:1:2", "a:-1", " "}) {
    EXPECT_FALSE(parse_places(wrong, 7)) << wrong;
  }
  std::string many = "a";
  for (int i = 0; i < 31; ++i) many += ",a";
  EXPECT_EQ(parse_places(many, 7)->size(), 32U);
  EXPECT_FALSE(parse_places(many + ",a", 7));
}

}  // namespace
}  // namespace coterie::redis
