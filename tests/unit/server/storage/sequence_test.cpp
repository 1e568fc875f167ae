// SPDX-License-Identifier: MIT
#include "storage/sequence.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "storage/sent_messages.hpp"
#include "support/stored_rows.hpp"

namespace coterie::tests {
namespace {

using storage::Message;
using Numbers = std::vector<std::int64_t>;

class Sequence : public OnEveryEngine {
 protected:
  void SetUp() override {
    OnEveryEngine::SetUp();
    alice = add_user("alice1");
    garden = add_group(alice, "garden");
    kitchen = add_group(alice, "kitchen");
  }

  // As a program stores them that knows of no numbers.
  void add_unnumbered(const storage::Group& group, int count) {
    Message message = text(alice, group, "old");
    EXPECT_EQ(insert([&](Driver& db) {
                for (int i = 0; i < count; ++i) insert_message(db, message);
              }),
              "");
  }
  // Twice as many messages, in the same groups.
  void double_messages() {
    EXPECT_EQ(insert([](Driver& db) {
                db.run(R"(INSERT INTO "group_message"
                            ("createAt", "updateAt", "type", "content", "userId", "groupId")
                          SELECT "createAt", "updateAt", "type", "content", "userId", "groupId"
                          FROM "group_message" ORDER BY "id")");
              }),
              "");
  }
  Result<std::int64_t> number() {
    return storage::number_messages(database, [](std::int64_t) {});
  }
  Numbers seqs_in(const storage::Group& group) {
    Numbers seqs;
    read([&](Driver& db) {
      db.query(
          R"(SELECT COALESCE("seq", 0) FROM "group_message" WHERE "groupId" = ?
                  ORDER BY "id")",
          [&](storage::RowReader& row) { seqs.push_back(row.int64()); }, group.id);
      return true;
    });
    return seqs;
  }
  Numbers last_seqs(const Numbers& groups) {
    return read([&](Driver& db) { return storage::last_seqs(db, groups); });
  }
  static Numbers up_to(std::size_t last) {
    Numbers all;
    for (std::size_t seq = 1; seq <= last; ++seq) all.push_back(static_cast<std::int64_t>(seq));
    return all;
  }

  storage::User alice;
  storage::Group garden;
  storage::Group kitchen;
};

TEST_P(Sequence, of_messages_without_numbers_follows_their_ids) {
  for (const int count : {3, 1, 2}) {
    add_unnumbered(garden, count);
    add_unnumbered(kitchen, 2);
  }
  EXPECT_EQ(*number(), 12);
  EXPECT_EQ(seqs_in(garden), up_to(6));
  EXPECT_EQ(seqs_in(kitchen), up_to(6));
  EXPECT_EQ(last_seqs({garden.id, kitchen.id}), (Numbers{6, 6}));
  EXPECT_EQ(*number(), 0);
}

TEST_P(Sequence, of_more_messages_than_a_transaction_takes_is_without_a_gap) {
  add_unnumbered(garden, 1);
  add_unnumbered(kitchen, 2);
  for (int i = 0; i < 13; ++i) double_messages();
  EXPECT_EQ(*number(), 3 * 8192);
  EXPECT_EQ(seqs_in(garden), up_to(8192));
  EXPECT_EQ(seqs_in(kitchen), up_to(2 * 8192));
  EXPECT_EQ(last_seqs({kitchen.id, 4711, garden.id}), (Numbers{2 * 8192, 0, 8192}));
}

TEST_P(Sequence, that_was_broken_off_goes_on_where_it_was) {
  add_unnumbered(garden, 3);
  for (int i = 0; i < 13; ++i) double_messages();
  int commits = 0;
  watch = [&commits](std::string_view sql) {
    if (sql == "COMMIT" && ++commits > 1) {
      throw storage::DriverFailure(Error("storage_full", "no space left"));
    }
  };
  EXPECT_EQ(code_of(number()), "storage_full");
  watch = [](std::string_view) {};
  EXPECT_EQ(*number(), 3 * 8192 - 10'000);
  EXPECT_EQ(seqs_in(garden), up_to(3 * 8192));
}

TEST_P(Sequence, goes_on_with_what_another_program_has_stored) {
  add_text(alice, garden, "1");
  add_unnumbered(garden, 2);
  add_text(alice, garden, "2");
  EXPECT_EQ(*number(), 2);
  EXPECT_EQ(seqs_in(garden), (Numbers{1, 3, 4, 2}));
  EXPECT_EQ(add_text(alice, garden, "5").seq, 5);
}

TEST_P(Sequence, leaves_the_times_of_messages_and_groups_alone) {
  add_unnumbered(garden, 1);
  EXPECT_EQ(*number(), 1);
  const auto messages =
      read([&](Driver& db) { return storage::messages_before(db, garden.id, std::nullopt, 10); });
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].update_at, clock.wall());
  EXPECT_EQ(read([&](Driver& db) { return storage::find_group(db, garden.id); })->update_at,
            garden.update_at);
}

