// The databases that the storage tests run against: SQLite always, and the servers that the
// environment names: COTERIE_TEST_MYSQL and COTERIE_TEST_POSTGRES, "HOST PORT USER PASSWORD".
// SPDX-License-Identifier: MIT
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <ostream>
#include <sstream>
#include <string>
#include <vector>

#include "base/blocking.hpp"
#include "storage/database.hpp"
#include "storage/mysql_driver.hpp"
#include "storage/postgres_driver.hpp"
#include "storage/sqlite_driver.hpp"
#include "support/temp_folder.hpp"

namespace coterie::tests {

struct Engine {
  std::string name;
  storage::Dialect dialect;
  // An empty database called `database`, the same for the same folder; what it needs on the disk
  // may go into `folder`.
  std::function<storage::Database::Connect(const TempFolder& folder, const std::string& database)>
      connect;
  // A connection to the server itself, which counts as away when it takes longer than this.
  std::function<std::unique_ptr<storage::Driver>(std::chrono::seconds answer_timeout)> visit = {};
};

inline void PrintTo(const Engine& engine, std::ostream* stream) {
  *stream << engine.name;
}

// One engine's server: every test has a database of its own there, named after its folder.
template <class ServerDriver>
Engine server_engine(const std::string& name, storage::Dialect dialect, const char* place,
                     const char* first_database) {
  typename ServerDriver::Settings settings;
  std::istringstream words(place);
  words >> settings.host >> settings.port >> settings.user >> settings.password;
  return {
      name, dialect,
      [settings, first_database](const TempFolder& folder, const std::string& database) {
        auto own = settings;
        own.database =
            database + "_" + std::filesystem::path(folder / "").parent_path().filename().string();
        const AllowBlocking blocking;
        auto first = settings;
        first.database = first_database;
        try {
          ServerDriver(first).run(fmt::format("CREATE DATABASE \"{}\"", own.database));
        } catch (const storage::DriverFailure&) {
          // It is there already: asked for a second time in this test.
        }
        return storage::Database::Connect([own] { return std::make_unique<ServerDriver>(own); });
      },
      [settings, first_database](std::chrono::seconds answer_timeout) {
        auto first = settings;
        first.database = first_database;
        first.answer_timeout = answer_timeout;
        return std::make_unique<ServerDriver>(first);
      }};
}

inline std::vector<Engine> engines() {
  using storage::Dialect;
  using storage::SqliteDriver;
  std::vector<Engine> all{
      {"Sqlite", Dialect::sqlite, [](const TempFolder& folder, const std::string& database) {
         return [path = folder / (database + ".db")] {
           return std::make_unique<SqliteDriver>(path, SqliteDriver::Durability::normal);
         };
       }}};
  if (const char* place = std::getenv("COTERIE_TEST_MYSQL")) {
    all.push_back(server_engine<storage::MysqlDriver>("Mysql", Dialect::mysql, place, "mysql"));
  }
  if (const char* place = std::getenv("COTERIE_TEST_POSTGRES")) {
    all.push_back(
        server_engine<storage::PostgresDriver>("Postgres", Dialect::postgres, place, "postgres"));
  }
  return all;
}

// Those of them that can go away.
inline std::vector<Engine> servers() {
  std::vector<Engine> all = engines();
  std::erase_if(all, [](const Engine& engine) { return !engine.visit; });
  return all;
}

inline std::string engine_name(const testing::TestParamInfo<Engine>& info) {
  return info.param.name;
}

}  // namespace coterie::tests
