// Groups: create, invite, join, list, look into. Any thread that may block.
// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "chat/actor.hpp"
#include "chat/announcements.hpp"
#include "chat/files.hpp"
#include "chat/limits.hpp"
#include "chat/memberships.hpp"
#include "chat/model.hpp"
#include "storage/database.hpp"

namespace coterie::chat {

class Groups {
 public:
  struct Parts {
    storage::Database& database;
    const Files& files;
    Memberships& memberships;
    const Announcements& announcements;
    const Clock& clock;
    Random& random;
    Limits& limits;
  };

  explicit Groups(Parts parts) : parts_(parts) {}

  struct NewGroup {
    std::string name;
    std::int64_t cover_id;  // A file of type cover that is no other group's.
    std::optional<std::string> description;
  };
  struct Lists {
    std::vector<Group> owner;
    std::vector<Group> member;
  };
  struct Detail {
    Group group;
    std::vector<User> users;  // With their avatars, in the order in which they joined.
    bool is_owner;            // Of the one who asks: only owners see the invite code.
    std::optional<std::int64_t> member_count = std::nullopt;  // Where `users` are not all.
  };

  Result<Group> create(const Actor& actor, const NewGroup& group);
  Result<void> join(const Actor& actor, const std::string& invite_code);
  Result<Lists> list(const Actor& actor);
  // With at most `members_max` of its members, behind the first `skip`.
  Result<Detail> detail(const Actor& actor, std::int64_t group_id, std::int64_t skip = 0);
  static constexpr std::int64_t members_max = 1000;  // Their JSON is some 300 kB.

 private:
  const Parts parts_;
};

}  // namespace coterie::chat
