// SPDX-License-Identifier: MIT
#include "storage/mysql_catalog.hpp"

#include <fmt/format.h>

#include "base/log.hpp"

namespace coterie::storage {

namespace {

std::int64_t number(RowReader& row) {
  return row.int64();
}

}  // namespace

bool has_column(Driver& db, std::string_view table, std::string_view column) {
  return db
      .query_one(R"(SELECT 1 FROM information_schema.columns
                    WHERE table_schema = DATABASE() AND table_name = ? AND column_name = ?)",
                 number, table, column)
      .has_value();
}

bool has_key(Driver& db, std::string_view table, std::string_view key) {
  return db
      .query_one(R"(SELECT 1 FROM information_schema.statistics
                    WHERE table_schema = DATABASE() AND table_name = ? AND index_name = ? LIMIT 1)",
                 number, table, key)
      .has_value();
}

void add_column(Driver& db, std::string_view table, std::string_view column,
                std::string_view definition) {
  if (has_column(db, table, column)) return;
  db.run(fmt::format(R"(ALTER TABLE "{}" ADD COLUMN "{}" {})", table, column, definition));
}

void add_key(Driver& db, std::string_view table, std::string_view key, std::string_view columns) {
  if (has_key(db, table, key)) return;
  db.run(fmt::format(R"(ALTER TABLE "{}" ADD KEY "{}" ({}))", table, key, columns));
}

void add_unique_key(Driver& db, std::string_view table, std::string_view key,
                    std::string_view columns) {
  if (has_key(db, table, key)) return;
  db.run(fmt::format(R"(ALTER TABLE "{}" ADD UNIQUE KEY "{}" ({}))", table, key, columns));
}

void add_foreign_key(Driver& db, std::string_view table, std::string_view key,
                     std::string_view column, std::string_view target) {
  const bool is_there = db.query_one(R"(SELECT 1 FROM information_schema.table_constraints
                      WHERE table_schema = DATABASE() AND table_name = ? AND constraint_name = ?)",
                                     number, table, key)
                            .has_value();
  if (is_there) return;
  const bool has_orphans =
      db.query_one(fmt::format(R"(SELECT 1 FROM "{0}" r LEFT JOIN "{2}" t ON t."id" = r."{1}"
                                  WHERE t."id" IS NULL AND r."{1}" IS NOT NULL LIMIT 1)",
                               table, column, target),
                   number)
          .has_value();
  if (has_orphans) {
    log::warn("some rows of {} belong to a {} that is gone: they are kept, without a foreign key",
              table, target);
    return;
  }
  db.run(fmt::format(R"(ALTER TABLE "{}" ADD CONSTRAINT "{}" FOREIGN KEY ("{}")
                        REFERENCES "{}" ("id"))",
                     table, key, column, target));
}

}  // namespace coterie::storage
