// SPDX-License-Identifier: MIT
#include "storage/catalog.hpp"

#include <fmt/format.h>

namespace coterie::storage {

namespace {

std::string_view table_query(Dialect dialect) {
  switch (dialect) {
    case Dialect::sqlite:
      return "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?";
    case Dialect::mysql:
      return "SELECT 1 FROM information_schema.tables "
             "WHERE table_schema = DATABASE() AND table_name = ?";
    case Dialect::postgres:
      break;
  }
  return "SELECT 1 FROM information_schema.tables "
         "WHERE table_schema = CURRENT_SCHEMA() AND table_name = ?";
}

}  // namespace

bool has_table(Driver& db, std::string_view table) {
  return db.query_one(
               table_query(db.dialect()), [](RowReader& row) { return row.int64(); }, table)
      .has_value();
}

void continue_ids(Driver& db, std::string_view table) {
  // AUTOINCREMENT and AUTO_INCREMENT look at every id that comes; a sequence does not.
  if (db.dialect() != Dialect::postgres) return;
  db.run(fmt::format(
      R"(SELECT setval(pg_get_serial_sequence('"{0}"', 'id'), COALESCE(MAX("id"), 0) + 1, false)
         FROM "{0}")",
      table));
}

}  // namespace coterie::storage
