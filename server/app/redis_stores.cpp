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

// Where we may not ask, we believe.
Result<void> refuse_cluster(redis::Client& client) {
  const auto info = client.run({"INFO", "cluster"}, redis::Repeat::harmless);
  const auto text = info ? info->text() : Result<std::string>(info.error());
  if (!text || text->find("cluster_enabled:1") == std::string::npos) return {};
  return Error(
      "bad_setting",
      "redis_host: a node of a Redis Cluster, which cannot be made use of here; what fails "
      "over is a primary with Sentinels (redis_sentinels)");
}

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
    const auto answer = redis.run({"PING"}, redis::Repeat::harmless);
    if (answer) return refuse_cluster(redis);
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
