// SPDX-License-Identifier: MIT
#include "storage/adoption.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <utility>

#include "storage/catalog.hpp"
#include "storage/tables.hpp"

namespace coterie::storage {

namespace {

struct Index {
  std::string_view table;
  std::string_view name;
  std::string_view columns;  // "userId,groupId"
  bool is_unique = true;
};

constexpr std::array indexes{
    Index{"user", "user_username", "username"},
    Index{"user", "user_email", "email"},
    Index{"user", "user_avatar", "avatarId"},
    Index{"file", "file_path", "path"},
    Index{"group", "group_invite_code", "inviteCode"},
    Index{"group", "group_cover", "coverId"},
    Index{"group_conversation", "group_conversation_member", "userId,groupId"},
    Index{"group_conversation", "group_conversation_group", "groupId", false},
    Index{"group_message", "group_message_group", "groupId,id", false},
    Index{"group_message", "group_message_cover", "coverId"},
    Index{"group_message", "group_message_file", "fileId"},
};

constexpr std::string_view membership = "group_conversation_member";

// What that system did not know; columns of later migrations come with those.
constexpr std::array unknown_to_seed{"isAdmin", "width", "height", "thumbnail", "lastSeq", "seq"};

// Quotes each of "a,b" as `"a", "b"`.
std::string quoted(std::string_view columns) {
  std::string text = "\"";
  for (const char c : columns) text += c == ',' ? std::string("\", \"") : std::string(1, c);
  return text + "\"";
}

std::string spaced(std::string_view columns) {
  std::string text(columns);
  for (auto at = text.find(','); at != std::string::npos; at = text.find(',', at + 2)) {
    text.insert(at + 1, " ");
  }
  return text;
}

std::int64_t count(Driver& db, const std::string& sql) {
  return db.query_one(sql, [](RowReader& row) { return row.int64(); }).value_or(0);
}

// The first column of a result.
std::set<std::string, std::less<>> texts(Driver& db, std::string_view sql, std::string_view table) {
  std::set<std::string, std::less<>> found;
  db.query(sql, [&](RowReader& row) { found.insert(row.text()); }, table);
  return found;
}

class Plan {
 public:
  explicit Plan(Driver& db) : db_(db) {}

  Result<Adoption> make() {
    for (const Table& table : chat_tables()) {
      if (auto checked = check_columns(table); !checked) return checked.error();
      find_orphans(table);
    }
    if (!columns_of("user").contains("isAdmin")) {
      step("add a column to user: isAdmin",
           {R"(ALTER TABLE "user" ADD COLUMN "isAdmin" TINYINT NULL)"});
    }
    for (const Index& index : indexes) add_index(index);
    find_same_names("user", "username");
    find_same_names("user", "email");
    find_shared_ids();
    find_time_zone();
    return std::move(plan_);
  }

 private:
  void step(std::string what, std::vector<std::string> statements) {
    plan_.steps.push_back({std::move(what), std::move(statements)});
  }
  template <class... Values>
  void found(fmt::format_string<Values...> format, Values&&... values) {
    plan_.found.push_back(fmt::format(format, std::forward<Values>(values)...));
  }

  std::set<std::string, std::less<>> columns_of(std::string_view table) {
    return texts(db_,
                 "SELECT column_name FROM information_schema.columns "
                 "WHERE table_schema = DATABASE() AND table_name = ?",
                 table);
  }

  // All that is needed is there; and whether there is null where we expect none.
  Result<void> check_columns(const Table& table) {
    const auto names = columns_of(table.name);
    const auto nullable =
        texts(db_,
              "SELECT column_name FROM information_schema.columns "
              "WHERE table_schema = DATABASE() AND table_name = ? AND is_nullable = 'YES'",
              table.name);
    for (const Column& column : table.columns) {
      if (std::ranges::find(unknown_to_seed, column.name) != unknown_to_seed.end()) continue;
      if (!names.contains(column.name)) {
        return Error("not_adoptable",
                     fmt::format("the table {} has no column {}: this is not a database that could "
                                 "be adopted",
                                 table.name, column.name));
      }
      if (column.is_nullable || !nullable.contains(column.name)) continue;
      const auto rows = count(db_, fmt::format(R"(SELECT COUNT(*) FROM "{}" WHERE "{}" IS NULL)",
                                               table.name, column.name));
      if (rows > 0) {
        found("{}: {} is null in {} rows, where there should be none; they stay", table.name,
              column.name, rows);
      }
    }
    return {};
  }

  // Only where the database itself did not watch over what is referred to.
  void find_orphans(const Table& table) {
    const auto watched =
        texts(db_,
              "SELECT column_name FROM information_schema.key_column_usage WHERE table_schema = "
              "DATABASE() AND table_name = ? AND referenced_table_name IS NOT NULL",
              table.name);
    for (const Column& column : table.columns) {
      if (column.references.empty() || watched.contains(column.name)) continue;
      const auto rows =
          count(db_, fmt::format(R"(SELECT COUNT(*) FROM "{0}" t WHERE t."{1}" IS NOT NULL AND )"
                                 R"(NOT EXISTS (SELECT 1 FROM "{2}" r WHERE r."id" = t."{1}"))",
                                 table.name, column.name, column.references));
      if (rows > 0) {
        found("{}: {} rows refer by {} to a {} that is not there; they stay, and nobody sees them",
              table.name, rows, column.name, column.references);
      }
    }
  }

