// Driver over one SQLite connection: WAL, foreign keys on, statements kept prepared.
//
// Times are INTEGER milliseconds since 1970 in UTC. A connection belongs to one thread at a time.
// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <memory>
#include <string>

#include "storage/driver.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace coterie::storage {

class SqliteDriver final : public Driver {
 public:
  // How far a commit has got when it returns: onto the disk, or to the operating system.
  enum class Durability { full, normal };

  // Throws DriverFailure.
  SqliteDriver(const std::string& path, Durability durability);
  ~SqliteDriver() override;
  SqliteDriver(const SqliteDriver&) = delete;
  SqliteDriver& operator=(const SqliteDriver&) = delete;

  void execute(std::string_view sql, std::span<const Value> values, const OnRow& on_row) override;
  std::int64_t insert(std::string_view sql, std::span<const Value> values) override;
  void begin_write() override { run("BEGIN IMMEDIATE"); }
  void begin_snapshot() override { run("BEGIN"); }
  void commit() override { run("COMMIT"); }
  void rollback() noexcept override;
  Dialect dialect() const override { return Dialect::sqlite; }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

  void use_wal();
  sqlite3_stmt* prepare(std::string_view sql);
  void bind(sqlite3_stmt* statement, int index, const Value& value);
  [[noreturn]] void fail(int code);

  sqlite3* handle_ = nullptr;
  std::map<std::string, Statement, std::less<>> statements_;
};

}  // namespace coterie::storage
