// SPDX-License-Identifier: MIT
#include "storage/database.hpp"

#include <gtest/gtest.h>

#include <barrier>

#include "support/stored_rows.hpp"

namespace coterie::tests {
namespace {

using storage::Driver;
using storage::DriverFailure;
using storage::User;

class DatabaseTest : public OnEveryEngine {
 protected:
  std::size_t users() {
    return read([](Driver& db) { return storage::all_users(db); }).size();
  }
};

TEST_P(DatabaseTest, a_name_that_is_taken_is_a_unique_violation) {
  add_user("alice1");
  User second;
  second.username = "alice1";
  second.email = "other@example.org";
  EXPECT_EQ(insert([&](Driver& db) { storage::insert_user(db, second); }), "unique_violation");
}

TEST_P(DatabaseTest, names_and_addresses_compare_without_case) {
  add_user("alice1");
  User second;
  second.username = "ALICE1";
  second.email = "other@example.org";
  EXPECT_EQ(insert([&](Driver& db) { storage::insert_user(db, second); }), "unique_violation");
  second.username = "another";
  second.email = "Alice1@Example.ORG";
  EXPECT_EQ(insert([&](Driver& db) { storage::insert_user(db, second); }), "unique_violation");
}

TEST_P(DatabaseTest, a_second_membership_is_a_unique_violation) {
  const auto alice = add_user("alice1");
  const auto group = add_group(alice, "garden");
  EXPECT_EQ(insert([&](Driver& db) {
              storage::insert_membership(db, alice.id, group.id, storage::Role::member,
                                         clock.wall());
            }),
            "unique_violation");
}

TEST_P(DatabaseTest, a_cover_of_two_groups_is_a_unique_violation) {
  const auto alice = add_user("alice1");
  auto group = add_group(alice, "garden");
  group.invite_code = "another code";
  EXPECT_EQ(insert([&](Driver& db) { storage::insert_group(db, group); }), "unique_violation");
}

TEST_P(DatabaseTest, a_row_that_belongs_to_nothing_is_a_foreign_key_violation) {
  const auto alice = add_user("alice1");
  storage::Group nowhere;
  nowhere.id = 4711;
  auto message = text(alice, nowhere, "hello?");
  EXPECT_EQ(insert([&](Driver& db) { insert_message(db, message); }), "foreign_key_violation");
  EXPECT_EQ(insert([&](Driver& db) {
              storage::insert_membership(db, 4711, 4712, storage::Role::member, clock.wall());
            }),
            "foreign_key_violation");
}

TEST_P(DatabaseTest, a_statement_that_makes_no_sense_is_a_storage_failure) {
  EXPECT_EQ(insert([](Driver& db) { db.run("this is not SQL"); }), "storage_failed");
}

TEST_P(DatabaseTest, a_write_that_returns_an_error_leaves_nothing) {
  const auto refused = database.write([&](Driver& db) -> Result<void> {
    User user;
    user.username = "alice1";
    user.email = "alice@example.org";
    storage::insert_user(db, user);
    EXPECT_EQ(storage::all_users(db).size(), 1U);
    return Error("changed_my_mind");
  });
  EXPECT_EQ(code_of(refused), "changed_my_mind");
  EXPECT_EQ(users(), 0U);
  add_user("alice1");
  EXPECT_EQ(users(), 1U);
}

TEST_P(DatabaseTest, a_write_whose_driver_fails_halfway_leaves_nothing) {
  const auto failed = insert([&](Driver& db) {
    User user;
    user.username = "alice1";
    user.email = "alice@example.org";
    storage::insert_user(db, user);
    storage::insert_membership(db, user.id, 4711, storage::Role::member, clock.wall());
  });
  EXPECT_EQ(failed, "foreign_key_violation");
  EXPECT_EQ(users(), 0U);
  add_user("alice1");
  EXPECT_EQ(users(), 1U);
}

TEST_P(DatabaseTest, a_commit_that_fails_leaves_nothing) {
  bool is_full = true;
  watch = [&is_full](std::string_view sql) {
    if (is_full && sql == "COMMIT") throw DriverFailure(Error("storage_full", "no space left"));
  };
  User user;
  user.username = "alice1";
  user.email = "alice@example.org";
  EXPECT_EQ(insert([&](Driver& db) { storage::insert_user(db, user); }), "storage_full");
  is_full = false;
  EXPECT_EQ(users(), 0U);
  add_user("alice1");
}

TEST_P(DatabaseTest, a_read_sees_what_was_committed_before_and_not_what_is_being_written) {
  add_user("alice1");
  const auto written = database.write([&](Driver& db) -> Result<void> {
    User user;
    user.username = "bobby1";
    user.email = "bobby@example.org";
    storage::insert_user(db, user);
    EXPECT_EQ(users(), 1U);
    return {};
  });
  ASSERT_TRUE(written);
  EXPECT_EQ(users(), 2U);
}

TEST_P(DatabaseTest, values_come_back_as_they_went_in) {
  User user = add_user("alice1");
  const std::string strange = "Zo\xC3\xAB \xF0\x9F\x8C\xB1 '\"; DROP TABLE \"user\"; --";
  storage::UserChange change;
  change.nickname = strange;
  ASSERT_EQ(insert([&](Driver& db) { storage::update_user(db, user.id, change, clock.wall()); }),
            "");
  const auto found = read([&](Driver& db) { return storage::find_user(db, user.id); });
  ASSERT_TRUE(found);
  EXPECT_EQ(found->nickname, strange);
  EXPECT_EQ(found->create_at, clock.wall());
  EXPECT_EQ(found->avatar_id, std::nullopt);
  EXPECT_FALSE(found->is_admin);
}

// One column after the other, in two rows: what the first leaves behind is not seen in the second.
TEST_P(DatabaseTest, columns_are_read_as_what_they_are_and_as_what_is_asked_for) {
  const auto alice = add_user("alice1");
  const auto group = add_group(alice, "garden");
  add_text(alice, group, "hello");
  storage::Message film = text(alice, group, "");
  film.content.reset();
  film.type = storage::MessageType::video;
  film.file_id = add_file(alice, "video", "film").id;
  film.seq = 2;
  ASSERT_EQ(insert([&](Driver& db) { insert_message(db, film); }), "");
  std::vector<std::string> rows;
  read([&](Driver& db) {
    db.query(
        R"(SELECT m."id", m."type", m."type", m."createAt", m."content", m."fileId", 1 + 1, m."seq",
             (SELECT SUM("seq") FROM "group_message") FROM "group_message" m ORDER BY m."id")",
        [&](storage::RowReader& row) {
          const std::string id = row.text();
          EXPECT_EQ(id, std::to_string(std::stoll(id)));
          std::string all = std::to_string(row.int64()) + " " + row.text();
          EXPECT_EQ(row.time(), clock.wall());
          all += " " + row.maybe_text().value_or("null");
          all += row.maybe_int64() ? " file" : " none";
          for (int i = 0; i < 3; ++i) all += " " + std::to_string(row.int64());
          rows.push_back(all);
        });
    return 0;
  });
  EXPECT_EQ(rows, (std::vector<std::string>{"0 0 hello none 2 1 3", "2 2 null file 2 2 3"}));
}

TEST_P(DatabaseTest, keeps_as_many_connections_as_were_needed_at_a_time) {
  const auto need = [this](int count) {
    std::barrier all(count);
    together(count, [&](int) {
      const auto met = database.read([&](Driver&) -> Result<void> {
        all.arrive_and_wait();
        return {};
      });
      EXPECT_TRUE(met);
    });
  };
  need(4);
  EXPECT_EQ(database.close_unneeded(), 0U);
  need(2);
  EXPECT_EQ(database.close_unneeded(), 2U);
  EXPECT_EQ(database.close_unneeded(), 1U);
  EXPECT_EQ(database.close_unneeded(), 0U);  // One is kept.
  ASSERT_TRUE(database.read([this](Driver&) -> Result<void> {
    EXPECT_EQ(database.close_unneeded(), 0U);  // Nor is one that is lent.
    return {};
  }));
  need(3);
  EXPECT_EQ(users(), 0U);
}

TEST_P(DatabaseTest, writes_from_many_threads_are_all_kept) {
  const auto alice = add_user("alice1");
  together(8, [&](int index) {
    for (int each = 0; each < 10; ++each) {
      add_file(alice, "image", "by-" + std::to_string(index) + "-" + std::to_string(each));
    }
  });
  const bool all_there = read([](Driver& db) {
    bool result = true;
    for (int index = 0; index < 8; ++index) {
      for (int each = 0; each < 10; ++each) {
        result = result && storage::file_path_exists(db, "image/by-" + std::to_string(index) + "-" +
                                                             std::to_string(each));
      }
    }
    return result;
  });
  EXPECT_TRUE(all_there);
}

TEST(DatabaseDeathTest, work_on_a_thread_that_may_not_wait_ends_the_program) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  storage::Database database([] { return std::unique_ptr<Driver>(); });
  EXPECT_DEATH(
      { const auto result = database.read([](Driver&) -> Result<int> { return 1; }); },
      "may_block");
}

INSTANTIATE_TEST_SUITE_P(Storage, DatabaseTest, testing::ValuesIn(engines()), engine_name);

}  // namespace
}  // namespace coterie::tests