  // What has these columns in this order; an index that is not unique may go on behind them.
  bool has_index(const Index& index) {
    const auto there =
        texts(db_,
              "SELECT CONCAT(MIN(non_unique), GROUP_CONCAT(column_name ORDER BY seq_in_index)) "
              "FROM information_schema.statistics "
              "WHERE table_schema = DATABASE() AND table_name = ? GROUP BY index_name",
              index.table);
    return std::ranges::any_of(there, [&](std::string_view each) {
      const std::string_view columns = each.substr(1);
      if (index.is_unique) return each.front() == '0' && columns == index.columns;
      return (std::string(columns) + ",").starts_with(std::string(index.columns) + ",");
    });
  }

  void add_index(const Index& index) {
    if (has_index(index)) return;
    if (index.name == membership) {
      merge_memberships();
    } else if (const auto values = index.is_unique ? count_twice(index) : 0; values > 0) {
      found(
          "{}: {} values of {} are there more than once; they stay, and nothing keeps more from "
          "coming",
          index.table, values, spaced(index.columns));
      return;
    }
    step(fmt::format("add {} to {}: {}", index.is_unique ? "a unique index" : "an index",
                     index.table, spaced(index.columns)),
         {fmt::format(R"(CREATE {}INDEX "{}" ON "{}" ({}))", index.is_unique ? "UNIQUE " : "",
                      index.name, index.table, quoted(index.columns))});
  }

  std::int64_t count_twice(const Index& index) {
    return count(db_, fmt::format(R"(SELECT COUNT(*) FROM (SELECT 1 FROM "{0}" WHERE {1} IS NOT NULL
                                     GROUP BY {1} HAVING COUNT(*) > 1) d)",
                                  index.table, quoted(index.columns)));
  }

  // Two requests to join at once have made two rows. The lowest id stays; it is an owner's when any
  // of them is, and has read what any of them has.
  void merge_memberships() {
    std::int64_t pairs = 0;
    std::int64_t rows = 0;
    db_.query(R"(SELECT COUNT(*), COALESCE(SUM(d."n" - 1), 0) FROM (SELECT COUNT(*) AS "n"
                 FROM "group_conversation" GROUP BY "userId", "groupId" HAVING COUNT(*) > 1) d)",
              [&](RowReader& row) {
                pairs = row.int64();
                rows = row.int64();
              });
    if (pairs == 0) return;
    step(fmt::format("merge {} memberships that are there more than once: {} rows become part of "
                     "others",
                     pairs, rows),
         {R"(UPDATE "group_conversation" c JOIN
               (SELECT "userId", "groupId", MIN("id") AS "first",
                  MIN(CAST("userRole" AS CHAR)) AS "role", MAX("lastMsgId") AS "mark",
                  MAX("updateAt") AS "at"
                FROM "group_conversation" GROUP BY "userId", "groupId" HAVING COUNT(*) > 1) d
               ON c."userId" = d."userId" AND c."groupId" = d."groupId" AND c."id" = d."first"
             SET c."userRole" = d."role", c."lastMsgId" = d."mark", c."updateAt" = d."at")",
          R"(DELETE c FROM "group_conversation" c JOIN
               (SELECT "userId", "groupId", MIN("id") AS "first"
                FROM "group_conversation" GROUP BY "userId", "groupId" HAVING COUNT(*) > 1) d
               ON c."userId" = d."userId" AND c."groupId" = d."groupId" AND c."id" <> d."first")"});
  }

  void find_same_names(std::string_view table, std::string_view column) {
    const auto names =
        count(db_, fmt::format(R"(SELECT COUNT(*) FROM (SELECT 1 FROM "{0}" GROUP BY LOWER("{1}")
                                  HAVING COUNT(DISTINCT BINARY "{1}") > 1) d)",
                               table, column));
    if (names > 0) {
      found("{}: {} values of {} differ only by case; they stay, and each logs in as it is written",
            table, names, column);
    }
  }

  // Its key is (id, userId, groupId), so nothing kept one id from being given twice.
  void find_shared_ids() {
    const auto ids =
        count(db_, R"(SELECT COUNT(*) - COUNT(DISTINCT "id") FROM "group_conversation")");
    if (ids > 0) {
      found(
          "group_conversation: {} rows share their id with another; they stay, but cannot be "
          "moved to another database",
          ids);
    }
  }

  void find_time_zone() {
    const auto minutes =
        count(db_,
              "SELECT COALESCE(TIMESTAMPDIFF(MINUTE, UTC_TIMESTAMP(), CONVERT_TZ(UTC_TIMESTAMP(), "
              "'+00:00', @@global.time_zone)), 0)");
    if (minutes != 0) {
      found(
          "the database's time zone is {} minutes from UTC, but times are read as UTC: see "
          "docs/moving.md",
          minutes);
    }
  }

  Driver& db_;
  Adoption plan_;
};

}  // namespace

bool is_seed_database(Driver& db) {
  return db.dialect() == Dialect::mysql &&
         std::ranges::all_of(chat_tables(),
                             [&](const Table& table) { return has_table(db, table.name); });
}

Result<Adoption> plan_adoption(Driver& db) {
  return Plan(db).make();
}

}  // namespace coterie::storage
