// Connections to one Redis for threads that may block, and no more of them than a bound.
//
// A connection that fails is thrown away. One that turns out to be cut (Redis was started again, a
// firewall forgot it) is replaced, and what was asked is asked once more where that does no harm;
// whether the other side has closed an idle connection is looked at before it is used.
//
// AWAY. When Redis cannot be reached or does not answer in time, everybody is refused at once for
// half a second; then one thread tries again while the others are still refused. So an outage costs
// the pools of workers next to nothing, and ends by itself. The log has a line when it begins and
// one when it ends.
//
// Error: "redis_unavailable", with the reason as its detail.
// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "redis/connection.hpp"

namespace coterie::redis {

// Whether a command whose answer was lost may be given a second time: it may have run.
enum class Repeat { harmless, never };

class Pool {
 public:
  explicit Pool(Options options);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // All in one round trip, with a reply for each, which may be an error reply ("redis_refused").
  // Whoever calls bounds the number: replies wait in memory.
  Result<std::vector<Result<Reply>>> run(std::span<const Command> commands, Repeat repeat);

 private:
  using Borrowed = Result<std::unique_ptr<Connection>>;

  Borrowed borrow();
  Borrowed connect(std::unique_lock<std::mutex>& lock);
  void give_back(std::unique_ptr<Connection> connection);
  void drop(std::unique_ptr<Connection> connection);
  void go_away(const Error& error);
  Error unavailable(const std::string& reason) const;

  const Options options_;  // Fixed after construction

  std::mutex mutex_;  // Guards what follows
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Connection>> idle_;
  std::size_t open_ = 0;  // Idle, borrowed, or being made.
  std::string away_;      // Why Redis is away; empty while it is not.
  TimePoint retry_at_{};
};

}  // namespace coterie::redis