TEST_P(Sequence, is_given_out_in_order_while_others_are_being_numbered) {
  add_unnumbered(garden, 3);
  for (int i = 0; i < 13; ++i) double_messages();
  together(3, [&](int index) {
    if (index == 0) {
      ASSERT_TRUE(number());
      return;
    }
    for (int i = 0; i < 20; ++i) add_text(alice, index == 1 ? garden : kitchen, "new");
  });
  auto seqs = seqs_in(garden);
  std::ranges::sort(seqs);
  EXPECT_EQ(seqs, up_to(3 * 8192 + 20));
  EXPECT_EQ(seqs_in(kitchen), up_to(20));
}

TEST_P(Sequence, is_read_between_two_numbers_oldest_first) {
  for (int i = 1; i <= 6; ++i) {
    add_text(alice, garden, std::to_string(i));
    add_text(alice, kitchen, "elsewhere");
  }
  const auto between = [&](std::int64_t after, std::int64_t last, std::int64_t size) {
    Numbers seqs;
    for (const Message& each : read([&](Driver& db) {
           return storage::messages_between(db, garden.id, after, last, size);
         })) {
      EXPECT_EQ(each.content, std::to_string(each.seq));
      seqs.push_back(each.seq);
    }
    return seqs;
  };
  EXPECT_EQ(between(0, 6, 10), up_to(6));
  EXPECT_EQ(between(2, 6, 3), (Numbers{3, 4, 5}));
  EXPECT_EQ(between(2, 4, 10), (Numbers{3, 4}));
  EXPECT_EQ(between(6, 6, 10), Numbers());
}

TEST_P(Sequence, of_a_hundred_groups_is_told_in_their_order) {
  Numbers groups;
  Numbers wanted;
  for (int i = 0; i < 100; ++i) {
    groups.push_back(i % 3 == 0 ? 5000 + i : garden.id);
    wanted.push_back(i % 3 == 0 ? 0 : 1);
  }
  add_text(alice, garden, "1");
  EXPECT_EQ(last_seqs(groups), wanted);
  EXPECT_EQ(last_seqs({}), Numbers());
}

TEST_P(Sequence, of_a_group_that_is_not_there_is_a_foreign_key_violation) {
  EXPECT_EQ(insert([](Driver& db) { storage::advance_sequence(db, 4711, 1); }),
            "foreign_key_violation");
}

TEST_P(Sequence, names_of_messages_go_when_they_are_old_and_with_their_message) {
  using std::chrono_literals::operator""s;
  std::vector<Message> messages;
  for (const char* name : {"one", "two", "three"}) {
    messages.push_back(add_text(alice, garden, name));
    messages.back().client_msg_id = name;
    const Message* last = &messages.back();
    EXPECT_EQ(insert([&](Driver& db) { storage::insert_sent(db, {&last, 1}); }), "");
    clock.advance(1s);
  }
  const auto is_sent = [&](const char* name) {
    const storage::SentName sent(alice.id, name);
    return read([&](Driver& db) { return storage::which_are_sent(db, {&sent, 1}); }).contains(sent);
  };
  EXPECT_FALSE(*database.write(
      [&](Driver& db) -> Result<bool> { return storage::forget_sent(db, messages[0].create_at); }));
  EXPECT_FALSE(is_sent("one"));
  EXPECT_TRUE(is_sent("two"));
  EXPECT_EQ(insert([&](Driver& db) {
              db.run(R"(DELETE FROM "group_message" WHERE "id" = ?)", messages[1].id);
            }),
            "");
  EXPECT_FALSE(is_sent("two"));
  const auto found = read([&](Driver& db) { return storage::find_sent(db, alice.id, "three"); });
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, messages[2].id);
}

INSTANTIATE_TEST_SUITE_P(Storage, Sequence, testing::ValuesIn(engines()), engine_name);

}  // namespace
}  // namespace coterie::tests
