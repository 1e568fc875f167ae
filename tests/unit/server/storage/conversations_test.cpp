// SPDX-License-Identifier: MIT
#include "storage/conversations.hpp"

#include <gtest/gtest.h>

#include <atomic>

#include "support/stored_rows.hpp"

namespace coterie::tests {
namespace {

using namespace std::chrono_literals;
using storage::Conversation;

class ConversationsOfUser : public OnEveryEngine {
 protected:
  std::vector<Conversation> list(const storage::User& user) {
    return read([&](Driver& db) { return storage::conversations_of_user(db, user.id); });
  }
  std::vector<std::string> names(const storage::User& user) {
    std::vector<std::string> result;
    for (const Conversation& each : list(user)) result.push_back(each.group.name);
    return result;
  }
  void mark(const Conversation& conversation, std::int64_t message_id) {
    EXPECT_EQ(insert([&](Driver& db) {
                storage::advance_read_mark(db, conversation.id, message_id, clock.wall());
              }),
              "");
  }
  // How many statements `work` runs.
  template <class Work>
  int statements(Work work) {
    std::atomic<int> count = 0;
    watch = [&count](std::string_view) { ++count; };
    work();
    watch = [](std::string_view) {};
    return count;
  }
};

using Names = std::vector<std::string>;

TEST_P(ConversationsOfUser, come_with_the_newest_activity_first) {
  const auto alice = add_user("alice1");
  const auto first = add_group(alice, "first");
  clock.advance(1s);
  add_group(alice, "second");
  clock.advance(1s);
  add_group(alice, "third");
  EXPECT_EQ(names(alice), (Names{"third", "second", "first"}));
  clock.advance(1s);
  add_text(alice, first, "up again");
  EXPECT_EQ(names(alice), (Names{"first", "third", "second"}));
}

TEST_P(ConversationsOfUser, of_the_same_age_come_newest_first) {
  const auto alice = add_user("alice1");
  for (const char* name : {"a", "b", "c"}) add_group(alice, name);
  EXPECT_EQ(names(alice), (Names{"c", "b", "a"}));
}

TEST_P(ConversationsOfUser, show_the_group_its_cover_and_the_newest_message) {
  const auto alice = add_user("alice1");
  const auto group = add_group(alice, "garden");
  add_text(alice, group, "old");
  add_text(alice, group, "new");
  const auto found = list(alice);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].user_role, storage::Role::owner);
  EXPECT_EQ(found[0].group.name, "garden");
  ASSERT_TRUE(found[0].group.cover);
  EXPECT_EQ(found[0].group.cover->path, "cover/of-garden");
  ASSERT_TRUE(found[0].recent);
  EXPECT_EQ(found[0].recent->content, "new");
  EXPECT_EQ(found[0].recent->user.username, "alice1");
}

TEST_P(ConversationsOfUser, without_messages_have_nothing_recent_and_nothing_unread) {
  const auto alice = add_user("alice1");
  add_group(alice, "quiet");
  const auto found = list(alice);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_FALSE(found[0].recent);
  EXPECT_EQ(found[0].unread, 0);
  EXPECT_EQ(found[0].last_msg_id, std::nullopt);
}

TEST_P(ConversationsOfUser, count_what_is_behind_the_read_mark) {
  const auto alice = add_user("alice1");
  const auto group = add_group(alice, "garden");
  const auto other = add_group(alice, "other");
  std::vector<storage::Message> messages;
  for (int i = 0; i < 5; ++i) {
    messages.push_back(add_text(alice, group, "to read"));
    add_text(alice, other, "elsewhere");
  }
  const auto of_garden = [&] {
    for (const Conversation& each : list(alice)) {
      if (each.group_id == group.id) return each;
    }
    return Conversation();
  };
  EXPECT_EQ(of_garden().unread, 5);
  mark(of_garden(), messages[2].id);
  EXPECT_EQ(of_garden().unread, 2);
  EXPECT_EQ(of_garden().last_msg_id, messages[2].id);
  mark(of_garden(), messages[4].id);
  EXPECT_EQ(of_garden().unread, 0);
}

TEST_P(ConversationsOfUser, count_also_behind_a_mark_that_names_no_message_of_the_group) {
  const auto alice = add_user("alice1");
  const auto group = add_group(alice, "garden");
  const auto other = add_group(alice, "other");
  add_text(alice, group, "one");
  add_text(alice, group, "two");
  const auto elsewhere = add_text(alice, other, "elsewhere");
  const auto three = add_text(alice, group, "three");
  const auto unread_behind = [&](std::int64_t id) {
    for (const Conversation& each : list(alice)) {
      if (each.group_id == group.id) mark(each, id);
    }
    for (const Conversation& each : list(alice)) {
      if (each.group_id == group.id) return each.unread;
    }
    return std::int64_t{-1};
  };
  EXPECT_EQ(unread_behind(elsewhere.id), 1);
  EXPECT_EQ(unread_behind(three.id + 1000), 0);
}

