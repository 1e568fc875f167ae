// Driver over one connection to PostgreSQL: statements kept prepared, values bound.
//
// The session speaks UTF-8 and UTC; "?" becomes "$1", "$2", … outside of quotes. Times are
// TIMESTAMPTZ(3). PostgreSQL has no text with a NUL in it: U+FFFD stands for one. The server itself
// ends a statement that takes too long; one that has gone silent is given up a little later. A
// connection belongs to one thread at a time.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>

#include "storage/database_tls.hpp"
#include "storage/driver.hpp"

struct pg_conn;
struct pg_result;

namespace coterie::storage {

class PostgresDriver final : public Driver {
 public:
  struct Settings {
    std::string host;
    unsigned short port = 5432;
    std::string user;
    std::string password;
    std::string database;
    // How long one statement may take; 0: as long as it takes.
    std::chrono::seconds answer_timeout{30};
    DatabaseTls tls = {};
  };

  // Connects; throws DriverFailure.
  explicit PostgresDriver(const Settings& settings);

  void execute(std::string_view sql, std::span<const Value> values, const OnRow& on_row) override;
  std::int64_t insert(std::string_view sql, std::span<const Value> values) override;
  void begin_write() override { command("BEGIN"); }
  void begin_snapshot() override { command("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"); }
  void commit() override;
  void rollback() noexcept override;
  Dialect dialect() const override { return Dialect::postgres; }
  bool is_broken() const override;

 private:
  struct Finish {
    void operator()(pg_conn* connection) const;
  };
  struct Clear {
    void operator()(pg_result* result) const;
  };
  using Outcome = std::unique_ptr<pg_result, Clear>;

  void connect(const char* const* keywords, const char* const* values);
  const std::string& prepare(std::string_view sql);
  Outcome command(const char* sql);
  Outcome answer(int was_sent);
  void await_answer(TimePoint last);
  void check(const pg_result* result);

  std::unique_ptr<pg_conn, Finish> connection_;
  const std::chrono::seconds answer_timeout_;
  bool is_silent_ = false;  // It owes an answer: whatever came next would be taken for that.
  std::map<std::string, std::string, std::less<>> statements_;  // Their names, by SQL.
};

// "SELECT $1, '?'" for "SELECT ?, '?'".
std::string numbered_parameters(std::string_view sql);
// "2026-11-24 14:56:29.286+00", with any number of digits behind the second; WallTime() for what
// is no such text.
WallTime parse_timestamp(std::string_view text);

}  // namespace coterie::storage
