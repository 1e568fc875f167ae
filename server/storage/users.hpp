// Rows of "user".
// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/driver.hpp"
#include "storage/rows.hpp"

namespace coterie::storage {

// The columns of a user (without avatar and password) under `alias`, as read_user() wants them.
std::string user_columns(std::string_view alias);
User read_user(RowReader& row);

// Sets user.id. "unique_violation" when the name or the address is taken.
void insert_user(Driver& db, User& user);
std::optional<User> find_user(Driver& db, std::int64_t id);  // With its avatar.
// Those of them that are there, with their avatars, in any order.
std::vector<User> find_users(Driver& db, std::span<const std::int64_t> ids);
// By name or mail address, with the password's hash.
std::optional<User> find_user_to_log_in(Driver& db, std::string_view login_name);
bool username_exists(Driver& db, std::string_view username);
bool email_exists(Driver& db, std::string_view email);
std::vector<User> all_users(Driver& db);

// What is null stays as it is; a nickname can be set to nothing.
struct UserChange {
  std::optional<std::string> username;
  std::optional<std::optional<std::string>> nickname;
};
void update_user(Driver& db, std::int64_t id, const UserChange& change, WallTime now);
void set_password(Driver& db, std::int64_t id, std::string_view hash, WallTime now);
void set_avatar(Driver& db, std::int64_t id, std::int64_t file_id, WallTime now);

}  // namespace coterie::storage
