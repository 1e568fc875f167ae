// SPDX-License-Identifier: MIT
#include "storage/census.hpp"

#include "storage/users.hpp"

namespace coterie::storage {

namespace {

std::int64_t number(Driver& db, std::string_view sql) {
  return db.query_one(sql, [](RowReader& row) { return row.int64(); }).value_or(0);
}

}  // namespace

Census take_census(Driver& db) {
  return {number(db, R"(SELECT COUNT(*) FROM "user")"),
          number(db, R"(SELECT COUNT(*) FROM "group")"),
          number(db, R"(SELECT COALESCE(MAX("id"), 0) FROM "group_message")")};
}

std::vector<User> newest_users(Driver& db, std::int64_t limit) {
  static const std::string sql =
      "SELECT " + user_columns("u") + R"( FROM "user" u ORDER BY u."id" DESC LIMIT ?)";
  std::vector<User> users;
  db.query(sql, [&](RowReader& row) { users.push_back(read_user(row)); }, limit);
  return users;
}

std::vector<GroupSize> newest_groups(Driver& db, std::int64_t limit) {
  constexpr std::string_view sql = R"(SELECT g."id", g."createAt", g."name", u."username",
      (SELECT COUNT(*) FROM "group_conversation" c WHERE c."groupId" = g."id")
    FROM "group" g JOIN "user" u ON u."id" = g."createById"
    ORDER BY g."id" DESC LIMIT ?)";
  std::vector<GroupSize> groups;
  const auto read = [&](RowReader& row) {
    GroupSize group;
    group.id = row.int64();
    group.create_at = row.time();
    group.name = row.text();
    group.owner = row.text();
    group.members = row.int64();
    groups.push_back(std::move(group));
  };
  db.query(sql, read, limit);
  return groups;
}

}  // namespace coterie::storage
