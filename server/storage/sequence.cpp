// SPDX-License-Identifier: MIT
#include "storage/sequence.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/log.hpp"
#include "storage/rows_by_id.hpp"

namespace coterie::storage {

namespace {

// A transaction's: some milliseconds on every engine, so that those who send meanwhile hardly wait,
// and little to do again when it is undone.
constexpr std::int64_t range_rows = 10'000;
// Where nobody else can know of numbers yet: each transaction touches most groups, so they are
// locked and advanced for ten times as many messages.
constexpr std::int64_t range_rows_alone = 100'000;
constexpr std::int64_t rows_per_report = 500'000;

std::int64_t number(RowReader& row) {
  return row.int64();
}

// One look into an index for each group: asked with EXISTS, MariaDB would read all messages.
bool has_unnumbered(Driver& db) {
  const auto found = db.query_one(
      R"(SELECT MAX(p."found") FROM (SELECT (SELECT m."id" FROM "group_message" m
           WHERE m."groupId" = g."id" AND m."seq" IS NULL LIMIT 1) AS "found" FROM "group" g) p)",
      [](RowReader& row) { return row.maybe_int64(); });
  return found.value_or(std::nullopt).has_value();
}

// Where a range ends that begins behind an id; nullopt: there is nothing behind it.
std::optional<std::int64_t> end_of_range(Driver& db, std::int64_t after, std::int64_t rows) {
  const auto end = db.query_one(
      R"(SELECT MAX(p."id") FROM (SELECT "id" FROM "group_message" WHERE "id" > ?
                        ORDER BY "id" LIMIT ?) p)",
      [](RowReader& row) { return row.maybe_int64(); }, after, rows);
  return end.value_or(std::nullopt);
}

std::int64_t count_unnumbered(Driver& db, std::int64_t after, std::int64_t end) {
  return db
      .query_one(R"(SELECT COUNT(*) FROM "group_message" m JOIN "group" g ON g."id" = m."groupId"
                    WHERE m."id" > ? AND m."id" <= ? AND m."seq" IS NULL)",
                 number, after, end)
      .value_or(0);
}

// A transaction of SQLite that writes is alone by itself.
void lock_groups(Driver& db, std::int64_t after, std::int64_t end) {
  if (db.dialect() == Dialect::sqlite) return;
  db.run(R"(SELECT g."id" FROM "group" g WHERE g."id" IN (SELECT m."groupId"
              FROM "group_message" m WHERE m."id" > ? AND m."id" <= ? AND m."seq" IS NULL)
            ORDER BY g."id" FOR UPDATE)",
         after, end);
}

// MySQL would take the change of a number for one of the message, and set its "updateAt". Told to
// begin with "t", it writes each row where it finds it; otherwise it would collect them all first.
constexpr std::string_view number_mysql = R"(UPDATE "group_message" t STRAIGHT_JOIN
    (SELECT m."id", COALESCE(g."lastSeq", 0) + ROW_NUMBER() OVER
       (PARTITION BY m."groupId" ORDER BY m."id") AS "next"
     FROM "group_message" m JOIN "group" g ON g."id" = m."groupId"
     WHERE m."id" > ? AND m."id" <= ? AND m."seq" IS NULL) r ON r."id" = t."id"
  SET t."seq" = r."next", t."updateAt" = t."updateAt" WHERE t."id" > ? AND t."id" <= ?)";
constexpr std::string_view advance_mysql = R"(UPDATE "group" t JOIN
    (SELECT "groupId", MAX("seq") AS "last" FROM "group_message" WHERE "id" > ? AND "id" <= ?
     GROUP BY "groupId") r ON r."groupId" = t."id"
  SET t."lastSeq" = GREATEST(COALESCE(t."lastSeq", 0), r."last"), t."updateAt" = t."updateAt"
  WHERE r."last" IS NOT NULL)";

constexpr std::string_view number_others = R"(UPDATE "group_message" AS t SET "seq" = r."next" FROM
    (SELECT m."id", COALESCE(g."lastSeq", 0) + ROW_NUMBER() OVER
       (PARTITION BY m."groupId" ORDER BY m."id") AS "next"
     FROM "group_message" m JOIN "group" g ON g."id" = m."groupId"
     WHERE m."id" > ? AND m."id" <= ? AND m."seq" IS NULL) r
  WHERE r."id" = t."id" AND t."id" > ? AND t."id" <= ?)";
