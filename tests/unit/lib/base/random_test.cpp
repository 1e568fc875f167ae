// SPDX-License-Identifier: MIT
#include "base/random.hpp"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <set>
#include <string>

#include "base/id.hpp"
#include "support/seeded_random.hpp"

namespace coterie {
namespace {

TEST(Random, draws_bytes_that_do_not_repeat) {
  std::array<unsigned char, 32> first{};
  std::array<unsigned char, 32> second{};
  system_random().fill(first);
  system_random().fill(second);
  EXPECT_NE(first, second);
  system_random().fill({});
}

TEST(Random, draws_only_from_the_alphabet_and_as_much_as_asked) {
  test::SeededRandom random;
  for (const std::size_t length : {0u, 1u, 63u, 64u, 65u, 1000u}) {
    const std::string text = random_string(random, length, "abc");
    EXPECT_EQ(text.size(), length);
    EXPECT_EQ(text.find_first_not_of("abc"), std::string::npos);
  }
  EXPECT_EQ(random_string(random, 5, "x"), "xxxxx");
}

TEST(Random, draws_every_character_evenly) {
  // 256 is no multiple of 10: taking bytes modulo 10 would favour the first six by four percent.
  test::SeededRandom random;
  std::map<char, int> counts;
  for (const char c : random_string(random, 1'000'000, "0123456789")) ++counts[c];
  for (const auto& [c, count] : counts) EXPECT_NEAR(count, 100'000, 1'500) << c;
}

TEST(Random, draws_ids_that_need_no_escape_in_a_url) {
  const std::string id = random_id(system_random(), 1000);
  EXPECT_EQ(
      id.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"),
      std::string::npos);
}

TEST(Random, repeats_itself_from_the_same_seed) {
  test::SeededRandom first(5);
  test::SeededRandom second(5);
  EXPECT_EQ(random_id(first, 20), random_id(second, 20));
}

}  // namespace
}  // namespace coterie
