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

}  // namespace

bool is_told_to_stop() {
  sigset_t pending;
  sigemptyset(&pending);
  sigpending(&pending);
  return sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1;
}

Result<void> await_redis(redis::Client& redis) {
  const TimePoint begin = system_clock().now();
  for (bool is_told = false;; is_told = true) {
    const auto answer = redis.ping();
    if (answer) return answer;
    const auto waited = std::chrono::floor<std::chrono::seconds>(system_clock().now() - begin);
    if (waited >= patience || is_told_to_stop()) {
      return Error(answer.error().code, fmt::format("{} (waited for it for {} s)",
                                                    answer.error().detail, waited.count()));
    }
    if (!is_told) log::info("waiting for Redis, {} s at most", patience.count());
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace coterie::app
