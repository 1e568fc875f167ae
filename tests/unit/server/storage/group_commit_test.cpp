// SPDX-License-Identifier: MIT
#include "storage/group_commit.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "support/stored_rows.hpp"

namespace coterie::tests {
namespace {

using storage::DriverFailure;
using storage::GroupCommit;
using storage::Message;

class GroupCommitTest : public OnEveryEngine {
 protected:
  std::size_t stored(const storage::Group& group) {
    return read([&](Driver& db) {
             return storage::messages_before(db, group.id, std::nullopt, 1'000'000);
           })
        .size();
  }

  // Not guarded: the leader announces, and there is one leader at a time.
  std::vector<Message> announced;
  GroupCommit group_commit{database,
                           [this](const Message& message) { announced.push_back(message); }};
};

TEST_P(GroupCommitTest, a_message_comes_back_as_others_see_it) {
  const auto alice = add_user("alice1");
  const auto group = add_group(alice, "garden");
  const auto sent = group_commit.append(text(alice, group, "hello"));
  ASSERT_TRUE(sent) << sent.error().detail;
  EXPECT_GT(sent->message.id, 0);
  EXPECT_EQ(sent->message.content, "hello");
  EXPECT_EQ(sent->message.user.username, "alice1");
  ASSERT_EQ(announced.size(), 1U);
  EXPECT_EQ(announced[0].id, sent->message.id);
  EXPECT_EQ(announced[0].user.nickname, "nick alice1");
  EXPECT_EQ(stored(group), 1U);
}

TEST_P(GroupCommitTest, messages_of_many_threads_are_announced_in_the_order_of_their_ids) {
  constexpr int threads = 32;
  constexpr int each = 50;
  const auto alice = add_user("alice1");
  const auto group = add_group(alice, "garden");
  std::vector<std::vector<std::int64_t>> returned(threads);
  together(threads, [&](int index) {
    for (int i = 0; i < each; ++i) {
      const auto sent = group_commit.append(text(alice, group, fmt::format("{}/{}", index, i)));
      ASSERT_TRUE(sent) << sent.error().detail;
      returned[static_cast<std::size_t>(index)].push_back(sent->message.id);
    }
  });

  ASSERT_EQ(announced.size(), static_cast<std::size_t>(threads * each));
  EXPECT_EQ(std::ranges::adjacent_find(announced, std::ranges::greater_equal(), &Message::id),
            announced.end());
  std::set<std::int64_t> ids;
  std::set<std::string> contents;
  for (const Message& message : announced) {
    ids.insert(message.id);
    contents.insert(*message.content);
  }
  EXPECT_EQ(ids.size(), announced.size());
  EXPECT_EQ(contents.size(), announced.size());
  for (const auto& own : returned) {
    EXPECT_TRUE(std::ranges::is_sorted(own));
    for (const std::int64_t id : own) EXPECT_TRUE(ids.contains(id));
  }
  EXPECT_EQ(stored(group), announced.size());
}

TEST_P(GroupCommitTest, a_message_that_cannot_be_stored_fails_alone) {
  constexpr int threads = 16;
  constexpr int each = 10;
  const auto alice = add_user("alice1");
  const auto group = add_group(alice, "garden");
  storage::Group nowhere;
  nowhere.id = 4711;
  together(threads, [&](int index) {
    for (int i = 0; i < each; ++i) {
      const bool is_bad = (index + i) % 4 == 0;
      const auto message =
          group_commit.append(text(alice, is_bad ? nowhere : group, "from a thread"));
      EXPECT_EQ(code_of(message), is_bad ? "foreign_key_violation" : "");
    }
  });
  constexpr std::size_t good = threads * each * 3 / 4;
  EXPECT_EQ(announced.size(), good);
  EXPECT_EQ(stored(group), good);
}

TEST_P(GroupCommitTest, a_commit_that_fails_is_announced_to_nobody) {
  const auto alice = add_user("alice1");
  const auto group = add_group(alice, "garden");
  bool is_full = true;
  watch = [&is_full](std::string_view sql) {
    if (is_full && sql == "COMMIT") throw DriverFailure(Error("storage_full", "no space left"));
  };
  EXPECT_EQ(code_of(group_commit.append(text(alice, group, "lost"))), "storage_full");
  EXPECT_TRUE(announced.empty());

  is_full = false;
  EXPECT_EQ(code_of(group_commit.append(text(alice, group, "kept"))), "");
  ASSERT_EQ(announced.size(), 1U);
  EXPECT_EQ(announced[0].content, "kept");
  EXPECT_EQ(stored(group), 1U);
}

INSTANTIATE_TEST_SUITE_P(Storage, GroupCommitTest, testing::ValuesIn(engines()), engine_name);

}  // namespace
}  // namespace coterie::tests
