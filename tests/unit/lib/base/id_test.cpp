// SPDX-License-Identifier: MIT
#include "base/id.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "support/seeded_random.hpp"

namespace coterie {
namespace {

TEST(Id, is_twenty_characters_of_chance) {
  test::SeededRandom random;
  std::set<std::string> seen;
  for (int i = 0; i < 10'000; ++i) {
    const Id id = Id::random(random);
    EXPECT_EQ(id.view().size(), Id::length);
    EXPECT_TRUE(seen.emplace(id.view()).second);
  }
}

TEST(Id, reads_exactly_twenty_characters) {
  EXPECT_FALSE(Id::parse(""));
  EXPECT_FALSE(Id::parse(std::string(19, 'a')));
  EXPECT_FALSE(Id::parse(std::string(21, 'a')));
  EXPECT_EQ(Id::parse(std::string(20, 'a'))->view(), std::string(20, 'a'));
}

TEST(Id, is_equal_to_its_text_read_back) {
  test::SeededRandom random;
  const Id id = Id::random(random);
  EXPECT_EQ(*Id::parse(id.view()), id);
  EXPECT_NE(Id::random(random), id);
  EXPECT_NE(Id(), id);
}

TEST(Id, hashes_what_differs_behind_the_shard_differently) {
  test::SeededRandom random;
  std::set<std::size_t> hashes;
  for (int i = 0; i < 10'000; ++i) hashes.insert(Id::Hash()(Id::random(random)));
  EXPECT_EQ(hashes.size(), 10'000u);
}

}  // namespace
}  // namespace coterie
