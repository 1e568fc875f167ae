// SPDX-License-Identifier: MIT
#include "chat/groups.hpp"

#include "storage/files.hpp"
#include "storage/groups.hpp"

namespace coterie::chat {

using storage::Driver;

Result<Group> Groups::create(const Actor& actor, const NewGroup& wanted) {
  if (auto paced = parts_.limits.groups.take(actor.user_id); !paced) return paced.error();
  Group group;
  group.create_at = group.update_at = parts_.clock.wall();
  group.name = wanted.name;
  group.description = wanted.description;
  group.cover_id = wanted.cover_id;
  group.create_by_id = actor.user_id;
  group.invite_code = random_id(parts_.random, 21);
  const auto created = parts_.database.write([&](Driver& db) -> Result<void> {
    const auto cover = storage::find_file(db, group.cover_id);
    if (!cover || cover->type != "cover") return Error("cover_unknown");
    storage::insert_group(db, group);
    storage::insert_membership(db, actor.user_id, group.id, Role::owner, group.create_at);
    return {};
  });
  if (!created) {
    return created.error().code == "unique_violation" ? Error("cover_taken") : created.error();
  }
  parts_.memberships.add(actor.user_id, group.id);
  parts_.announcements.joined(actor.user_id, group.id);
  return group;
}

Result<void> Groups::join(const Actor& actor, const std::string& invite_code) {
  if (auto paced = parts_.limits.joins.take(actor.user_id); !paced) return paced.error();
  const auto joined = parts_.database.write([&](Driver& db) -> Result<std::int64_t> {
    const auto group_id = storage::find_group_by_invite_code(db, invite_code);
    if (!group_id) return Error("invite_code_invalid");
    storage::insert_membership(db, actor.user_id, *group_id, Role::member, parts_.clock.wall());
    return *group_id;
  });
  if (!joined) {
    return joined.error().code == "unique_violation" ? Error("already_in_group") : joined.error();
  }
  parts_.memberships.add(actor.user_id, *joined);
  parts_.announcements.joined(actor.user_id, *joined);
  return {};
}

Result<Groups::Lists> Groups::list(const Actor& actor) {
  return parts_.database.read([&](Driver& db) -> Result<Lists> {
    Lists lists;
    for (auto& [group, role] : storage::groups_with_roles(db, actor.user_id)) {
      parts_.files.link(group.cover);
      (role == Role::owner ? lists.owner : lists.member).push_back(std::move(group));
    }
    return lists;
  });
}

Result<Groups::Detail> Groups::detail(const Actor& actor, std::int64_t group_id,
                                      std::int64_t skip) {
  return parts_.database.read([&](Driver& db) -> Result<Detail> {
    auto group = storage::find_group(db, group_id);
    if (!group) return Error("group_unknown");
    if (!storage::is_member(db, actor.user_id, group_id)) return Error("not_in_group");
    Detail detail{std::move(*group), storage::members_of_group(db, group_id, members_max, skip),
                  false};
    if (skip > 0 || std::ssize(detail.users) == members_max) {
      const std::int64_t count = storage::count_members(db, group_id);
      if (count > std::ssize(detail.users)) detail.member_count = count;
    }
    detail.is_owner = detail.group.create_by_id == actor.user_id;
    parts_.files.link(detail.group.cover);
    for (User& user : detail.users) parts_.files.link(user.avatar);
    return detail;
  });
}

}  // namespace coterie::chat
