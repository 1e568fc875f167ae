// SPDX-License-Identifier: MIT
#include "storage/rows.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/stored_rows.hpp"

namespace coterie::tests {
namespace {

using storage::Message;
using storage::User;

class Rows : public OnEveryEngine {
 protected:
  std::vector<std::string> page(const storage::Group& group, std::optional<std::int64_t> cursor,
                                std::int64_t size) {
    std::vector<std::string> contents;
    for (const Message& each :
         read([&](Driver& db) { return storage::messages_before(db, group.id, cursor, size); })) {
      contents.push_back(*each.content);
    }
    return contents;
  }
};

using Texts = std::vector<std::string>;

TEST_P(Rows, a_history_is_paged_from_the_newest_message_backwards) {
  const auto alice = add_user("alice1");
  const auto group = add_group(alice, "garden");
  const auto other = add_group(alice, "other");
  std::vector<Message> messages;
  for (int i = 0; i < 7; ++i) {
    messages.push_back(add_text(alice, group, std::to_string(i)));
    add_text(alice, other, "elsewhere");
  }
  EXPECT_EQ(page(group, std::nullopt, 3), (Texts{"6", "5", "4"}));
  EXPECT_EQ(page(group, messages[4].id, 3), (Texts{"3", "2", "1"}));
  EXPECT_EQ(page(group, messages[1].id, 3), Texts{"0"});
  EXPECT_EQ(page(group, messages[0].id, 3), Texts());
  EXPECT_EQ(page(group, 0, 3), Texts());
}

TEST_P(Rows, a_message_is_found_with_its_authors_avatar_its_file_and_its_cover) {
  User alice = add_user("alice1");
  const auto group = add_group(alice, "garden");
  const auto avatar = add_file(alice, "avatar", "face");
  Message message = text(alice, group, "look");
  message.type = storage::MessageType::video;
  message.file_id = add_file(alice, "video", "film").id;
  message.cover_id = add_file(alice, "cover", "still").id;
  ASSERT_EQ(insert([&](Driver& db) {
              storage::set_avatar(db, alice.id, avatar.id, clock.wall());
              insert_message(db, message);
            }),
            "");
  const auto found = read([&](Driver& db) { return storage::find_message(db, message.id); });
  ASSERT_TRUE(found);
  EXPECT_EQ(found->type, storage::MessageType::video);
  ASSERT_TRUE(found->user.avatar && found->file && found->cover);
  EXPECT_EQ(found->user.avatar->path, "avatar/face");
  EXPECT_EQ(found->file->path, "video/film");
  EXPECT_EQ(found->cover->path, "cover/still");
}

TEST_P(Rows, a_message_belongs_to_its_own_group_only) {
  const auto alice = add_user("alice1");
  const auto group = add_group(alice, "garden");
  const auto other = add_group(alice, "other");
  const auto message = add_text(alice, group, "here");
  const auto is_in = [&](std::int64_t id, const storage::Group& where) {
    return read([&](Driver& db) { return storage::message_is_in_group(db, id, where.id); });
  };
  EXPECT_TRUE(is_in(message.id, group));
  EXPECT_FALSE(is_in(message.id, other));
  EXPECT_FALSE(is_in(message.id + 1, group));
}

TEST_P(Rows, a_user_is_found_to_log_in_by_name_or_address_in_any_case) {
  const auto alice = add_user("alice1");
  for (const char* name : {"alice1", "ALICE1", "alice1@example.org", "Alice1@EXAMPLE.org"}) {
    const auto found = read([&](Driver& db) { return storage::find_user_to_log_in(db, name); });
    ASSERT_TRUE(found) << name;
    EXPECT_EQ(found->id, alice.id);
    EXPECT_EQ(found->password, "hash of alice1");
  }
  EXPECT_FALSE(read([](Driver& db) { return storage::find_user_to_log_in(db, "alice"); }));
  EXPECT_FALSE(read([](Driver& db) { return storage::find_user_to_log_in(db, ""); }));
}

TEST_P(Rows, an_address_is_its_owners_even_when_another_user_is_called_like_it) {
  add_user("bobby1@example.org");
  const auto bobby = add_user("bobby1");
  const auto found =
      read([](Driver& db) { return storage::find_user_to_log_in(db, "bobby1@example.org"); });
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, bobby.id);
}

TEST_P(Rows, a_password_is_read_by_nothing_but_the_log_in) {
  const auto alice = add_user("alice1");
  EXPECT_EQ(read([&](Driver& db) { return storage::find_user(db, alice.id); })->password, "");
  EXPECT_EQ(read([](Driver& db) { return storage::all_users(db); })[0].password, "");
}

TEST_P(Rows, a_change_of_a_user_leaves_alone_what_it_does_not_name) {
  using namespace std::chrono_literals;
  const auto alice = add_user("alice1");
  clock.advance(5s);
  storage::UserChange change;
  change.username = "alice2";
  ASSERT_EQ(insert([&](Driver& db) { storage::update_user(db, alice.id, change, clock.wall()); }),
            "");
  auto found = read([&](Driver& db) { return storage::find_user(db, alice.id); });
  EXPECT_EQ(found->username, "alice2");
  EXPECT_EQ(found->nickname, "nick alice1");
  EXPECT_EQ(found->create_at, alice.create_at);
  EXPECT_EQ(found->update_at, alice.update_at + 5s);

  change = {};
  change.nickname = std::optional<std::string>();
  ASSERT_EQ(insert([&](Driver& db) { storage::update_user(db, alice.id, change, clock.wall()); }),
            "");
  found = read([&](Driver& db) { return storage::find_user(db, alice.id); });
  EXPECT_EQ(found->username, "alice2");
  EXPECT_EQ(found->nickname, std::nullopt);
}

TEST_P(Rows, groups_know_their_members_and_users_their_groups_with_their_part) {
  const auto alice = add_user("alice1");
  const auto bobby = add_user("bobby1");
  const auto garden = add_group(alice, "garden");
  const auto kitchen = add_group(bobby, "kitchen");
  add_member(bobby, garden);

  const auto members =
      read([&](Driver& db) { return storage::members_of_group(db, garden.id, 1000); });
  ASSERT_EQ(members.size(), 2U);
  EXPECT_EQ(members[0].username, "alice1");
  EXPECT_EQ(members[1].username, "bobby1");

  auto groups = read([&](Driver& db) { return storage::groups_of_user(db, bobby.id); });
  std::ranges::sort(groups);
  EXPECT_EQ(groups, (std::vector{garden.id, kitchen.id}));
  const auto roles = read([&](Driver& db) { return storage::groups_with_roles(db, bobby.id); });
  ASSERT_EQ(roles.size(), 2U);
  EXPECT_EQ(roles[0].group.name, "kitchen");
  EXPECT_EQ(roles[0].role, storage::Role::owner);
  EXPECT_EQ(roles[1].group.name, "garden");
  EXPECT_EQ(roles[1].role, storage::Role::member);
}

TEST_P(Rows, a_group_is_found_by_its_invite_code) {
  const auto alice = add_user("alice1");
  const auto group = add_group(alice, "garden");
  EXPECT_EQ(read([](Driver& db) { return storage::find_group_by_invite_code(db, "code-garden"); }),
            group.id);
  EXPECT_EQ(read([](Driver& db) { return storage::find_group_by_invite_code(db, "code"); }),
            std::nullopt);
}

TEST_P(Rows, files_that_nothing_uses_are_found_page_by_page_once_they_are_old) {
  User alice = add_user("alice1");
  const auto group = add_group(alice, "garden");
  const auto avatar = add_file(alice, "avatar", "face");
  const auto film = add_file(alice, "video", "film");
  const auto still = add_file(alice, "cover", "still");
  const auto unused = add_file(alice, "cover", "unused");
  const auto old = add_file(alice, "avatar", "old");
  Message message = text(alice, group, "look");
  message.file_id = film.id;
  message.cover_id = still.id;
  ASSERT_EQ(insert([&](Driver& db) {
              storage::set_avatar(db, alice.id, avatar.id, clock.wall());
              insert_message(db, message);
            }),
            "");
  const WallTime later = clock.wall() + std::chrono::hours(1);
  const auto last = [&](std::int64_t after, std::int64_t size) {
    return read([&](Driver& db) { return storage::last_file_of_page(db, after, size); });
  };
  const auto found = [&](std::int64_t after, std::int64_t to, WallTime time) {
    return read([&](Driver& db) { return storage::unused_files(db, after, to, time); });
  };
  using Ids = std::vector<std::int64_t>;
  EXPECT_EQ(last(0, 2), avatar.id);
  EXPECT_EQ(last(avatar.id, 100), old.id);
  EXPECT_EQ(last(old.id, 100), std::nullopt);
  EXPECT_EQ(found(0, old.id, later), (Ids{unused.id, old.id}));
  EXPECT_EQ(found(0, unused.id, later), Ids{unused.id});
  EXPECT_EQ(found(unused.id, old.id, later), Ids{old.id});
  EXPECT_EQ(found(0, old.id, clock.wall()), Ids());
}

TEST_P(Rows, a_file_in_use_is_never_removed_even_when_that_began_a_moment_ago) {
  const User alice = add_user("alice1");
  const auto group = add_group(alice, "garden");
  const auto picture = add_file(alice, "image", "picture");
  const WallTime later = clock.wall() + std::chrono::hours(1);
  const auto remove = [&](std::int64_t id, WallTime time) {
    return database.write(
        [&](Driver& db) -> Result<bool> { return storage::remove_unused_file(db, id, time); });
  };
  EXPECT_EQ(*remove(group.cover_id, later), false);
  EXPECT_EQ(*remove(picture.id, clock.wall()), false);
  Message message = text(alice, group, "look");
  message.file_id = picture.id;
  const auto use = [&] { return insert([&](Driver& db) { insert_message(db, message); }); };
  if (GetParam().dialect != storage::Dialect::sqlite) {  // It has one writer: nobody is between.
    watch = [&](std::string_view sql) {
      if (sql.starts_with("DELETE")) EXPECT_EQ(use(), "");
    };
    EXPECT_EQ(code_of(remove(picture.id, later)), "foreign_key_violation");
    watch = [](std::string_view) {};
  } else {
    EXPECT_EQ(use(), "");
  }
  EXPECT_EQ(*remove(picture.id, later), false);
  EXPECT_EQ(insert([&](Driver& db) { db.run(R"(DELETE FROM "file" WHERE "id" = ?)", picture.id); }),
            "foreign_key_violation");
  EXPECT_TRUE(read([&](Driver& db) { return storage::find_file(db, picture.id); }));
}

INSTANTIATE_TEST_SUITE_P(Storage, Rows, testing::ValuesIn(engines()), engine_name);

}  // namespace
}  // namespace coterie::tests
