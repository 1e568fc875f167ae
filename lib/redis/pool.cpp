// SPDX-License-Identifier: MIT
#include "redis/pool.hpp"

#include <fmt/format.h>

#include "base/blocking.hpp"
#include "base/check.hpp"
#include "base/log.hpp"

namespace coterie::redis {

namespace {

constexpr auto retry_pause = std::chrono::milliseconds(500);

TimePoint now() {
  return system_clock().now();
}

}  // namespace

Pool::Pool(Options options) : options_(std::move(options)) {
  COTERIE_CHECK(options_.connections_max > 0);
}

Pool::~Pool() = default;

Result<std::vector<Result<Reply>>> Pool::run(std::span<const Command> commands, Repeat repeat) {
  COTERIE_CHECK(may_block());
  for (bool is_repeated = false;; is_repeated = true) {
    auto connection = borrow();
    if (!connection) return connection.error();
    auto replies = (*connection)->run(commands);
    if (replies) {
      give_back(std::move(*connection));
      return replies;
    }
    const Error& error = replies.error();
    drop(std::move(*connection));
    if (error.code == "redis_timeout") go_away(error);
    if (error.code != "redis_cut" || repeat == Repeat::never || is_repeated) {
      return unavailable(error.detail);
    }
  }
}

Pool::Borrowed Pool::borrow() {
  const TimePoint deadline = now() + options_.command_timeout;
  std::unique_lock lock(mutex_);
  for (;;) {
    if (!away_.empty() && now() < retry_at_) return unavailable(away_);
    while (!idle_.empty()) {
      auto connection = std::move(idle_.back());
      idle_.pop_back();
      if (!connection->is_cut()) return connection;
      --open_;
    }
    if (open_ < options_.connections_max) return connect(lock);
    if (now() >= deadline) return unavailable(fmt::format("all {} connections are busy", open_));
    returned_.wait_until(lock, deadline);
  }
}

// Makes a connection outside the lock. While Redis is away, those who come meanwhile are refused.
Pool::Borrowed Pool::connect(std::unique_lock<std::mutex>& lock) {
  ++open_;
  retry_at_ = now() + options_.connect_timeout + options_.command_timeout;
  lock.unlock();
  auto connection = Connection::open(options_);
  if (!connection) {
    drop(nullptr);
    go_away(connection.error());
    return unavailable(connection.error().detail);
  }
  lock.lock();
  if (!away_.empty()) {
    log::warn("Redis at {}:{} is back", options_.address.host, options_.address.port);
    away_.clear();
  }
  return connection;
}

void Pool::give_back(std::unique_ptr<Connection> connection) {
  {
    std::lock_guard lock(mutex_);
    // Only a new connection proves that Redis is back.
    if (away_.empty()) idle_.push_back(std::move(connection));
  }
  if (connection) return drop(std::move(connection));
  returned_.notify_one();
}

// Forgets a connection that is of no use, or that could not be made.
void Pool::drop(std::unique_ptr<Connection> connection) {
  connection.reset();
  {
    std::lock_guard lock(mutex_);
    --open_;
  }
  returned_.notify_one();
}

void Pool::go_away(const Error& error) {
  std::vector<std::unique_ptr<Connection>> useless;  // Closed outside the lock.
  {
    std::lock_guard lock(mutex_);
    if (away_.empty()) {
      log::warn("Redis at {}:{} is away: {}", options_.address.host, options_.address.port,
                error.detail);
    }
    away_ = error.detail;
    retry_at_ = now() + retry_pause;
    open_ -= idle_.size();
    useless.swap(idle_);
  }
  returned_.notify_all();
}

Error Pool::unavailable(const std::string& reason) const {
  return Error("redis_unavailable", fmt::format("Redis at {}:{}: {}", options_.address.host,
                                                options_.address.port, reason));
}

}  // namespace coterie::redis
