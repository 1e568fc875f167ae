// SPDX-License-Identifier: MIT
#include "chat/authors.hpp"

#include "storage/users.hpp"
#include "support/house.hpp"
#include "support/watched_driver.hpp"

namespace coterie::tests {
namespace {

using namespace std::chrono_literals;
using storage::Driver;

class AuthorsTest : public House {
 protected:
  static std::vector<chat::Message> messages_of(std::initializer_list<std::int64_t> user_ids) {
    std::vector<chat::Message> messages;
    for (const std::int64_t id : user_ids) messages.emplace_back().user_id = id;
    return messages;
  }
  // Whom messages of those users are said to be of; counts what was asked for it.
  std::vector<std::string> names(
      std::initializer_list<std::int64_t> user_ids,
      const std::function<void()>& meanwhile = [] {}) {
    questions = 0;
    watch = [&](std::string_view) {
      ++questions;
      meanwhile();
    };
    auto messages = messages_of(user_ids);
    authors.add_to(messages, watched);
    watch = [](std::string_view) {};
    std::vector<std::string> found;
    for (const auto& each : messages) found.push_back(each.user.username);
    return found;
  }
  void rename(std::int64_t user_id, const std::string& name) {
    storage::UserChange change;
    change.username = name;
    EXPECT_TRUE(database.write([&](Driver& db) -> Result<void> {
      storage::update_user(db, user_id, change, clock.wall());
      return {};
    }));
  }

  int questions = 0;
  WatchedDriver::Watch watch = [](std::string_view) {};
  WatchedDriver watched{std::make_unique<storage::SqliteDriver>(
                            folder / "coterie.db", storage::SqliteDriver::Durability::normal),
                        watch};
};

using Names = std::vector<std::string>;

TEST_F(AuthorsTest, of_a_page_are_read_at_once_and_with_their_avatars) {
  const auto alice = add_actor("alice1");
  const auto bobby = add_user("bobby1");
  const auto avatar = add_file(alice, chat::FileKind::avatar);
  ASSERT_TRUE(accounts->set_avatar(alice, avatar.id));
  EXPECT_EQ(names({alice.user_id, bobby.id, alice.user_id}), (Names{"alice1", "bobby1", "alice1"}));
  EXPECT_EQ(questions, 1);
  auto messages = messages_of({bobby.id, alice.user_id});
  authors.add_to(messages, watched);
  EXPECT_FALSE(messages[0].user.avatar);
  ASSERT_TRUE(messages[1].user.avatar);
  EXPECT_EQ(messages[1].user.avatar->path, avatar.path);
}

TEST_F(AuthorsTest, are_remembered_for_a_second) {
  const auto alice = add_user("alice1");
  const auto bobby = add_user("bobby1");
  EXPECT_EQ(names({alice.id}), Names{"alice1"});
  rename(alice.id, "alice2");  // Elsewhere: nobody tells this server.
  clock.advance(999ms);
  EXPECT_EQ(names({alice.id, bobby.id}), (Names{"alice1", "bobby1"}));
  EXPECT_EQ(questions, 1);  // For Bobby.
  EXPECT_EQ(names({alice.id, bobby.id}), (Names{"alice1", "bobby1"}));
  EXPECT_EQ(questions, 0);
  clock.advance(1ms);
  EXPECT_EQ(names({alice.id}), Names{"alice2"});
}

TEST_F(AuthorsTest, who_have_changed_are_read_anew_at_once) {
  const auto alice = add_actor("alice1");
  const auto group = add_group(alice, "garden");
  ASSERT_TRUE(conversations.send_text(alice, group.id, "hello"));
  const auto newest = [&] {
    const auto page = conversations.history(alice, {group.id, std::nullopt, 10});
    EXPECT_TRUE(page && page->size() == 1);
    return page->front();
  };
  EXPECT_EQ(newest().user.username, "alice1");
  EXPECT_FALSE(newest().user.avatar);
  ASSERT_TRUE(accounts->update_profile(alice, {.username = "alice2", .nickname = "Al"}));
  EXPECT_EQ(newest().user.username, "alice2");
  EXPECT_EQ(newest().user.nickname, "Al");
  const auto avatar = add_file(alice, chat::FileKind::avatar);
  ASSERT_TRUE(accounts->set_avatar(alice, avatar.id));
  ASSERT_TRUE(newest().user.avatar);
  EXPECT_EQ(newest().user.avatar->url, blobs.url(avatar.path));
}

TEST_F(AuthorsTest, who_change_while_they_are_read_are_not_remembered) {
  const auto alice = add_user("alice1");
  names({alice.id}, [&] { authors.forget(alice.id); });
  names({alice.id});
  EXPECT_EQ(questions, 1);
  names({alice.id});
  EXPECT_EQ(questions, 0);
}

TEST_F(AuthorsTest, who_are_not_there_are_nobody) {
  EXPECT_EQ(names({4711}), Names{""});
}

TEST_F(AuthorsTest, start_over_when_too_many_are_remembered) {
  const auto alice = add_user("alice1");
  EXPECT_EQ(names({alice.id}), Names{"alice1"});
  ASSERT_TRUE(database.write([&](Driver& db) -> Result<void> {
    db.run(R"(WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 5095)
              INSERT INTO "user" ("id", "createAt", "updateAt", "username", "email", "password")
              SELECT i, ?, ?, 'user' || i, 'user' || i || '@example.org', '' FROM n)",
           clock.wall(), clock.wall());
    return {};
  }));
  std::vector<chat::Message> messages(4096);
  for (std::size_t i = 0; i < messages.size(); ++i) {
    messages[i].user_id = 1000 + static_cast<std::int64_t>(i);
  }
  authors.add_to(messages, watched);
  EXPECT_EQ(messages.back().user.username, "user5095");
  EXPECT_EQ(names({1000, 5095}), (Names{"user1000", "user5095"}));
  EXPECT_EQ(questions, 0);
  EXPECT_EQ(names({alice.id}), Names{"alice1"});
  EXPECT_EQ(questions, 1);
}

}  // namespace
}  // namespace coterie::tests
