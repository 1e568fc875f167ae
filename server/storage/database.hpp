// The database as the rules above see it: read(fn) and write(fn), from any thread that may block.
//
// Connections are kept and lent, the last one first, never more than a bound, and nobody waits for
// one longer than five seconds. SQLite has one writer, so there one connection writes (waiting here
// is fairer than its retries); elsewhere writers run side by side. fn(Driver&) returns a Result; a
// write that returns an Error, or whose driver fails, is rolled back whole. This is the one place
// where DriverFailure becomes an Error.
//
// AGAIN. fn may be called more than once: a server that was restarted leaves kept connections that
// are dead, so what fails on a kept one is run again on a new one; and a transaction that was
// undone in favour of another ("storage_busy") is run again a few times. Never when a COMMIT may
// have happened: whoever is told "storage_unavailable" then cannot know, as on any network.
// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "storage/driver.hpp"

namespace coterie::storage {

class Database {
 public:
  using Connect = std::function<std::unique_ptr<Driver>()>;
  struct Options {
    Dialect dialect = Dialect::sqlite;
    std::size_t connections_max = 64;  // At least two: a test reads while it writes.
  };

  explicit Database(Connect connect) : Database(std::move(connect), Options()) {}
  Database(Connect connect, Options options) : connect_(std::move(connect)), options_(options) {}
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  Dialect dialect() const { return options_.dialect; }

  template <class F>
  auto read(F&& fn) -> std::invoke_result_t<F&, Driver&> {
    std::optional<std::invoke_result_t<F&, Driver&>> result;
    const auto step = [&](Driver& db) {
      result.emplace(fn(db));
      return true;
    };
    if (auto failure = perform(step, false)) return std::move(*failure);
    return std::move(*result);
  }

  // The same, and all that fn reads is of one moment.
  template <class F>
  auto read_snapshot(F&& fn) -> std::invoke_result_t<F&, Driver&> {
    return read([&](Driver& db) {
      const Snapshot snapshot(db);
      return fn(db);
    });
  }

  template <class F>
  auto write(F&& fn) -> std::invoke_result_t<F&, Driver&> {
    std::optional<std::invoke_result_t<F&, Driver&>> result;
    const auto step = [&](Driver& db) {
      result.emplace(fn(db));
      return static_cast<bool>(*result);
    };
    if (auto failure = perform(step, true)) return std::move(*failure);
    return std::move(*result);
  }

  // Closes the connections that were not needed since the last call, all but one; how many. To be
  // called now and then.
  std::size_t close_unneeded();

 private:
  class Loan;
  // Says whether what it has written shall be kept.
  using Step = std::function<bool(Driver&)>;

  // The driver's failure, when there was one.
  std::optional<Error> perform(const Step& step, bool is_write);
  std::optional<Error> attempt(const Step& step, bool is_write, bool& is_worth_another);
  void report(const Error& error);

  const Connect connect_;  // Fixed after construction
  const Options options_;

  std::mutex writing_;  // Held by the only writer of SQLite
  std::mutex mutex_;    // Guards what follows
  std::condition_variable given_back_;
  std::vector<std::unique_ptr<Driver>> idle_;  // The last one lent comes last.
  std::size_t lent_ = 0;
  std::size_t lent_most_ = 0;  // At a time, since close_unneeded()
  TimePoint next_report_;
  std::size_t unreported_ = 0;
};

}  // namespace coterie::storage
