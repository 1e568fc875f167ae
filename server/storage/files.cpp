// SPDX-License-Identifier: MIT
#include "storage/files.hpp"

#include <fmt/format.h>

namespace coterie::storage {

namespace {

constexpr int column_count = 7;

}  // namespace

std::string file_columns(std::string_view alias) {
  return fmt::format(R"({0}."id", {0}."createAt", {0}."updateAt", {0}."path", {0}."type", )"
                     R"({0}."url", {0}."createById")",
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
  return file;
}

std::optional<File> maybe_read_file(RowReader& row) {
  if (!row.next_is_null()) return read_file(row);
  row.skip(column_count);
  return std::nullopt;
}

void insert_file(Driver& db, File& file) {
  file.id = db.insert_row(
      R"(INSERT INTO "file" ("createAt", "updateAt", "path", "type", "url", "createById")
            VALUES (?, ?, ?, ?, ?, ?))",
      file.create_at, file.update_at, file.path, file.type, file.url, file.create_by_id);
}

std::optional<File> find_file(Driver& db, std::int64_t id) {
  static const std::string sql =
      "SELECT " + file_columns("f") + R"( FROM "file" f WHERE f."id" = ?)";
  return db.query_one(sql, read_file, id);
}

bool file_path_exists(Driver& db, std::string_view path) {
  return db
      .query_one(
          R"(SELECT 1 FROM "file" WHERE "path" = ?)", [](RowReader& row) { return row.int64(); },
          path)
      .has_value();
}

}  // namespace coterie::storage
