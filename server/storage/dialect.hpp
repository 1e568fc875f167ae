// What differs between the engines, as data: which one it is, and what the rules of SQL above the
// drivers must know of it.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>

namespace coterie::storage {

enum class Dialect : std::uint8_t { sqlite, mysql, postgres };

// "SQLite", "MySQL" (MariaDB, too), "PostgreSQL": for logs.
constexpr std::string_view name_of(Dialect dialect) {
  switch (dialect) {
    case Dialect::sqlite:
      return "SQLite";
    case Dialect::mysql:
      return "MySQL";
    case Dialect::postgres:
      break;
  }
  return "PostgreSQL";
}

}  // namespace coterie::storage
