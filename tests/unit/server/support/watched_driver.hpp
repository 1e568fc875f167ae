// A driver that tells of every statement before it runs; the listener may count it or throw.
// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include "storage/database.hpp"

namespace coterie::tests {

class WatchedDriver final : public storage::Driver {
 public:
  using Watch = std::function<void(std::string_view sql)>;

  WatchedDriver(std::unique_ptr<storage::Driver> inner, const Watch& watch)
      : inner_(std::move(inner)), watch_(watch) {}

  void execute(std::string_view sql, std::span<const storage::Value> values,
               const OnRow& on_row) override {
    watch_(sql);
    inner_->execute(sql, values, on_row);
  }
  std::int64_t insert(std::string_view sql, std::span<const storage::Value> values) override {
    watch_(sql);
    return inner_->insert(sql, values);
  }
  void begin_snapshot() override { inner_->begin_snapshot(); }
  void begin_write() override { inner_->begin_write(); }
  void commit() override {
    watch_("COMMIT");
    inner_->commit();
  }
  void rollback() noexcept override { inner_->rollback(); }
  storage::Dialect dialect() const override { return inner_->dialect(); }
  bool is_broken() const override { return inner_->is_broken(); }

 private:
  const std::unique_ptr<storage::Driver> inner_;
  const Watch& watch_;
};

// `watch` may change while nothing runs; it must outlive the connections.
inline storage::Database::Connect watched(storage::Database::Connect connect,
                                          const WatchedDriver::Watch& watch) {
  return [connect = std::move(connect), &watch] {
    return std::make_unique<WatchedDriver>(connect(), watch);
  };
}

}  // namespace coterie::tests
