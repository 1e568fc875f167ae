// The database as the rules above see it: read(fn) and write(fn), from any thread that may block.
//
// Connections are kept and lent: any number for reading, one for writing (SQLite has one writer,
// and waiting here is fairer than its retries). fn(Driver&) returns a Result; a write that returns
// an Error, or whose driver fails, is rolled back whole. This is the one place where DriverFailure
// becomes an Error.
// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "base/blocking.hpp"
#include "base/check.hpp"
#include "base/guarded.hpp"
#include "base/log.hpp"
#include "storage/driver.hpp"

namespace coterie::storage {

class Database {
 public:
  using Connect = std::function<std::unique_ptr<Driver>()>;

  explicit Database(Connect connect) : connect_(std::move(connect)) {}
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  template <class F>
  auto read(F&& fn) -> std::invoke_result_t<F&, Driver&> {
    COTERIE_CHECK(may_block());
    try {
      std::unique_ptr<Driver> driver = borrow();
      auto result = fn(*driver);
      give_back(std::move(driver));
      return result;
    } catch (const DriverFailure& failure) {
      return report(failure);
    }
  }

  // The same, and all that fn reads is of one moment.
  template <class F>
  auto read_snapshot(F&& fn) -> std::invoke_result_t<F&, Driver&> {
    return read([&](Driver& reader) {
      reader.begin_snapshot();
      const Rollback end(reader);
      return fn(reader);
    });
  }

  template <class F>
  auto write(F&& fn) -> std::invoke_result_t<F&, Driver&> {
    COTERIE_CHECK(may_block());
    std::lock_guard lock(writing_);
    try {
      if (!writer_) writer_ = connect_();
      writer_->begin_write();
      Rollback undo(*writer_);
      auto result = fn(*writer_);
      if (result) {
        writer_->commit();
        undo.is_needed = false;
      }
      return result;
    } catch (const DriverFailure& failure) {
      return report(failure);
    }
  }

 private:
  struct Rollback {
    explicit Rollback(Driver& writer) : driver(writer) {}
    ~Rollback() {
      if (is_needed) driver.rollback();
    }
    Rollback(const Rollback&) = delete;
    Rollback& operator=(const Rollback&) = delete;
    Driver& driver;
    bool is_needed = true;
  };

  std::unique_ptr<Driver> borrow() {
    auto idle = readers_.with([](auto& readers) {
      std::unique_ptr<Driver> last;
      if (!readers.empty()) {
        last = std::move(readers.back());
        readers.pop_back();
      }
      return last;
    });
    return idle ? std::move(idle) : connect_();
  }
  void give_back(std::unique_ptr<Driver> driver) {
    readers_.with([&](auto& readers) { readers.push_back(std::move(driver)); });
  }
  static Error report(const DriverFailure& failure) {
    // Constraints are for the rules to explain; anything else is the operator's business, too.
    const Error& error = failure.error();
    if (error.code.ends_with("_violation")) return error;
    log::error("database: {} ({})", error.detail, error.code);
    return error;
  }

  const Connect connect_;
  std::mutex writing_;  // Guards writer_
  std::unique_ptr<Driver> writer_;
  Guarded<std::vector<std::unique_ptr<Driver>>> readers_;
};

}  // namespace coterie::storage
