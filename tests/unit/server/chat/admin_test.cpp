// SPDX-License-Identifier: MIT
#include "chat/admin.hpp"

#include <gtest/gtest.h>

#include "support/house.hpp"

namespace coterie::tests {
namespace {

class AdminTest : public House {
 protected:
  chat::Actor add_admin(const std::string& name) {
    EXPECT_TRUE(accounts->add_user({name, password, name + "@example.org", true}));
    return *accounts->authenticate(*accounts->issue_token(name));
  }
  chat::Admin admin{database};
};

TEST_F(AdminTest, tells_nothing_to_anybody_else) {
  const auto alice = add_actor("alice1");
  EXPECT_EQ(code_of(admin.check(alice)), "not_admin");
  EXPECT_EQ(code_of(admin.census(alice)), "not_admin");
  EXPECT_EQ(code_of(admin.users(alice)), "not_admin");
  EXPECT_EQ(code_of(admin.groups(alice)), "not_admin");
  EXPECT_EQ(code_of(admin.names(alice, {alice.user_id})), "not_admin");
}

TEST_F(AdminTest, counts_what_there_is) {
  const auto olga = add_admin("olga11");
  const auto alice = add_actor("alice1");
  const auto group = add_group(alice, "garden");
  ASSERT_TRUE(conversations.send_text(alice, group.id, "hello"));
  const auto census = admin.census(olga);
  ASSERT_TRUE(census);
  EXPECT_EQ(census->users, 2);
  EXPECT_EQ(census->groups, 1);
  EXPECT_EQ(census->messages, 1);
}

TEST_F(AdminTest, lists_the_newest_first) {
  const auto olga = add_admin("olga11");
  const auto alice = add_actor("alice1");
  const auto bobby = add_actor("bobby1");
  add_group(alice, "garden");
  const auto kitchen = add_group(bobby, "kitchen");
  ASSERT_TRUE(groups.join(alice, kitchen.invite_code));
  const auto users = admin.users(olga);
  ASSERT_TRUE(users);
  ASSERT_EQ(users->size(), 3U);
  EXPECT_EQ(users->front().username, "bobby1");
  EXPECT_TRUE(users->back().is_admin);
  const auto listed = admin.groups(olga);
  ASSERT_TRUE(listed);
  ASSERT_EQ(listed->size(), 2U);
  EXPECT_EQ(listed->front().name, "kitchen");
  EXPECT_EQ(listed->front().owner, "bobby1");
  EXPECT_EQ(listed->front().members, 2);
}

TEST_F(AdminTest, knows_the_names_of_who_is_there) {
  const auto olga = add_admin("olga11");
  const auto names = admin.names(olga, {olga.user_id, 4711});
  ASSERT_TRUE(names);
  ASSERT_EQ(names->size(), 1U);
  EXPECT_EQ(names->at(olga.user_id), "olga11");
}

}  // namespace
}  // namespace coterie::tests
