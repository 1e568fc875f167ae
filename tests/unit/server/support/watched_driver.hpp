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
  std::int64_t last_insert_id() const override { return inner_->last_insert_id(); }
  std::int64_t changes() const override { return inner_->changes(); }
  void begin_snapshot() override { inner_->begin_snapshot(); }
  void begin_write() override { inner_->begin_write(); }
  void commit() override {
    watch_("COMMIT");
    inner_->commit();
  }
  void rollback() noexcept override { inner_->rollback(); }
  bool has_table(std::string_view name) override { return inner_->has_table(name); }
  void continue_ids(std::string_view table) override { inner_->continue_ids(table); }

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
