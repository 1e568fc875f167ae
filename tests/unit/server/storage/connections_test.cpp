// What becomes of a call when its connection breaks, or its transaction gives way to another.
// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <barrier>

#include "storage/database.hpp"
#include "storage/group_commit.hpp"
#include "support/stored_rows.hpp"

namespace coterie::tests {
namespace {

using storage::Database;
using storage::Dialect;
using storage::Driver;
using storage::DriverFailure;
using storage::User;

User named(const std::string& name) {
  User user;
  user.username = name;
  user.email = name + "@example.org";
  return user;
}

class Connections : public OnEveryEngine {
 protected:
  // The next `count` statements that are `sql` fail, any statement when that is empty.
  void fail_next(int count, std::string_view code, std::string_view sql = {}) {
    watch = [count, code, sql](std::string_view statement) mutable {
      if ((sql.empty() || sql == statement) && count-- > 0) throw DriverFailure(Error(code, ""));
    };
  }
  // Stores a user; how it ended. `calls` counts how often it was tried.
  std::string store(const std::string& name, Database& where) {
    return code_of(where.write([&](Driver& db) -> Result<void> {
      ++calls;
      User user = named(name);
      storage::insert_user(db, user);
      return {};
    }));
  }
  std::string store(const std::string& name) { return store(name, database); }
  std::size_t users() {
    return read([](Driver& db) { return storage::all_users(db); }).size();
  }

