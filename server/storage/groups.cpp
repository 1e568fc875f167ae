// SPDX-License-Identifier: MIT
#include "storage/groups.hpp"

#include <fmt/format.h>

#include "storage/files.hpp"
#include "storage/users.hpp"

namespace coterie::storage {

std::string group_columns(std::string_view group, std::string_view cover) {
  return fmt::format(R"({0}."id", {0}."createAt", {0}."updateAt", {0}."name", {0}."description", )"
                     R"({0}."inviteCode", {0}."coverId", {0}."createById", {0}."lastSeq", {1})",
                     group, file_columns(cover));
}

Group read_group(RowReader& row) {
  Group group;
  group.id = row.int64();
  group.create_at = row.time();
  group.update_at = row.time();
  group.name = row.text();
  group.description = row.maybe_text();
  group.invite_code = row.text();
  group.cover_id = row.int64();
  group.create_by_id = row.int64();
  group.last_seq = row.maybe_int64().value_or(0);
  group.cover = maybe_read_file(row);
  return group;
}

void insert_group(Driver& db, Group& group) {
  group.id = db.insert_row(
      R"(INSERT INTO "group" ("createAt", "updateAt", "name", "description", "inviteCode",
              "coverId", "createById") VALUES (?, ?, ?, ?, ?, ?, ?))",
      group.create_at, group.update_at, group.name, group.description, group.invite_code,
      group.cover_id, group.create_by_id);
}

std::optional<Group> find_group(Driver& db, std::int64_t id) {
  static const std::string sql = "SELECT " + group_columns("g", "c") +
                                 R"( FROM "group" g LEFT JOIN "file" c ON c."id" = g."coverId"
                                     WHERE g."id" = ?)";
  return db.query_one(sql, read_group, id);
}

std::optional<std::int64_t> find_group_by_invite_code(Driver& db, std::string_view code) {
  return db.query_one(
      R"(SELECT "id" FROM "group" WHERE "inviteCode" = ?)",
      [](RowReader& row) { return row.int64(); }, code);
}

void insert_membership(Driver& db, std::int64_t user_id, std::int64_t group_id, Role role,
                       WallTime now) {
  db.run(R"(INSERT INTO "group_conversation" ("createAt", "updateAt", "userRole", "userId",
              "groupId") VALUES (?, ?, ?, ?, ?))",
         now, now, column_text(role), user_id, group_id);
}

bool is_member(Driver& db, std::int64_t user_id, std::int64_t group_id) {
  return db
      .query_one(
          R"(SELECT 1 FROM "group_conversation" WHERE "userId" = ? AND "groupId" = ?)",
          [](RowReader& row) { return row.int64(); }, user_id, group_id)
      .has_value();
}

std::vector<std::int64_t> groups_of_user(Driver& db, std::int64_t user_id) {
  std::vector<std::int64_t> ids;
  db.query(
      R"(SELECT "groupId" FROM "group_conversation" WHERE "userId" = ?)",
      [&](RowReader& row) { ids.push_back(row.int64()); }, user_id);
  return ids;
}

std::vector<Membership> memberships_after(Driver& db, std::int64_t id, int count) {
  std::vector<Membership> memberships;
  db.query(
      R"(SELECT "id", "userId", "groupId" FROM "group_conversation" WHERE "id" > ?
         ORDER BY "id" LIMIT ?)",
      [&](RowReader& row) {
        const std::int64_t row_id = row.int64();
        const std::int64_t user_id = row.int64();
        memberships.push_back({row_id, user_id, row.int64()});
      },
      id, count);
  return memberships;
}

std::int64_t count_members(Driver& db, std::int64_t group_id) {
  return *db.query_one(
      R"(SELECT COUNT(*) FROM "group_conversation" WHERE "groupId" = ?)",
      [](RowReader& row) { return row.int64(); }, group_id);
}

std::vector<User> members_of_group(Driver& db, std::int64_t group_id, std::int64_t limit,
                                   std::int64_t skip) {
  static const std::string sql = "SELECT " + user_columns("u") + ", " + file_columns("a") +
                                 R"( FROM "group_conversation" m
                                     JOIN "user" u ON u."id" = m."userId"
                                     LEFT JOIN "file" a ON a."id" = u."avatarId"
                                     WHERE m."groupId" = ? ORDER BY m."id" LIMIT ? OFFSET ?)";
  std::vector<User> users;
  db.query(
      sql,
      [&](RowReader& row) {
        users.push_back(read_user(row));
        users.back().avatar = maybe_read_file(row);
      },
      group_id, limit, skip);
  return users;
}

std::vector<GroupWithRole> groups_with_roles(Driver& db, std::int64_t user_id) {
  static const std::string sql = R"(SELECT m."userRole", )" + group_columns("g", "c") +
                                 R"( FROM "group_conversation" m
                                     JOIN "group" g ON g."id" = m."groupId"
                                     LEFT JOIN "file" c ON c."id" = g."coverId"
                                     WHERE m."userId" = ? ORDER BY m."id")";
  std::vector<GroupWithRole> groups;
  db.query(
      sql,
      [&](RowReader& row) {
        const Role role = static_cast<Role>(row.int64());
        groups.push_back({read_group(row), role});
      },
      user_id);
  return groups;
}

}  // namespace coterie::storage
