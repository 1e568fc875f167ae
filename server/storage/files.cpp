// SPDX-License-Identifier: MIT
#include "storage/files.hpp"

#include <fmt/format.h>

#include "storage/rows_by_id.hpp"

namespace coterie::storage {

namespace {

constexpr int column_count = 10;

// A file is in use as an avatar, as a group's cover, or in a message; each of these columns has an
// index of its own.
constexpr std::string_view is_unused =
    R"(NOT EXISTS (SELECT 1 FROM "user" u WHERE u."avatarId" = f."id")
       AND NOT EXISTS (SELECT 1 FROM "group" g WHERE g."coverId" = f."id")
       AND NOT EXISTS (SELECT 1 FROM "group_message" m WHERE m."fileId" = f."id")
       AND NOT EXISTS (SELECT 1 FROM "group_message" m WHERE m."coverId" = f."id"))";

}  // namespace

std::string file_columns(std::string_view alias) {
  return fmt::format(R"({0}."id", {0}."createAt", {0}."updateAt", {0}."path", {0}."type", )"
                     R"({0}."url", {0}."createById", {0}."width", {0}."height", {0}."thumbnail")",
                     alias);
}

File read_file(RowReader& row) {
  File file;
  file.id = row.int64();
  file.create_at = row.time();
  file.update_at = row.time();
  file.path = row.text();
  file.type = row.text();
  file.url = row.text();
  file.create_by_id = row.int64();
  file.width = row.maybe_int64();
  file.height = row.maybe_int64();
  file.thumbnail = row.maybe_text();
  return file;
}

std::optional<File> maybe_read_file(RowReader& row) {
  if (!row.next_is_null()) return read_file(row);
  row.skip(column_count);
  return std::nullopt;
}

void insert_file(Driver& db, File& file) {
  file.id = db.insert_row(R"(INSERT INTO "file" ("createAt", "updateAt", "path", "type", "url",
                               "createById", "width", "height", "thumbnail")
                             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?))",
                          file.create_at, file.update_at, file.path, file.type, file.url,
                          file.create_by_id, file.width, file.height, file.thumbnail);
}

std::optional<File> find_file(Driver& db, std::int64_t id) {
  static const std::string sql =
      "SELECT " + file_columns("f") + R"( FROM "file" f WHERE f."id" = ?)";
  return db.query_one(sql, read_file, id);
}

FilesById find_files(Driver& db, std::span<const std::int64_t> ids) {
  static const RowsById select("SELECT " + file_columns("f") + R"( FROM "file" f WHERE f."id" IN)");
  FilesById found;
  select.find(db, ids, [&](const Row& row) {
    RowReader reader(row);
    File file = read_file(reader);
    found.try_emplace(file.id, std::move(file));
  });
  return found;
}

void renew_file_url(Driver& db, std::int64_t id, std::string_view url, WallTime now) {
  db.run(R"(UPDATE "file" SET "url" = ?, "updateAt" = ? WHERE "id" = ?)", url, now, id);
}

bool file_path_exists(Driver& db, std::string_view path) {
  return db
      .query_one(
          R"(SELECT 1 FROM "file" WHERE "path" = ?)", [](RowReader& row) { return row.int64(); },
          path)
      .has_value();
}

std::optional<std::int64_t> last_file_of_page(Driver& db, std::int64_t after,
                                              std::int64_t page_size) {
  const auto last = db.query_one(
      R"(SELECT MAX(p."id") FROM
           (SELECT "id" FROM "file" WHERE "id" > ? ORDER BY "id" LIMIT ?) p)",
      [](RowReader& row) { return row.maybe_int64(); }, after, page_size);
  return last.value_or(std::nullopt);
}

std::vector<std::int64_t> unused_files(Driver& db, std::int64_t after, std::int64_t last,
                                       WallTime time) {
  static const std::string sql = fmt::format(R"(SELECT f."id" FROM "file" f
                     WHERE f."id" > ? AND f."id" <= ? AND f."createAt" < ? AND {}
                     ORDER BY f."id")",
                                             is_unused);
  std::vector<std::int64_t> ids;
  db.query(sql, [&](RowReader& row) { ids.push_back(row.int64()); }, after, last, time);
  return ids;
}

bool remove_unused_file(Driver& db, std::int64_t id, WallTime time) {
  static const std::string sql = fmt::format(
      R"(SELECT 1 FROM "file" f WHERE f."id" = ? AND f."createAt" < ? AND {})", is_unused);
  const auto found = db.query_one(sql, [](RowReader& row) { return row.int64(); }, id, time);
  if (!found) return false;
  db.run(R"(DELETE FROM "file" WHERE "id" = ?)", id);
  return true;
}

}  // namespace coterie::storage
