// A migrated database of a test's own, and rows put into it without the rules above.
// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <vector>

#include "base/blocking.hpp"
#include "storage/database.hpp"
#include "storage/files.hpp"
#include "storage/group_commit.hpp"
#include "storage/groups.hpp"
#include "storage/messages.hpp"
#include "storage/migrations.hpp"
#include "storage/sequence.hpp"
#include "storage/users.hpp"
#include "support/engines.hpp"
#include "support/fake_clock.hpp"
#include "support/temp_folder.hpp"
#include "support/together.hpp"
#include "support/watched_driver.hpp"

namespace coterie::tests {

// Sets message.id, as that of the newest row.
inline void insert_message(storage::Driver& db, storage::Message& message) {
  storage::insert_messages(db, {&message, 1});
  message.id = *db.query_one(R"(SELECT MAX("id") FROM "group_message")",
                             [](storage::RowReader& row) { return row.int64(); });
}

class OnEveryEngine : public testing::TestWithParam<Engine> {
 protected:
  using Driver = storage::Driver;

  void SetUp() override {
    const auto migrated =
        storage::migrate(database, storage::chat_migrations(GetParam().dialect), clock.wall());
    ASSERT_TRUE(migrated) << migrated.error().detail;
  }

  // Runs `insert` in a transaction of its own; the code of its failure, or "".
  template <class Insert>
  std::string insert(Insert insert_rows) {
    return code_of(database.write([&](Driver& db) -> Result<void> {
      insert_rows(db);
      return {};
    }));
  }
  template <class Read>
  auto read(Read read_rows) {
    using Value = std::invoke_result_t<Read&, Driver&>;
    return *database.read([&](Driver& db) -> Result<Value> { return read_rows(db); });
  }

  // For GroupCommit: what was announced. Not guarded: announcements come one after another.
  static storage::GroupCommit::Announce keep(std::vector<storage::Message>& announced) {
    return [&announced](std::span<storage::Message* const> stored) {
      for (const storage::Message* message : stored) announced.push_back(*message);
    };
  }

  storage::User add_user(const std::string& name) {
    storage::User user;
    user.create_at = user.update_at = clock.wall();
    user.username = name;
    user.email = name + "@example.org";
    user.password = "hash of " + name;
    user.nickname = "nick " + name;
    EXPECT_EQ(insert([&](Driver& db) { storage::insert_user(db, user); }), "");
    return user;
  }
  storage::File add_file(const storage::User& user, const std::string& type,
                         const std::string& name) {
    storage::File file;
    file.create_at = file.update_at = clock.wall();
    file.path = type + "/" + name;
    file.type = type;
    file.create_by_id = user.id;
    EXPECT_EQ(insert([&](Driver& db) { storage::insert_file(db, file); }), "");
    return file;
  }
  // With a cover, and its maker as its owner.
  storage::Group add_group(const storage::User& owner, const std::string& name) {
    storage::Group group;
    group.create_at = group.update_at = clock.wall();
    group.name = name;
    group.invite_code = "code-" + name;
    group.cover_id = add_file(owner, "cover", "of-" + name).id;
    group.create_by_id = owner.id;
    EXPECT_EQ(insert([&](Driver& db) {
                storage::insert_group(db, group);
                storage::insert_membership(db, owner.id, group.id, storage::Role::owner,
                                           clock.wall());
              }),
              "");
    return group;
  }
  void add_member(const storage::User& user, const storage::Group& group) {
    EXPECT_EQ(insert([&](Driver& db) {
                storage::insert_membership(db, user.id, group.id, storage::Role::member,
                                           clock.wall());
              }),
              "");
  }
  storage::Message text(const storage::User& user, const storage::Group& group,
                        const std::string& content) const {
    storage::Message message;
    message.create_at = message.update_at = clock.wall();
    message.content = content;
    message.user_id = user.id;
    message.group_id = group.id;
    return message;
  }
  storage::Message add_text(const storage::User& user, const storage::Group& group,
                            const std::string& content) {
    storage::Message message = text(user, group, content);
    EXPECT_EQ(insert([&](Driver& db) {
                message.seq = storage::advance_sequence(db, group.id, 1);
                insert_message(db, message);
              }),
              "");
    return message;
  }

  const AllowBlocking blocking;
  const TempFolder folder;
  FakeClock clock;
  WatchedDriver::Watch watch = [](std::string_view) {};
  storage::Database database{watched(GetParam().connect(folder, "chat"), watch),
                             {GetParam().dialect, 64}};
};

}  // namespace coterie::tests
