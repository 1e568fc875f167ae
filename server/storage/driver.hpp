// SEAM: one connection to a database: prepare, bind, step. SQLite, MySQL or MariaDB, PostgreSQL.
//
// SQL is written once, in what the engines share: double-quoted names, "?" for values. What is an
// enumeration in MySQL is bound as text ("0"), which the others take for a number as well. Inside
// this floor a failing driver throws DriverFailure; Database catches it, once, and makes it an
// Error. One thread at a time; blocks.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "storage/dialect.hpp"

namespace coterie::storage {

// The codes: "unique_violation", "foreign_key_violation", "storage_busy" (the transaction was
// undone in favour of another and may be run again), "storage_unavailable" (it is away, or the
// connection broke), "storage_refused" (it lets us not in), "storage_full", "storage_failed".
class DriverFailure : public std::runtime_error {
 public:
  explicit DriverFailure(Error error)
      : std::runtime_error(error.detail), error_(std::move(error)) {}
  const Error& error() const { return error_; }

 private:
  Error error_;
};

// What can be bound. Text is not copied: it must live until the call returns.
class Value {
 public:
  Value(std::nullptr_t) {}                            // NOLINT: values are written in place
  Value(bool value) : value_(std::int64_t{value}) {}  // NOLINT
  Value(int value) : value_(std::int64_t{value}) {}   // NOLINT
  Value(std::int64_t value) : value_(value) {}        // NOLINT
  Value(std::string_view value) : value_(value) {}    // NOLINT
  Value(const std::string& value) : value_(std::string_view(value)) {}  // NOLINT
  Value(const char* value) : value_(std::string_view(value)) {}         // NOLINT
  Value(WallTime value) : value_(value) {}                              // NOLINT
  template <class T>
  Value(const std::optional<T>& value) {  // NOLINT
    if (value) *this = Value(*value);
  }

  const auto& get() const { return value_; }

 private:
  std::variant<std::nullptr_t, std::int64_t, std::string_view, WallTime> value_;
};

// A row of a result, good for the call that got it. Columns count from 0.
class Row {
 public:
  virtual ~Row() = default;
  virtual bool is_null(int column) const = 0;
  virtual std::int64_t int64(int column) const = 0;
  virtual std::string text(int column) const = 0;
  virtual WallTime time(int column) const = 0;
};

// Reads a row's columns one after another.
class RowReader {
 public:
  explicit RowReader(const Row& row) : row_(row) {}

  std::int64_t int64() { return row_.int64(column_++); }
  std::string text() { return row_.text(column_++); }
  WallTime time() { return row_.time(column_++); }
  bool boolean() { return row_.int64(column_++) != 0; }
  std::optional<std::int64_t> maybe_int64() {
    const int column = column_++;
    return row_.is_null(column) ? std::nullopt : std::optional(row_.int64(column));
  }
  std::optional<std::string> maybe_text() {
    const int column = column_++;
    return row_.is_null(column) ? std::nullopt : std::optional(row_.text(column));
  }
  bool next_is_null() const { return row_.is_null(column_); }
  void skip(int columns) { column_ += columns; }

 private:
  const Row& row_;
  int column_ = 0;
};

class Driver {
 public:
  using OnRow = std::function<void(const Row&)>;

  virtual ~Driver() = default;
  // Runs one statement; on_row hears each row. Statements are prepared once and kept.
  virtual void execute(std::string_view sql, std::span<const Value> values,
                       const OnRow& on_row) = 0;
  // Inserts one row into a table with an "id", and returns that.
  virtual std::int64_t insert(std::string_view sql, std::span<const Value> values) = 0;
  virtual void begin_write() = 0;     // A transaction that will write.
  virtual void begin_snapshot() = 0;  // One that only reads: all rows are of one moment.
  virtual void commit() = 0;
  virtual void rollback() noexcept = 0;
  virtual Dialect dialect() const = 0;
  // The connection is of no use any more.
  virtual bool is_broken() const { return false; }

  template <class... Values>
  std::int64_t insert_row(std::string_view sql, const Values&... values) {
    const std::array<Value, sizeof...(Values)> bound{Value(values)...};
    return insert(sql, bound);
  }
  template <class... Values>
  void run(std::string_view sql, const Values&... values) {
    const std::array<Value, sizeof...(Values)> bound{Value(values)...};
    execute(sql, bound, {});
  }
  template <class Use, class... Values>
  void query(std::string_view sql, Use&& use, const Values&... values) {
    const std::array<Value, sizeof...(Values)> bound{Value(values)...};
    execute(sql, bound, [&use](const Row& row) {
      RowReader reader(row);
      use(reader);
    });
  }
  // The only row of a result, made by read(RowReader&); nullopt when there is none.
  template <class Read, class... Values>
  auto query_one(std::string_view sql, Read&& read, const Values&... values) {
    std::optional<std::invoke_result_t<Read&, RowReader&>> found;
    query(sql, [&](RowReader& row) { found = read(row); }, values...);
    return found;
  }
};

// All that is read during its life is of one moment.
class Snapshot {
 public:
  explicit Snapshot(Driver& db) : db_(db) { db_.begin_snapshot(); }
  ~Snapshot() { db_.rollback(); }
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

 private:
  Driver& db_;
};

}  // namespace coterie::storage
