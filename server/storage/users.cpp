// SPDX-License-Identifier: MIT
#include "storage/users.hpp"

#include <fmt/format.h>

#include "storage/files.hpp"
#include "storage/rows_by_id.hpp"

namespace coterie::storage {

namespace {

std::string select_with_avatar() {
  return "SELECT " + user_columns("u") + ", " + file_columns("a") +
         R"( FROM "user" u LEFT JOIN "file" a ON a."id" = u."avatarId" WHERE u."id")";
}

User read_with_avatar(RowReader& row) {
  User user = read_user(row);
  user.avatar = maybe_read_file(row);
  return user;
}

}  // namespace

std::string user_columns(std::string_view alias) {
  return fmt::format(R"({0}."id", {0}."createAt", {0}."updateAt", {0}."username", {0}."email", )"
                     R"({0}."nickname", {0}."avatarId", COALESCE({0}."isAdmin", 0))",
                     alias);
}

User read_user(RowReader& row) {
  User user;
  user.id = row.int64();
  user.create_at = row.time();
  user.update_at = row.time();
  user.username = row.text();
  user.email = row.text();
  user.nickname = row.maybe_text();
  user.avatar_id = row.maybe_int64();
  user.is_admin = row.boolean();
  return user;
}

void insert_user(Driver& db, User& user) {
  user.id = db.insert_row(
      R"(INSERT INTO "user" ("createAt", "updateAt", "username", "email", "password", "nickname",
              "isAdmin") VALUES (?, ?, ?, ?, ?, ?, ?))",
      user.create_at, user.update_at, user.username, user.email, user.password, user.nickname,
      user.is_admin);
}

std::optional<User> find_user(Driver& db, std::int64_t id) {
  static const std::string sql = select_with_avatar() + " = ?";
  return db.query_one(sql, read_with_avatar, id);
}

std::vector<User> find_users(Driver& db, std::span<const std::int64_t> ids) {
  static const RowsById select(select_with_avatar() + " IN");
  std::vector<User> users;
  select.find(db, ids, [&](const Row& row) {
    RowReader reader(row);
    users.push_back(read_with_avatar(reader));
  });
  return users;
}

std::optional<User> find_user_to_log_in(Driver& db, std::string_view login_name) {
  // A name may look like an address; an address is proven, so its owner comes first.
  static const std::string sql = "SELECT " + user_columns("u") + R"(, u."password" FROM "user" u
    WHERE u."username" = ? OR u."email" = ?
    ORDER BY CASE WHEN u."email" = ? THEN 0 ELSE 1 END LIMIT 1)";
  return db.query_one(
      sql,
      [](RowReader& row) {
        User user = read_user(row);
        user.password = row.text();
        return user;
      },
      login_name, login_name, login_name);
}

bool username_exists(Driver& db, std::string_view username) {
  return db
      .query_one(
          R"(SELECT 1 FROM "user" WHERE "username" = ?)",
          [](RowReader& row) { return row.int64(); }, username)
      .has_value();
}

bool email_exists(Driver& db, std::string_view email) {
  return db
      .query_one(
          R"(SELECT 1 FROM "user" WHERE "email" = ?)", [](RowReader& row) { return row.int64(); },
          email)
      .has_value();
}

std::vector<User> all_users(Driver& db) {
  static const std::string sql =
      "SELECT " + user_columns("u") + R"( FROM "user" u ORDER BY u."id")";
  std::vector<User> users;
  db.query(sql, [&](RowReader& row) { users.push_back(read_user(row)); });
  return users;
}

void update_user(Driver& db, std::int64_t id, const UserChange& change, WallTime now) {
  if (change.username) {
    db.run(R"(UPDATE "user" SET "username" = ? WHERE "id" = ?)", *change.username, id);
  }
  if (change.nickname) {
    db.run(R"(UPDATE "user" SET "nickname" = ? WHERE "id" = ?)", *change.nickname, id);
  }
  db.run(R"(UPDATE "user" SET "updateAt" = ? WHERE "id" = ?)", now, id);
}

void set_password(Driver& db, std::int64_t id, std::string_view hash, WallTime now) {
  db.run(R"(UPDATE "user" SET "password" = ?, "updateAt" = ? WHERE "id" = ?)", hash, now, id);
}

void set_avatar(Driver& db, std::int64_t id, std::int64_t file_id, WallTime now) {
  db.run(R"(UPDATE "user" SET "avatarId" = ?, "updateAt" = ? WHERE "id" = ?)", file_id, now, id);
}

}  // namespace coterie::storage
