// Columns and keys of a MySQL table, added where they are missing.
//
// Every call looks into information_schema first and may be repeated. Names are ours, not a user's.
// Inside of migrations only; throws DriverFailure.
// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include "storage/driver.hpp"

namespace coterie::storage {

bool has_column(Driver& db, std::string_view table, std::string_view column);
bool has_key(Driver& db, std::string_view table, std::string_view key);

void add_column(Driver& db, std::string_view table, std::string_view column,
                std::string_view definition);
// `columns` as in SQL: R"("userId", "groupId")".
void add_key(Driver& db, std::string_view table, std::string_view key, std::string_view columns);
void add_unique_key(Driver& db, std::string_view table, std::string_view key,
                    std::string_view columns);
// From `column` to the "id" of `target`, unless the table holds rows whose target is gone: those
// are kept, and the key is left out.
void add_foreign_key(Driver& db, std::string_view table, std::string_view key,
                     std::string_view column, std::string_view target);

}  // namespace coterie::storage
