// SPDX-License-Identifier: MIT
#include "storage/database.hpp"

#include <algorithm>
#include <iterator>

#include "base/blocking.hpp"
#include "base/check.hpp"
#include "base/log.hpp"

namespace coterie::storage {

namespace {

using std::chrono_literals::operator""s;

constexpr auto loan_patience = 5s;
constexpr int attempts_max = 4;
constexpr auto report_interval = 1s;  // A server that is away fails thousands of calls a second.

bool is_violation(const Error& error) {
  return error.code.ends_with("_violation");
}

// Rolls back unless told that there is nothing to roll back.
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

}  // namespace

// A connection on loan. It goes back, or is thrown away when it has broken.
class Database::Loan {
 public:
  explicit Loan(Database& database) : database_(database) {
    {
      std::unique_lock lock(database_.mutex_);
      const bool has_come = database_.given_back_.wait_for(lock, loan_patience, [&] {
        return !database_.idle_.empty() || database_.lent_ < database_.options_.connections_max;
      });
      if (!has_come) {
        throw DriverFailure(Error("storage_busy", "all connections are in use"));
      }
      database_.lent_most_ = std::max(database_.lent_most_, ++database_.lent_);
      if (!database_.idle_.empty()) {
        driver_ = std::move(database_.idle_.back());
        database_.idle_.pop_back();
        was_kept_ = true;
      }
    }
    if (driver_) return;
    try {
      driver_ = database_.connect_();
    } catch (...) {
      give_back();
      throw;
    }
  }
  ~Loan() { give_back(); }
  Loan(const Loan&) = delete;
  Loan& operator=(const Loan&) = delete;

  Driver& driver() { return *driver_; }
  bool was_kept() const { return was_kept_; }

 private:
  void give_back() {
    std::vector<std::unique_ptr<Driver>> broken;  // Closed outside the lock.
    {
      std::lock_guard lock(database_.mutex_);
      --database_.lent_;
      if (driver_ && !driver_->is_broken()) {
        database_.idle_.push_back(std::move(driver_));
      } else {
        // A server that was away has dropped the others, too.
        broken.swap(database_.idle_);
      }
    }
    database_.given_back_.notify_one();
  }

  Database& database_;
  std::unique_ptr<Driver> driver_;
  bool was_kept_ = false;
};

std::size_t Database::close_unneeded() {
  std::vector<std::unique_ptr<Driver>> unneeded;  // Closed outside the lock.
  {
    std::lock_guard lock(mutex_);
    const std::size_t needed = std::max<std::size_t>(std::exchange(lent_most_, lent_), 1);
    const std::size_t open = lent_ + idle_.size();
    const auto end = idle_.begin() + static_cast<std::ptrdiff_t>(open > needed ? open - needed : 0);
    unneeded.assign(std::make_move_iterator(idle_.begin()), std::make_move_iterator(end));
    idle_.erase(idle_.begin(), end);
  }
  return unneeded.size();
}

std::optional<Error> Database::perform(const Step& step, bool is_write) {
  COTERIE_CHECK(may_block());
  std::unique_lock<std::mutex> only_writer;
  if (is_write && options_.dialect == Dialect::sqlite) {
    only_writer = std::unique_lock(writing_);
  }
  for (int count = 1;; ++count) {
    bool is_worth_another = false;
    auto failure = attempt(step, is_write, is_worth_another);
    if (!failure) return std::nullopt;
    if (is_worth_another && count < attempts_max) continue;
    report(*failure);
    return failure;
  }
}

std::optional<Error> Database::attempt(const Step& step, bool is_write, bool& is_worth_another) {
  bool was_kept = false;
  bool may_be_committed = false;
  bool has_begun = false;
  try {
    Loan loan(*this);
    was_kept = loan.was_kept();
    has_begun = true;
    Driver& db = loan.driver();
    if (!is_write) {
      step(db);
      return std::nullopt;
    }
    db.begin_write();
    Rollback undo(db);
    if (!step(db)) return std::nullopt;
    may_be_committed = true;
    db.commit();
    undo.is_needed = false;
    return std::nullopt;
  } catch (const DriverFailure& failure) {
    Error error = failure.error();
    // Whoever asks a question can only wait for it to be mended.
    if (error.code == "storage_refused") error.code = "storage_unavailable";
    // SQLite has waited for its lock already.
    const bool was_undone = error.code == "storage_busy" && options_.dialect != Dialect::sqlite;
    const bool was_cut = error.code == "storage_unavailable" && was_kept && !may_be_committed;
    is_worth_another = has_begun && (was_undone || was_cut);
    return error;
  }
}

void Database::report(const Error& error) {
  // Constraints are for the rules to explain; anything else is the operator's business, too.
  if (is_violation(error)) return;
  std::size_t silent = 0;
  {
    std::lock_guard lock(mutex_);
    const TimePoint now = system_clock().now();
    if (now < next_report_) {
      ++unreported_;
      return;
    }
    next_report_ = now + report_interval;
    silent = std::exchange(unreported_, 0);
  }
  log::error("database: {} ({}){}", error.detail, error.code,
             silent ? fmt::format("; and {} more since the last report", silent) : "");
}

}  // namespace coterie::storage