  int calls = 0;
};

TEST_P(Connections, a_read_whose_connection_was_cut_is_run_again) {
  fail_next(1, "storage_unavailable");
  EXPECT_EQ(users(), 0U);
}

TEST_P(Connections, a_write_that_was_cut_before_its_commit_is_run_again) {
  fail_next(1, "storage_unavailable");
  EXPECT_EQ(store("alice1"), "");
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(users(), 1U);
}

TEST_P(Connections, a_write_that_was_cut_while_it_committed_is_not_run_again) {
  fail_next(1, "storage_unavailable", "COMMIT");
  EXPECT_EQ(store("alice1"), "storage_unavailable");
  EXPECT_EQ(calls, 1);
}

TEST_P(Connections, what_fails_on_a_new_connection_is_not_run_again) {
  Database fresh(watched(GetParam().connect(folder, "chat"), watch), {GetParam().dialect, 64});
  fail_next(1, "storage_unavailable");
  EXPECT_EQ(store("alice1", fresh), "storage_unavailable");
  EXPECT_EQ(calls, 1);
}

TEST_P(Connections, what_fails_again_and_again_is_given_up) {
  fail_next(1000, "storage_unavailable");
  EXPECT_EQ(store("alice1"), "storage_unavailable");
  EXPECT_LE(calls, 4);
}

TEST_P(Connections, what_a_write_has_swallowed_is_stored_whole_or_told_to_have_failed) {
  ASSERT_EQ(store("alice1"), "");
  const auto written = database.write([&](Driver& db) -> Result<void> {
    User bob = named("bobby1");
    storage::insert_user(db, bob);
    try {
      User alice = named("alice1");
      storage::insert_user(db, alice);
    } catch (const DriverFailure& failure) {
      EXPECT_EQ(failure.error().code, "unique_violation");
    }
    return {};
  });
  EXPECT_EQ(users(), written ? 2U : 1U);
}

INSTANTIATE_TEST_SUITE_P(Storage, Connections, testing::ValuesIn(engines()), engine_name);

// Only a server ends a connection, or a transaction in favour of another.
class ServerConnections : public Connections {
 protected:
  static std::int64_t id_of(Driver& db) {
    const bool is_mysql = db.dialect() == Dialect::mysql;
    return *db.query_one(is_mysql ? "SELECT CONNECTION_ID()" : "SELECT pg_backend_pid()",
                         [](RowReader& row) { return row.int64(); });
  }
  static void end(std::int64_t id) {
    const auto visitor = GetParam().visit(std::chrono::seconds(10));
    const bool is_mysql = GetParam().dialect == Dialect::mysql;
    visitor->run((is_mysql ? "KILL " : "SELECT pg_terminate_backend(") + std::to_string(id) +
                 (is_mysql ? "" : ")"));
  }
  using RowReader = storage::RowReader;
};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ServerConnections);

TEST_P(ServerConnections, that_were_ended_while_nobody_used_them_are_replaced) {
  end(read(id_of));
  EXPECT_EQ(users(), 0U);
  end(read(id_of));
  EXPECT_EQ(store("alice1"), "");
  EXPECT_EQ(users(), 1U);
}

TEST_P(ServerConnections, that_are_ended_in_a_transaction_leave_nothing_of_its_first_run) {
  int runs = 0;
  EXPECT_EQ(insert([&](Driver& db) {
              User alice = named("alice1");
              storage::insert_user(db, alice);
              if (++runs == 1) end(id_of(db));
              User bob = named("bobby1");
              storage::insert_user(db, bob);
            }),
            "");
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(users(), 2U);
}

TEST_P(ServerConnections, of_two_that_wait_for_each_other_one_gives_way_and_is_run_again) {
  const User all[] = {add_user("alice1"), add_user("bobby1")};
  std::barrier both(2);
  std::atomic<int> runs = 0;
  together(2, [&](int index) {
    const auto change = [&](Driver& db, const User& user) {
      storage::UserChange change;
      change.nickname = fmt::format("{} of {}", user.username, index);
      storage::update_user(db, user.id, change, clock.wall());
    };
    bool has_met = false;
    EXPECT_EQ(insert([&](Driver& db) {
                ++runs;
                change(db, all[index]);
                if (!std::exchange(has_met, true)) both.arrive_and_wait();
                change(db, all[1 - index]);
              }),
              "");
  });
  EXPECT_GE(runs, 3);  // More, when the second run met the other one again.
  const auto stored = read([](Driver& db) { return storage::all_users(db); });
  ASSERT_EQ(stored.size(), 2U);
  EXPECT_EQ(stored[0].nickname->back(), stored[1].nickname->back());
}

TEST_P(ServerConnections, a_batch_that_gave_way_is_announced_once_and_in_order) {
  const User alice = add_user("alice1");
  const auto group = add_group(alice, "garden");
  std::vector<storage::Message> announced;
  storage::GroupCommit commit(database, keep(announced));
  for (int each = 0; each < 3; ++each) {
    fail_next(2, "storage_busy", "COMMIT");
    ASSERT_TRUE(commit.append(text(alice, group, "hello")));
  }
  EXPECT_EQ(announced.size(), 3U);
  EXPECT_TRUE(std::ranges::is_sorted(announced, {}, &storage::Message::id));
  fail_next(1000, "storage_busy", "COMMIT");
  EXPECT_EQ(code_of(commit.append(text(alice, group, "hello"))), "storage_busy");
  EXPECT_EQ(announced.size(), 3U);
}

TEST_P(ServerConnections, to_a_server_that_goes_silent_are_given_up) {
  const auto visitor = GetParam().visit(std::chrono::seconds(1));
  const bool is_mysql = GetParam().dialect == Dialect::mysql;
  if (!is_mysql) visitor->run("SET statement_timeout = 0");  // As if the server did not get to it.
  const TimePoint begin = system_clock().now();
  try {
    visitor->run(is_mysql ? "SELECT SLEEP(60)" : "SELECT pg_sleep(60)");
    FAIL() << "it has answered";
  } catch (const DriverFailure& failure) {
    EXPECT_EQ(failure.error().code, "storage_unavailable");
  }
  EXPECT_TRUE(visitor->is_broken());
  visitor->rollback();  // Does not wait once more.
  EXPECT_LT(system_clock().now() - begin, std::chrono::seconds(30));
}

INSTANTIATE_TEST_SUITE_P(Storage, ServerConnections, testing::ValuesIn(servers()), engine_name);

}  // namespace
}  // namespace coterie::tests
