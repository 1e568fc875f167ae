// SPDX-License-Identifier: MIT
#include "storage/ttl_store.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

#include "storage/migrations.hpp"
#include "storage/sqlite_ttl_store.hpp"
#include "support/engines.hpp"
#include "support/fake_clock.hpp"
#include "support/together.hpp"

namespace coterie::tests {
namespace {

using namespace std::chrono_literals;

class TtlStoreTest : public testing::TestWithParam<Engine> {
 protected:
  void SetUp() override {
    ASSERT_TRUE(storage::migrate(database, storage::ttl_migrations(), clock.wall()));
  }
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
  std::vector<std::string> sweep() {
    std::vector<std::string> keys;
    EXPECT_TRUE(store.sweep([&keys](std::string_view key) { keys.emplace_back(key); }));
    std::ranges::sort(keys);
    return keys;
  }

  const AllowBlocking blocking;
  const TempFolder folder;
  FakeClock clock;
  storage::Database database{GetParam().connect(folder, "sessions")};
  storage::SqliteTtlStore store{database, clock};
};

TEST_P(TtlStoreTest, a_value_is_there_until_its_time_is_over) {
  ASSERT_TRUE(store.put("key", "value", 60s));
  EXPECT_EQ(value("key"), "value");
  EXPECT_EQ(left("key"), 60s);
  clock.advance(59'999ms);
  EXPECT_EQ(value("key"), "value");
  EXPECT_EQ(left("key"), 1s);
  clock.advance(1ms);
  EXPECT_EQ(value("key"), "(nothing)");
}

TEST_P(TtlStoreTest, a_value_put_again_replaces_the_one_before_and_lives_anew) {
  ASSERT_TRUE(store.put("key", "old", 60s));
  clock.advance(50s);
  ASSERT_TRUE(store.put("key", "new", 60s));
  clock.advance(50s);
  EXPECT_EQ(value("key"), "new");
  EXPECT_EQ(left("key"), 10s);
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
  clock.advance(60s);
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
  EXPECT_EQ(count->left, 60s);
  clock.advance(40s);
  count = store.count("tries", 60s);
  ASSERT_TRUE(count);
  EXPECT_EQ(count->value, 2);
  EXPECT_EQ(count->left, 20s);
  clock.advance(20s);
  count = store.count("tries", 60s);
  ASSERT_TRUE(count);
  EXPECT_EQ(count->value, 1);
  EXPECT_EQ(count->left, 60s);
}

TEST_P(TtlStoreTest, counting_from_many_threads_loses_nothing) {
  together(8, [&](int) {
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(store.count("tries", 60s));
  });
  EXPECT_EQ(value("tries"), "80");
}

TEST_P(TtlStoreTest, a_sweep_tells_of_what_has_expired_and_forgets_it) {
  ASSERT_TRUE(store.put("short", "1", 10s));
  ASSERT_TRUE(store.put("also short", "2", 20s));
  ASSERT_TRUE(store.put("long", "3", 60s));
  EXPECT_EQ(sweep(), std::vector<std::string>());
  clock.advance(20s);
  EXPECT_EQ(sweep(), (std::vector<std::string>{"also short", "short"}));
  EXPECT_EQ(sweep(), std::vector<std::string>());
  EXPECT_EQ(value("long"), "3");
}

TEST_P(TtlStoreTest, values_outlive_the_program) {
  ASSERT_TRUE(store.put("key", "value", 60s));
  storage::Database again(GetParam().connect(folder, "sessions"));
  storage::SqliteTtlStore reopened(again, clock);
  const auto entry = reopened.get("key");
  ASSERT_TRUE(entry && *entry);
  EXPECT_EQ((*entry)->value, "value");
}

INSTANTIATE_TEST_SUITE_P(Storage, TtlStoreTest, testing::ValuesIn(engines()), engine_name);

}  // namespace
}  // namespace coterie::tests
