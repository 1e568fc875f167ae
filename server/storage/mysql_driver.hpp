// Driver over one connection to MySQL or MariaDB: statements kept prepared, values bound.
//
// The session speaks utf8mb4 and UTC, takes "…" for names (ANSI_QUOTES) and refuses what does not
// fit (strict mode). Times are DATETIME(6). A connection belongs to one thread at a time.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>

#include "storage/database_tls.hpp"
#include "storage/driver.hpp"

struct st_mysql;
struct st_mysql_stmt;

namespace coterie::storage {

class MysqlDriver final : public Driver {
 public:
  struct Settings {
    std::string host;
    unsigned short port = 3306;
    std::string user;
    std::string password;
    std::string database;
    // How long one statement may take before the server counts as away.
    std::chrono::seconds answer_timeout{30};
    DatabaseTls tls = {};
  };

  // Connects; throws DriverFailure.
  explicit MysqlDriver(const Settings& settings);
  ~MysqlDriver() override;
  MysqlDriver(const MysqlDriver&) = delete;
  MysqlDriver& operator=(const MysqlDriver&) = delete;

  void execute(std::string_view sql, std::span<const Value> values, const OnRow& on_row) override;
  std::int64_t insert(std::string_view sql, std::span<const Value> values) override;
  void begin_write() override { command("START TRANSACTION"); }
  void begin_snapshot() override;
  void commit() override { command("COMMIT"); }
  void rollback() noexcept override;
  Dialect dialect() const override { return Dialect::mysql; }
  bool is_broken() const override { return is_broken_; }

 private:
  struct Close {
    void operator()(st_mysql_stmt* statement) const;
  };
  using Statement = std::unique_ptr<st_mysql_stmt, Close>;

  void set_options(const Settings& settings);
  st_mysql_stmt* run_prepared(std::string_view sql, std::span<const Value> values);
  st_mysql_stmt* prepare(std::string_view sql);
  void command(const char* sql);
  [[noreturn]] void fail(unsigned code, const std::string& reason);

  st_mysql* handle_ = nullptr;
  bool is_broken_ = false;
  std::map<std::string, Statement, std::less<>> statements_;
};

}  // namespace coterie::storage
