// SPDX-License-Identifier: MIT
#include "storage/ttl_store.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

#include "support/together.hpp"
#include "support/ttl_backends.hpp"

namespace coterie::tests {
namespace {

using namespace std::chrono_literals;

class TtlStoreTest : public testing::TestWithParam<TtlBackend> {
 protected:
  // The value under a key; "(nothing)" when there is none.
  std::string value(std::string_view key) {
    const auto entry = store.get(key);
    EXPECT_TRUE(entry);
    return *entry ? (*entry)->value : "(nothing)";
  }
  std::chrono::seconds left(std::string_view key) {
    const auto entry = store.get(key);
    return entry && *entry ? (*entry)->left : -1s;
  }
  // As exactly as the store's clock is in our hands.
  void expect_about(std::chrono::seconds time, std::chrono::seconds wanted) {
    EXPECT_LE(time, wanted);
    EXPECT_GE(time, std::max(1s, wanted - world->slack()));
  }
  std::vector<std::string> gone(const std::vector<std::string>& watched) {
    std::vector<std::string> keys;
    EXPECT_TRUE(store.sweep(watched, [&keys](const std::string& key) { keys.push_back(key); }));
    std::ranges::sort(keys);
    return keys;
  }

  const AllowBlocking blocking;
  const std::unique_ptr<TtlWorld> world = GetParam().make();
  storage::TtlStore& store = world->store();
};

TEST_P(TtlStoreTest, a_value_is_there_until_its_time_is_over) {
  ASSERT_TRUE(store.put("key", "value", 60s));
  EXPECT_EQ(value("key"), "value");
  expect_about(left("key"), 60s);
  world->advance(30s);
  EXPECT_EQ(value("key"), "value");
  expect_about(left("key"), 30s);
  world->advance(30s);
  EXPECT_EQ(value("key"), "(nothing)");
}

TEST_P(TtlStoreTest, a_value_put_again_replaces_the_one_before_and_lives_anew) {
  ASSERT_TRUE(store.put("key", "old", 60s));
  world->advance(50s);
  ASSERT_TRUE(store.put("key", "new", 60s));
  world->advance(50s);
  EXPECT_EQ(value("key"), "new");
  expect_about(left("key"), 10s);
}

TEST_P(TtlStoreTest, keys_are_told_apart_by_case_and_may_hold_anything) {
  ASSERT_TRUE(store.put("key", "small", 60s));
  ASSERT_TRUE(store.put("KEY", "large", 60s));
  ASSERT_TRUE(store.put("'; DROP TABLE \"ttl\"; --", "", 60s));
  EXPECT_EQ(value("key"), "small");
  EXPECT_EQ(value("KEY"), "large");
  EXPECT_EQ(value("'; DROP TABLE \"ttl\"; --"), "");
}

TEST_P(TtlStoreTest, a_value_taken_is_gone) {
  ASSERT_TRUE(store.put("key", "value", 60s));
  const auto taken = store.take("key");
  ASSERT_TRUE(taken && *taken);
  EXPECT_EQ((*taken)->value, "value");
  EXPECT_EQ(value("key"), "(nothing)");
  EXPECT_FALSE(*store.take("key"));
}

TEST_P(TtlStoreTest, an_expired_value_cannot_be_taken) {
  ASSERT_TRUE(store.put("key", "value", 60s));
  world->advance(60s);
  EXPECT_FALSE(*store.take("key"));
}

TEST_P(TtlStoreTest, of_many_takers_one_gets_the_value) {
  for (int round = 0; round < 10; ++round) {
    ASSERT_TRUE(store.put("key", "value", 60s));
    std::atomic<int> winners = 0;
    together(8, [&](int) {
      const auto taken = store.take("key");
      ASSERT_TRUE(taken);
      if (*taken) ++winners;
    });
    EXPECT_EQ(winners, 1);
  }
}

TEST_P(TtlStoreTest, a_removed_value_is_gone_and_removing_nothing_is_fine) {
  ASSERT_TRUE(store.put("key", "value", 60s));
  ASSERT_TRUE(store.remove("key"));
  EXPECT_EQ(value("key"), "(nothing)");
  EXPECT_TRUE(store.remove("key"));
}

TEST_P(TtlStoreTest, counting_does_not_prolong_the_counters_life) {
  auto count = store.count("tries", 60s);
  ASSERT_TRUE(count);
  EXPECT_EQ(count->value, 1);
  expect_about(count->left, 60s);
  world->advance(40s);
  count = store.count("tries", 60s);
  ASSERT_TRUE(count);
  EXPECT_EQ(count->value, 2);
  expect_about(count->left, 20s);
  world->advance(20s);
  count = store.count("tries", 60s);
  ASSERT_TRUE(count);
  EXPECT_EQ(count->value, 1);
  expect_about(count->left, 60s);
}

TEST_P(TtlStoreTest, counting_from_many_threads_loses_nothing) {
  together(8, [&](int) {
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(store.count("tries", 60s));
  });
  EXPECT_EQ(value("tries"), "80");
}

TEST_P(TtlStoreTest, a_sweep_tells_which_of_the_watched_are_gone) {
  ASSERT_TRUE(store.put("short", "1", 10s));
  ASSERT_TRUE(store.put("also short", "2", 20s));
  ASSERT_TRUE(store.put("removed", "3", 600s));
  ASSERT_TRUE(store.put("long", "4", 600s));
  const std::vector<std::string> watched{"long", "removed", "short"};
  EXPECT_EQ(gone(watched), std::vector<std::string>());
  world->advance(20s);
  ASSERT_TRUE(store.remove("removed"));
  EXPECT_EQ(gone(watched), (std::vector<std::string>{"removed", "short"}));
  EXPECT_EQ(gone({}), std::vector<std::string>());
  EXPECT_EQ(value("long"), "4");
}

TEST_P(TtlStoreTest, a_sweep_can_watch_many) {
  std::vector<std::string> watched;
  for (int i = 0; i < 2500; ++i) watched.push_back("key " + std::to_string(i));
  for (const int there : {0, 999, 1000, 2499}) {
    ASSERT_TRUE(store.put(watched[static_cast<std::size_t>(there)], "value", 600s));
  }
  EXPECT_EQ(gone(watched).size(), 2496U);
}

TEST_P(TtlStoreTest, values_outlive_the_program) {
  ASSERT_TRUE(store.put("key", "value", 60s));
  const auto entry = world->reopen().get("key");
  ASSERT_TRUE(entry && *entry);
  EXPECT_EQ((*entry)->value, "value");
}

TEST(SqliteTtlStore, keeps_time_to_the_millisecond) {
  const AllowBlocking blocking;
  SqliteTtlWorld world;
  ASSERT_TRUE(world.store().put("key", "value", 60s));
  world.advance(59'999ms);
  EXPECT_EQ((**world.store().get("key")).left, 1s);
  world.advance(1ms);
  EXPECT_FALSE(*world.store().get("key"));
}

INSTANTIATE_TEST_SUITE_P(Storage, TtlStoreTest, testing::ValuesIn(ttl_backends()),
                         ttl_backend_name);

}  // namespace
}  // namespace coterie::tests
