// SPDX-License-Identifier: MIT
#include "storage/sqlite_driver.hpp"

#include <sqlite3.h>

#include <chrono>
#include <thread>

#include "base/blocking.hpp"
#include "base/check.hpp"

namespace coterie::storage {

namespace {

constexpr int busy_timeout_ms = 10'000;

class SqliteRow final : public Row {
 public:
  explicit SqliteRow(sqlite3_stmt* statement) : statement_(statement) {}

  bool is_null(int column) const override {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
  }
  std::int64_t int64(int column) const override { return sqlite3_column_int64(statement_, column); }
  std::string text(int column) const override {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    return bytes ? std::string(bytes,
                               static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)))
                 : std::string();
  }
  WallTime time(int column) const override {
    return WallTime(std::chrono::milliseconds(int64(column)));
  }

 private:
  sqlite3_stmt* statement_;
};

// A statement that was stepped is reset on every way out, or it would hold its transaction open.
class Reset {
 public:
  explicit Reset(sqlite3_stmt* statement) : statement_(statement) {}
  ~Reset() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }
  Reset(const Reset&) = delete;
  Reset& operator=(const Reset&) = delete;

 private:
  sqlite3_stmt* statement_;
};

}  // namespace

void SqliteDriver::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

SqliteDriver::SqliteDriver(const std::string& path, Durability durability) {
  COTERIE_CHECK(may_block());
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  if (const int code = sqlite3_open_v2(path.c_str(), &handle_, flags, nullptr)) {
    const std::string reason = handle_ ? sqlite3_errmsg(handle_) : sqlite3_errstr(code);
    sqlite3_close_v2(handle_);
    throw DriverFailure(Error("storage_failed", path + ": " + reason));
  }
  try {
    sqlite3_extended_result_codes(handle_, 1);
    sqlite3_busy_timeout(handle_, busy_timeout_ms);
    use_wal();
    run(durability == Durability::full ? "PRAGMA synchronous = FULL"
                                       : "PRAGMA synchronous = NORMAL");
    run("PRAGMA foreign_keys = ON");
  } catch (...) {
    statements_.clear();
    sqlite3_close_v2(handle_);
    throw;
  }
}

// A new file is changed to WAL by whoever comes first. Others who come at this very moment are told
// at once that it is locked, busy_timeout or not, since two who waited here could wait for each
// other.
void SqliteDriver::use_wal() {
  constexpr auto pause = std::chrono::milliseconds(5);
  for (int left = busy_timeout_ms / static_cast<int>(pause.count());; --left) {
    try {
      return run("PRAGMA journal_mode = WAL");
    } catch (const DriverFailure& failure) {
      if (failure.error().code != "storage_busy" || left == 0) throw;
    }
    std::this_thread::sleep_for(pause);
  }
}

SqliteDriver::~SqliteDriver() {
  statements_.clear();
  sqlite3_close_v2(handle_);
}

void SqliteDriver::execute(std::string_view sql, std::span<const Value> values,
                           const OnRow& on_row) {
  COTERIE_CHECK(may_block());
  sqlite3_stmt* statement = prepare(sql);
  const Reset reset(statement);
  for (std::size_t i = 0; i < values.size(); ++i) {
    bind(statement, static_cast<int>(i) + 1, values[i]);
  }
  for (;;) {
    const int code = sqlite3_step(statement);
    if (code == SQLITE_DONE) return;
    if (code != SQLITE_ROW) fail(code);
    if (on_row) on_row(SqliteRow(statement));
  }
}

sqlite3_stmt* SqliteDriver::prepare(std::string_view sql) {
  const auto found = statements_.find(sql);
  if (found != statements_.end()) return found->second.get();
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  if (code != SQLITE_OK) fail(code);
  return statements_.emplace(std::string(sql), Statement(raw)).first->second.get();
}

void SqliteDriver::bind(sqlite3_stmt* statement, int index, const Value& value) {
  const int code = std::visit(
      [&]<class T>(const T& bound) {
        if constexpr (std::is_same_v<T, std::int64_t>) {
          return sqlite3_bind_int64(statement, index, bound);
        } else if constexpr (std::is_same_v<T, std::string_view>) {
          return sqlite3_bind_text64(statement, index, bound.data(), bound.size(), SQLITE_STATIC,
                                     SQLITE_UTF8);
        } else if constexpr (std::is_same_v<T, WallTime>) {
          return sqlite3_bind_int64(statement, index, bound.time_since_epoch().count());
        } else {
          return sqlite3_bind_null(statement, index);
        }
      },
      value.get());
  if (code != SQLITE_OK) fail(code);
}

void SqliteDriver::fail(int code) {
  const std::string reason = sqlite3_errmsg(handle_);
  switch (code) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
      throw DriverFailure(Error("unique_violation", reason));
    case SQLITE_CONSTRAINT_FOREIGNKEY:
      throw DriverFailure(Error("foreign_key_violation", reason));
    default:
      break;
  }
  switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      throw DriverFailure(Error("storage_busy", reason));
    case SQLITE_FULL:
      throw DriverFailure(Error("storage_full", reason));
    default:
      throw DriverFailure(Error("storage_failed", reason));
  }
}

void SqliteDriver::rollback() noexcept {
  // Some failures have rolled back by themselves: that this one then fails says nothing new.
  sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
}

std::int64_t SqliteDriver::insert(std::string_view sql, std::span<const Value> values) {
  execute(sql, values, {});
  return sqlite3_last_insert_rowid(handle_);
}

}  // namespace coterie::storage
