// SPDX-License-Identifier: MIT
#include "storage/group_commit.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <stdexcept>

#include "support/stored_rows.hpp"

namespace coterie::tests {
namespace {

using storage::DriverFailure;
using storage::GroupCommit;
using storage::Message;
using storage::Sent;

class GroupCommitTest : public OnEveryEngine {
 protected:
  std::size_t stored(const storage::Group& group) {
    return read([&](Driver& db) {
             return storage::messages_before(db, group.id, std::nullopt, 1'000'000);
           })
        .size();
  }

  std::vector<Message> announced;
  GroupCommit group_commit{database, keep(announced)};
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

// The first to come is in the middle of its transaction while eight more come. One of those stays
// to lead next, and the first one goes, whatever is left to do.
TEST_P(GroupCommitTest, what_comes_meanwhile_is_stored_and_announced_together_by_another_leader) {
  constexpr int others = 8;
  const auto alice = add_user("alice1");
  const auto group = add_group(alice, "garden");
  std::vector<std::size_t> batches;
  GroupCommit commit(database,
                     [&](std::span<Message* const> stored) { batches.push_back(stored.size()); });
  std::atomic<int> commits = 0;
  std::atomic<int> gone = 0;
  std::atomic<bool> is_first_gone = false;
  watch = [&](std::string_view sql) {
    if (sql != "COMMIT") return;
    if (++commits == 1) {
      commits.notify_all();
      for (int count = 0; (count = gone) < others - 1;) gone.wait(count);
    } else {
      is_first_gone.wait(false);
    }
  };
  std::atomic<int> told = 0;
  const auto append = [&] {
    commit.append(text(alice, group, "hello"), [&](const Result<Sent>& sent) { told += !!sent; });
  };
  together(1 + others, [&](int index) {
    if (index == 0) {
      append();
      is_first_gone = true;
      is_first_gone.notify_all();
      return;
    }
    commits.wait(0);  // The first one is at it.
    append();
    ++gone;
    gone.notify_all();
  });
  EXPECT_EQ(batches, (std::vector<std::size_t>{1, others}));
  EXPECT_EQ(told, 1 + others);
}

TEST_P(GroupCommitTest, more_than_it_can_remember_is_refused) {
  const auto alice = add_user("alice1");
  const auto group = add_group(alice, "garden");
  std::atomic<bool> is_full = false;
  watch = [&](std::string_view sql) {
    if (sql == "COMMIT") is_full.wait(false);
  };
  std::atomic<std::size_t> told = 0;
  together(3, [&](int) {  // One commits, one waits to do so, and one brings the others.
    while (!is_full) {
      group_commit.append(text(alice, group, "hello"), [&](const Result<Sent>& sent) {
        if (sent) return void(++told);
        EXPECT_EQ(code_of(sent), "busy");
        is_full = true;
        is_full.notify_all();
      });
    }
  });
  group_commit.finish(system_clock().now() + std::chrono::seconds(60));
  EXPECT_GT(told, 4096U);
  EXPECT_EQ(told, announced.size());
}

TEST_P(GroupCommitTest, every_sender_is_told_whatever_is_thrown) {
  const auto alice = add_user("alice1");
  const auto group = add_group(alice, "garden");
  std::string thrower;
  watch = [&](std::string_view sql) {
    if (sql == thrower) throw std::length_error("of a test");
  };
  GroupCommit commit(database, [&](auto) {
    if (thrower == "announce") throw std::length_error("of a test");
  });
  thrower = "COMMIT";
  EXPECT_EQ(code_of(commit.append(text(alice, group, "lost"))), "internal_error");
  EXPECT_EQ(stored(group), 0U);
  thrower = "announce";
  EXPECT_EQ(commit.append(text(alice, group, "told to nobody"))->message.seq, 1);
  thrower = "";
  commit.append(text(alice, group, "his sender fails"),
                [](const Result<Sent>&) { throw std::length_error("of a test"); });
  EXPECT_EQ(commit.append(text(alice, group, "hello"))->message.seq, 3);
}

INSTANTIATE_TEST_SUITE_P(Storage, GroupCommitTest, testing::ValuesIn(engines()), engine_name);

}  // namespace
}  // namespace coterie::tests
