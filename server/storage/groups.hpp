// Rows of "group" and who is in them (rows of "group_conversation" seen from the group).
// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/driver.hpp"
#include "storage/rows.hpp"

namespace coterie::storage {

// A group and its cover under the aliases `group` and `cover`, as read_group() wants them.
std::string group_columns(std::string_view group, std::string_view cover);
Group read_group(RowReader& row);

// Sets group.id. "unique_violation": the cover is another group's.
void insert_group(Driver& db, Group& group);
std::optional<Group> find_group(Driver& db, std::int64_t id);
std::optional<std::int64_t> find_group_by_invite_code(Driver& db, std::string_view code);

// "unique_violation" when the user is in the group already.
void insert_membership(Driver& db, std::int64_t user_id, std::int64_t group_id, Role role,
                       WallTime now);
bool is_member(Driver& db, std::int64_t user_id, std::int64_t group_id);
std::vector<std::int64_t> groups_of_user(Driver& db, std::int64_t user_id);
// Who is in which group, `count` at a time: those behind the row `id`, in the order of ids.
struct Membership {
  std::int64_t id;
  std::int64_t user_id;
  std::int64_t group_id;
};
std::vector<Membership> memberships_after(Driver& db, std::int64_t id, int count);
// With their avatars, in the order in which they joined: at most `limit`, behind the first `skip`.
std::vector<User> members_of_group(Driver& db, std::int64_t group_id, std::int64_t limit,
                                   std::int64_t skip = 0);
std::int64_t count_members(Driver& db, std::int64_t group_id);

struct GroupWithRole {
  Group group;
  Role role;
};
std::vector<GroupWithRole> groups_with_roles(Driver& db, std::int64_t user_id);

}  // namespace coterie::storage
