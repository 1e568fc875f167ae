// The databases that the storage tests run against: another engine is one more row.
// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "storage/database.hpp"
#include "storage/sqlite_driver.hpp"
#include "support/temp_folder.hpp"

namespace coterie::tests {

struct Engine {
  std::string name;
  // An empty database called `database`; what it needs on the disk may go into `folder`.
  std::function<storage::Database::Connect(const TempFolder& folder, const std::string& database)>
      connect;
};

inline void PrintTo(const Engine& engine, std::ostream* stream) {
  *stream << engine.name;
}

inline std::vector<Engine> engines() {
  using storage::SqliteDriver;
  return {{"Sqlite", [](const TempFolder& folder, const std::string& database) {
             return [path = folder / (database + ".db")] {
               return std::make_unique<SqliteDriver>(path, SqliteDriver::Durability::normal);
             };
           }}};
}

inline std::string engine_name(const testing::TestParamInfo<Engine>& info) {
  return info.param.name;
}

}  // namespace coterie::tests
