// SPDX-License-Identifier: MIT
#include "app/redis_stores.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <thread>

#include "base/log.hpp"

namespace coterie::app {

namespace {

constexpr auto patience = std::chrono::seconds(30);
constexpr auto pause = std::chrono::milliseconds(250);

// The signals to stop are blocked while the server starts: they wait for the loops.
bool is_told_to_stop() {
  sigset_t pending;
  sigemptyset(&pending);
  sigpending(&pending);
  return sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1;
}

}  // namespace

Result<void> RedisStores::start() {
  const TimePoint deadline = system_clock().now() + patience;
  for (bool is_told = false;; is_told = true) {
    const auto answer = client.run({"PING"}, redis::Repeat::harmless);
    if (answer) break;
    if (system_clock().now() >= deadline || is_told_to_stop()) return answer.error();
    if (!is_told) log::info("waiting for Redis, {} s at most", patience.count());
    std::this_thread::sleep_for(pause);
  }
  return group_users.fill();
}

}  // namespace coterie::app
