// The schema, step by step: numbered migrations, each run once, in one transaction (on MySQL, whose
// CREATE and ALTER commit by themselves: in steps that may be repeated when one broke off).
//
// Which have run is recorded in the table "migration". Safe to repeat, and to run from two
// processes at once. A database that a newer program has migrated is refused; one of the system
// before us is adopted in place of the first (storage/adoption).
// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/database.hpp"

namespace coterie::storage {

struct Migration {
  int number;
  std::string_view name;
  std::vector<std::string_view> statements;
  std::function<void(Driver&)> also = {};  // Behind them: what SQL alone cannot say.
};

// The chat's own tables, and those of the TTL store (SQLite).
const std::vector<Migration>& chat_migrations(Dialect dialect = Dialect::sqlite);
const std::vector<Migration>& ttl_migrations();

// Runs what is missing; returns the names of what was run. Errors: "schema_too_new", or the
// driver's.
Result<std::vector<std::string>> migrate(Database& database,
                                         const std::vector<Migration>& migrations, WallTime now);

// What migrate() would run and find, without changing anything.
Result<std::vector<std::string>> plan_migration(Database& database,
                                                const std::vector<Migration>& migrations);

}  // namespace coterie::storage
