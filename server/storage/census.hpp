// How much there is of everything, for operators.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "storage/driver.hpp"
#include "storage/rows.hpp"

namespace coterie::storage {

struct Census {
  std::int64_t users = 0;
  std::int64_t groups = 0;
  std::int64_t messages = 0;  // Ever sent: the newest id, because counting reads them all.
};
Census take_census(Driver& db);

// The newest ones, newest first.
std::vector<User> newest_users(Driver& db, std::int64_t limit);

struct GroupSize {
  std::int64_t id;
  WallTime create_at;
  std::string name;
  std::string owner;  // A user name.
  std::int64_t members;
};
std::vector<GroupSize> newest_groups(Driver& db, std::int64_t limit);

}  // namespace coterie::storage
