// What administrators may look at. Any thread that may block.
// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "chat/actor.hpp"
#include "chat/model.hpp"
#include "storage/census.hpp"
#include "storage/database.hpp"

namespace coterie::chat {

class Admin {
 public:
  static constexpr std::int64_t listed_max = 200;  // Of anything: a page that people can read.

  explicit Admin(storage::Database& database) : database_(database) {}

  // "not_admin" for everybody else, as from each of what follows.
  Result<void> check(const Actor& actor);
  Result<storage::Census> census(const Actor& actor);
  Result<std::vector<User>> users(const Actor& actor);
  Result<std::vector<storage::GroupSize>> groups(const Actor& actor);
  // The user names that go with these ids.
  Result<std::map<std::int64_t, std::string>> names(const Actor& actor,
                                                    const std::set<std::int64_t>& ids);

 private:
  storage::Database& database_;
};

}  // namespace coterie::chat