constexpr std::string_view advance_others = R"(UPDATE "group" AS t SET "lastSeq" = r."last" FROM
    (SELECT "groupId", MAX("seq") AS "last" FROM "group_message" WHERE "id" > ? AND "id" <= ?
     GROUP BY "groupId") r
  WHERE r."groupId" = t."id" AND r."last" > COALESCE(t."lastSeq", 0))";

// Returns how many there were to number.
std::int64_t number_range(Driver& db, std::int64_t after, std::int64_t end) {
  lock_groups(db, after, end);
  const std::int64_t count = count_unnumbered(db, after, end);
  if (count == 0) return 0;
  const bool is_mysql = db.dialect() == Dialect::mysql;
  db.run(is_mysql ? number_mysql : number_others, after, end, after, end);
  db.run(is_mysql ? advance_mysql : advance_others, after, end);
  return count;
}

struct Range {
  std::int64_t end;  // The last id.
  std::int64_t count;
};

// In the transaction that is open; nullopt: there is nothing behind `after`.
std::optional<Range> number_range_behind(Driver& db, std::int64_t after, std::int64_t rows) {
  const auto end = end_of_range(db, after, rows);
  if (!end) return std::nullopt;
  return Range{*end, number_range(db, after, *end)};
}

}  // namespace

std::int64_t advance_sequence(Driver& db, std::int64_t group_id, std::int64_t count) {
  std::int64_t last = 0;
  if (db.dialect() == Dialect::mysql) {
    // What is handed to LAST_INSERT_ID is the answer of the statement, for want of a RETURNING.
    last = db.insert_row(R"(UPDATE "group" SET "updateAt" = "updateAt",
                              "lastSeq" = LAST_INSERT_ID(COALESCE("lastSeq", 0) + ?)
                            WHERE "id" = ?)",
                         count, group_id);
  } else {
    last = db.query_one(R"(UPDATE "group" SET "lastSeq" = COALESCE("lastSeq", 0) + ?
                           WHERE "id" = ? RETURNING "lastSeq")",
                        number, count, group_id)
               .value_or(0);
  }
  if (last == 0) throw DriverFailure(Error("foreign_key_violation", "there is no such group"));
  return last;
}

std::vector<std::int64_t> last_seqs(Driver& db, std::span<const std::int64_t> group_ids) {
  static const RowsById select(R"(SELECT "id", COALESCE("lastSeq", 0) FROM "group" WHERE "id" IN)");
  std::unordered_map<std::int64_t, std::int64_t> found;
  select.find(db, group_ids, [&](const Row& row) { found[row.int64(0)] = row.int64(1); });
  std::vector<std::int64_t> seqs;
  seqs.reserve(group_ids.size());
  for (const std::int64_t id : group_ids) seqs.push_back(found[id]);  // 0: there is no such group.
  return seqs;
}

Result<std::int64_t> number_messages(Database& database,
                                     const std::function<void(std::int64_t)>& report) {
  const auto is_needed =
      database.read([](Driver& db) -> Result<bool> { return has_unnumbered(db); });
  if (!is_needed) return is_needed.error();
  if (!*is_needed) return 0;
  std::int64_t numbered = 0;
  std::int64_t after = 0;
  for (std::int64_t ranges = 1;; ++ranges) {
    const auto range = database.write([&](Driver& db) -> Result<std::optional<Range>> {
      return number_range_behind(db, after, range_rows);
    });
    if (!range) return range.error();
    if (!*range) return numbered;
    numbered += (*range)->count;
    after = (*range)->end;
    if (ranges % (rows_per_report / range_rows) == 0) report(numbered);
  }
}

void number_before_key(Driver& db) {
  std::int64_t numbered = 0;
  std::int64_t after = 0;
  for (std::int64_t ranges = 1;; ++ranges) {
    db.begin_write();
    const auto range = number_range_behind(db, after, range_rows_alone);
    db.commit();
    if (!range) return;
    numbered += range->count;
    after = range->end;
    if (ranges == 1 || ranges % (rows_per_report / range_rows_alone) == 0) {
      log::info("numbering messages: {} so far", numbered);
    }
  }
}

}  // namespace coterie::storage
