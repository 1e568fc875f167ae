// SPDX-License-Identifier: MIT
#include "chat/limits.hpp"

#include <gtest/gtest.h>

#include "chat/errors.hpp"
#include "support/house.hpp"

namespace coterie::tests {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

class Hurry : public House {
 protected:
  Hurry() : House({{2, 1000ms, 3}, {6, 60'000ms, 2}, {1, 60'000ms, 1}}) {}
};

TEST_F(Hurry, sends_no_faster_than_its_rate) {
  const auto alice = add_actor("alice_1");
  const auto bobby = add_actor("bobby_1");
  const auto group = add_group(alice, "Team");
  ASSERT_TRUE(groups.join(bobby, group.invite_code));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(conversations.send_text(alice, group.id, "hi"));
  const auto refused = conversations.send_text(alice, group.id, "hi");
  ASSERT_EQ(code_of(refused), "too_many_messages");
  EXPECT_EQ(chat::fact_of(refused.error()).status, 429);
  EXPECT_EQ(chat::retry_after_seconds(refused.error()), 1);
  EXPECT_TRUE(conversations.send_text(bobby, group.id, "each has his own"));
  EXPECT_EQ(count_rows("group_message"), 4);
  clock.advance(500ms);
  EXPECT_TRUE(conversations.send_text(alice, group.id, "hi"));
  EXPECT_EQ(code_of(conversations.send_text(alice, group.id, "hi")), "too_many_messages");
}

TEST_F(Hurry, is_not_charged_for_what_was_refused_for_another_reason) {
  const auto alice = add_actor("alice_1");
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(code_of(conversations.send_text(alice, 99, "hi")), "not_in_group");
  }
}

TEST_F(Hurry, guesses_few_invite_codes) {
  const auto alice = add_actor("alice_1");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(code_of(groups.join(alice, "a guess")), "invite_code_invalid");
  }
  const auto refused = groups.join(alice, "a guess");
  ASSERT_EQ(code_of(refused), "too_many_joins");
  EXPECT_EQ(chat::retry_after_seconds(refused.error()), 10);
  clock.advance(10s);
  EXPECT_EQ(code_of(groups.join(alice, "a guess")), "invite_code_invalid");
}

TEST_F(Hurry, founds_few_groups) {
  const auto alice = add_actor("alice_1");
  add_group(alice, "Team");
  const auto cover = add_file(alice, chat::FileKind::cover).id;
  EXPECT_EQ(code_of(groups.create(alice, {"Team", cover, std::nullopt})), "too_many_groups");
  clock.advance(60s);
  EXPECT_TRUE(groups.create(alice, {"Team", cover, std::nullopt}));
}

TEST(Limit, remembers_a_bounded_number_of_users) {
  FakeClock clock;
  chat::Limit limit({1, 1000ms, 1}, "too_many_messages", clock);
  const auto most = static_cast<std::int64_t>(chat::Limit::users_max);
  for (std::int64_t id = 1; id <= most; ++id) ASSERT_TRUE(limit.take(id));
  EXPECT_EQ(limit.user_count(), chat::Limit::users_max);
  EXPECT_FALSE(limit.take(most)) << "who is known needs no room";
  clock.advance(999ms);
  EXPECT_TRUE(limit.take(most + 1));
  EXPECT_EQ(limit.user_count(), 1u) << "nobody had rested, so everybody was forgotten";
  EXPECT_FALSE(limit.take(most + 1));
}

TEST(Limit, forgets_those_first_who_have_rested) {
  FakeClock clock;
  chat::Limit limit({1, 1000ms, 1}, "too_many_messages", clock);
  for (std::size_t i = 1; i < chat::Limit::users_max; ++i) {
    ASSERT_TRUE(limit.take(static_cast<std::int64_t>(i)));
  }
  clock.advance(1000ms);
  EXPECT_TRUE(limit.take(-1));
  EXPECT_TRUE(limit.take(-2));
  EXPECT_EQ(limit.user_count(), 2u);
  EXPECT_FALSE(limit.take(-1)) << "who has just been there has not rested";
}

TEST(Limit, of_nothing_remembers_nobody) {
  FakeClock clock;
  chat::Limit limit({}, "too_many_messages", clock);
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(limit.take(7));
  EXPECT_EQ(limit.user_count(), 0u);
}

TEST(SecondsToWait, are_whole_and_never_none) {
  EXPECT_EQ(chat::seconds_to_wait(1ms), "1");
  EXPECT_EQ(chat::seconds_to_wait(1000ms), "1");
  EXPECT_EQ(chat::seconds_to_wait(1001ms), "2");
  EXPECT_EQ(chat::seconds_to_wait(Duration(0)), "1");
}

}  // namespace
}  // namespace coterie::tests
