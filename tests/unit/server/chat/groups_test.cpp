// SPDX-License-Identifier: MIT
#include "chat/groups.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

#include "support/house.hpp"

namespace coterie::tests {
namespace {

class GroupsTest : public House {
 protected:
  std::string create_with(const chat::Actor& actor, std::int64_t cover_id) {
    return code_of(groups.create(actor, {"garden", cover_id, std::nullopt}));
  }
};

TEST_F(GroupsTest, belong_to_who_has_made_them) {
  const auto alice = add_actor("alice1");
  const auto cover = add_file(alice, chat::FileKind::cover);
  const auto group = groups.create(alice, {"garden", cover.id, "for friends"});
  ASSERT_TRUE(group) << group.error().code;
  EXPECT_EQ(group->create_by_id, alice.user_id);
  EXPECT_EQ(group->invite_code.size(), 21U);
  EXPECT_EQ(group->description, "for friends");
  EXPECT_EQ(group->create_at, clock.wall());
  const auto lists = groups.list(alice);
  ASSERT_TRUE(lists);
  ASSERT_EQ(lists->owner.size(), 1U);
  EXPECT_TRUE(lists->member.empty());
  ASSERT_TRUE(lists->owner[0].cover);
  EXPECT_EQ(lists->owner[0].cover->url, blobs.url(cover.path));
}

TEST_F(GroupsTest, have_invite_codes_that_differ) {
  const auto alice = add_actor("alice1");
  EXPECT_NE(add_group(alice, "garden").invite_code, add_group(alice, "kitchen").invite_code);
}

TEST_F(GroupsTest, need_a_cover_that_is_there_and_is_one) {
  const auto alice = add_actor("alice1");
  EXPECT_EQ(create_with(alice, 4711), "cover_unknown");
  EXPECT_EQ(create_with(alice, 0), "cover_unknown");
  EXPECT_EQ(create_with(alice, -1), "cover_unknown");
  EXPECT_EQ(create_with(alice, add_file(alice, chat::FileKind::avatar).id), "cover_unknown");
  EXPECT_EQ(create_with(alice, add_file(alice, chat::FileKind::image).id), "cover_unknown");
  EXPECT_EQ(count_rows("group"), 0);
  EXPECT_TRUE(joined.with([](const auto& list) { return list.empty(); }));
}

TEST_F(GroupsTest, cannot_share_a_cover) {
  const auto alice = add_actor("alice1");
  const auto cover = add_file(alice, chat::FileKind::cover);
  EXPECT_EQ(create_with(alice, cover.id), "");
  EXPECT_EQ(create_with(alice, cover.id), "cover_taken");
  EXPECT_EQ(count_rows("group"), 1);
  EXPECT_EQ(count_rows("group_conversation"), 1);
}

TEST_F(GroupsTest, made_at_once_with_one_cover_are_one_group) {
  const auto alice = add_actor("alice1");
  const auto cover = add_file(alice, chat::FileKind::cover);
  std::atomic<int> made = 0;
  together(8, [&](int) {
    const std::string code = create_with(alice, cover.id);
    if (code.empty()) ++made;
    EXPECT_TRUE(code.empty() || code == "cover_taken") << code;
  });
  EXPECT_EQ(made, 1);
  EXPECT_EQ(count_rows("group_conversation"), 1);
}

TEST_F(GroupsTest, are_joined_by_their_invite_code) {
  const auto alice = add_actor("alice1");
  const auto bobby = add_actor("bobby1");
  const auto group = add_group(alice, "garden");
  EXPECT_EQ(code_of(groups.join(bobby, "no such code")), "invite_code_invalid");
  EXPECT_EQ(code_of(groups.join(bobby, "")), "invite_code_invalid");
  EXPECT_EQ(code_of(groups.join(bobby, group.invite_code)), "");
  EXPECT_EQ(code_of(groups.join(bobby, group.invite_code)), "already_in_group");
  EXPECT_EQ(code_of(groups.join(alice, group.invite_code)), "already_in_group");
  const auto lists = groups.list(bobby);
  ASSERT_TRUE(lists);
  EXPECT_TRUE(lists->owner.empty());
  ASSERT_EQ(lists->member.size(), 1U);
  EXPECT_EQ(lists->member[0].name, "garden");
}

TEST_F(GroupsTest, announce_who_has_come_in) {
  const auto alice = add_actor("alice1");
  const auto bobby = add_actor("bobby1");
  const auto group = add_group(alice, "garden");
  ASSERT_TRUE(groups.join(bobby, group.invite_code));
  EXPECT_FALSE(groups.join(bobby, group.invite_code));
  using Pairs = std::vector<std::pair<std::int64_t, std::int64_t>>;
  EXPECT_EQ(joined.with([](const auto& list) { return list; }),
            (Pairs{{alice.user_id, group.id}, {bobby.user_id, group.id}}));
}

TEST_F(GroupsTest, joined_by_one_user_many_times_at_once_make_one_membership) {
  const auto alice = add_actor("alice1");
  const auto bobby = add_actor("bobby1");
  const auto group = add_group(alice, "garden");
  std::atomic<int> entered = 0;
  together(16, [&](int) {
    const std::string code = code_of(groups.join(bobby, group.invite_code));
    if (code.empty()) ++entered;
    EXPECT_TRUE(code.empty() || code == "already_in_group") << code;
  });
  EXPECT_EQ(entered, 1);
  EXPECT_EQ(count_rows("group_conversation"), 2);
  EXPECT_EQ(joined.with([](const auto& list) { return list.size(); }), 2U);
}

TEST_F(GroupsTest, show_their_members_to_members_only) {
  const auto alice = add_actor("alice1");
  const auto bobby = add_actor("bobby1");
  const auto group = add_group(alice, "garden");
  EXPECT_EQ(code_of(groups.detail(bobby, group.id)), "not_in_group");
  EXPECT_EQ(code_of(groups.detail(bobby, 4711)), "group_unknown");
  ASSERT_TRUE(groups.join(bobby, group.invite_code));
  const auto detail = groups.detail(bobby, group.id);
  ASSERT_TRUE(detail);
  ASSERT_EQ(detail->users.size(), 2U);
  EXPECT_EQ(detail->users[0].id, alice.user_id);
  EXPECT_EQ(detail->users[1].id, bobby.user_id);
}

TEST_F(GroupsTest, know_who_owns_them) {
  const auto alice = add_actor("alice1");
  const auto bobby = add_actor("bobby1");
  const auto group = add_group(alice, "garden");
  ASSERT_TRUE(groups.join(bobby, group.invite_code));
  EXPECT_TRUE(groups.detail(alice, group.id)->is_owner);
  EXPECT_FALSE(groups.detail(bobby, group.id)->is_owner);
}

TEST_F(GroupsTest, are_remembered_by_membership_and_never_by_its_absence) {
  const auto alice = add_actor("alice1");
  const auto bobby = add_actor("bobby1");
  const auto group = add_group(alice, "garden");
  EXPECT_EQ(code_of(memberships.check(bobby.user_id, group.id)), "not_in_group");
  ASSERT_TRUE(groups.join(bobby, group.invite_code));
  EXPECT_EQ(code_of(memberships.check(bobby.user_id, group.id)), "");
  chat::Memberships afresh(database);
  EXPECT_EQ(code_of(afresh.check(bobby.user_id, group.id)), "");
  EXPECT_EQ(code_of(afresh.check(group.id, bobby.user_id)), "not_in_group");
}

}  // namespace
}  // namespace coterie::tests
