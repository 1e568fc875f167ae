// SPDX-License-Identifier: MIT
#include "chat/memberships.hpp"

#include "storage/groups.hpp"

namespace coterie::chat {

namespace {

constexpr std::size_t known_max = 1'000'000;

}  // namespace

Result<void> Memberships::check(std::int64_t user_id, std::int64_t group_id) {
  if (known_.with([&](const auto& known) { return known.contains({user_id, group_id}); })) {
    return {};
  }
  const auto is_member = database_.read([&](storage::Driver& db) -> Result<bool> {
    return storage::is_member(db, user_id, group_id);
  });
  if (!is_member) return is_member.error();
  if (!*is_member) return Error("not_in_group");
  add(user_id, group_id);
  return {};
}

void Memberships::add(std::int64_t user_id, std::int64_t group_id) {
  known_.with([&](auto& known) {
    if (known.size() >= known_max) known.clear();
    known.emplace(user_id, group_id);
  });
}

}  // namespace coterie::chat