TEST_P(ConversationsOfUser, keep_their_read_mark_when_it_would_move_backwards) {
  const auto alice = add_user("alice1");
  const auto group = add_group(alice, "garden");
  const auto first = add_text(alice, group, "one");
  const auto second = add_text(alice, group, "two");
  mark(list(alice)[0], second.id);
  mark(list(alice)[0], first.id);
  EXPECT_EQ(list(alice)[0].last_msg_id, second.id);
}

TEST_P(ConversationsOfUser, are_nobody_elses) {
  const auto alice = add_user("alice1");
  const auto bobby = add_user("bobby1");
  add_group(alice, "garden");
  EXPECT_TRUE(list(bobby).empty());
  const auto id = list(alice)[0].id;
  EXPECT_FALSE(read([&](Driver& db) { return storage::find_conversation(db, id, bobby.id); }));
  EXPECT_TRUE(read([&](Driver& db) { return storage::find_conversation(db, id, alice.id); }));
}

TEST_P(ConversationsOfUser, cost_the_same_number_of_statements_however_many_they_are) {
  const auto alice = add_user("alice1");
  const auto group = add_group(alice, "number 0");
  add_text(alice, group, "hello");
  const int with_one = statements([&] { EXPECT_EQ(list(alice).size(), 1U); });
  EXPECT_EQ(with_one, 1);
  for (int i = 1; i < 20; ++i) {
    const auto next = add_group(alice, "number " + std::to_string(i));
    for (int each = 0; each < 3; ++each) add_text(alice, next, "hello");
  }
  EXPECT_EQ(statements([&] { EXPECT_EQ(list(alice).size(), 20U); }), with_one);
}

TEST_P(ConversationsOfUser, have_a_history_that_costs_one_statement_however_long_it_is) {
  const auto alice = add_user("alice1");
  const auto group = add_group(alice, "garden");
  const auto history = [&](std::int64_t size) {
    return read(
        [&](Driver& db) { return storage::messages_before(db, group.id, std::nullopt, size); });
  };
  for (int i = 0; i < 20; ++i) {
    const auto author = add_user("author" + std::to_string(i));
    add_text(author, group, "hello");
  }
  EXPECT_EQ(statements([&] { EXPECT_EQ(history(1).size(), 1U); }), 1);
  EXPECT_EQ(statements([&] { EXPECT_EQ(history(100).size(), 20U); }), 1);
}

TEST_P(ConversationsOfUser, have_a_history_whose_files_cost_one_statement_more) {
  const auto alice = add_user("alice1");
  const auto picture = add_file(alice, "image", "0");
  const auto group = add_group(alice, "garden");
  EXPECT_EQ(insert([&](Driver& db) {
              for (int i = 1; i <= 40; ++i) {
                auto message = text(alice, group, "look");
                message.seq = storage::advance_sequence(db, group.id, 1);
                if (i % 4 == 0) {
                  storage::File file = picture;
                  file.path = "image/" + std::to_string(i);
                  storage::insert_file(db, file);
                  message.file_id = file.id;
                }
                insert_message(db, message);
              }
            }),
            "");
  for (const std::int64_t size : {2, 40}) {
    std::vector<storage::Message> page;
    const int count = statements([&] {
      page = read(
          [&](Driver& db) { return storage::messages_before(db, group.id, std::nullopt, size); });
    });
    EXPECT_EQ(count, 2);
    ASSERT_EQ(page.size(), static_cast<std::size_t>(size));
    for (std::size_t i = 0; i < page.size(); ++i) {
      const std::string number = std::to_string(40 - i);
      EXPECT_EQ(page[i].file ? page[i].file->path : "", i % 4 == 0 ? "image/" + number : "");
      EXPECT_FALSE(page[i].cover);
    }
  }
}

TEST_P(ConversationsOfUser, show_what_is_left_where_the_newest_messages_were_removed_by_hand) {
  const auto alice = add_user("alice1");
  const auto group = add_group(alice, "garden");
  const auto first = add_text(alice, group, "one");
  const auto second = add_text(alice, group, "two");
  const auto third = add_text(alice, group, "three");
  mark(list(alice)[0], first.id);
  EXPECT_EQ(insert([&](Driver& db) {
              db.run(R"(DELETE FROM "group_message" WHERE "id" = ?)", third.id);
            }),
            "");
  ASSERT_TRUE(list(alice)[0].recent);
  EXPECT_EQ(list(alice)[0].recent->content, "two");
  EXPECT_EQ(list(alice)[0].unread, 1);
  EXPECT_EQ(insert([&](Driver& db) {
              db.run(R"(DELETE FROM "group_message" WHERE "id" IN (?, ?))", first.id, second.id);
            }),
            "");
  EXPECT_FALSE(list(alice)[0].recent);
  EXPECT_EQ(list(alice)[0].unread, 0);
}

INSTANTIATE_TEST_SUITE_P(Storage, ConversationsOfUser, testing::ValuesIn(engines()), engine_name);

}  // namespace
}  // namespace coterie::tests
