// SPDX-License-Identifier: MIT
#include "chat/admin.hpp"

#include "storage/users.hpp"

namespace coterie::chat {

using storage::Driver;

Result<void> Admin::check(const Actor& actor) {
  return database_.read([&](Driver& db) -> Result<void> {
    const auto user = storage::find_user(db, actor.user_id);
    if (!user || !user->is_admin) return Error("not_admin");
    return {};
  });
}

Result<storage::Census> Admin::census(const Actor& actor) {
  if (auto checked = check(actor); !checked) return checked.error();
  return database_.read(
      [](Driver& db) -> Result<storage::Census> { return storage::take_census(db); });
}

Result<std::vector<User>> Admin::users(const Actor& actor) {
  if (auto checked = check(actor); !checked) return checked.error();
  return database_.read([](Driver& db) -> Result<std::vector<User>> {
    return storage::newest_users(db, listed_max);
  });
}

Result<std::vector<storage::GroupSize>> Admin::groups(const Actor& actor) {
  if (auto checked = check(actor); !checked) return checked.error();
  return database_.read([](Driver& db) -> Result<std::vector<storage::GroupSize>> {
    return storage::newest_groups(db, listed_max);
  });
}

Result<std::map<std::int64_t, std::string>> Admin::names(const Actor& actor,
                                                         const std::set<std::int64_t>& ids) {
  using Names = std::map<std::int64_t, std::string>;
  if (auto checked = check(actor); !checked) return checked.error();
  return database_.read([&](Driver& db) -> Result<Names> {
    Names names;
    for (const std::int64_t id : ids) {
      if (auto user = storage::find_user(db, id)) names[id] = user->username;
    }
    return names;
  });
}

}  // namespace coterie::chat
