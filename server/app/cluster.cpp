// SPDX-License-Identifier: MIT
#include "app/cluster.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <optional>
#include <utility>

#include "app/redis_stores.hpp"
#include "app/secret.hpp"
#include "base/log.hpp"
#include "redis/pubsub_adapter.hpp"
#include "redis/streams_adapter.hpp"

namespace coterie::app {

namespace {

// Together no more than some 200 MB, whoever comes and goes: whoever finds that what he has missed
// was forgotten begins anew, and asks for it. An event holds some 500 bytes beside its frame.
socketio::RecoveryOptions recovery_of(const Config& config) {
  socketio::RecoveryOptions recovery;
  recovery.max_disconnection = std::chrono::seconds(config.recovery_seconds);
  recovery.skip_middlewares = false;  // A log-in may have ended meanwhile.
  recovery.events_max = 131'072;
  return recovery;
}

// Where we may not ask, we believe.
Result<void> check_streams(const Config& config, redis::Client& redis) {
  if (!config.is_clustered() || config.cluster_adapter != "streams") return {};
  if (!config.redis_cluster.empty()) {
    return Error("bad_setting",
                 "cluster_adapter: not streams with redis_cluster, whose keys are apart");
  }
  const auto asked = redis.run({"COMMAND", "INFO", "GETDEL"}, redis::Repeat::harmless);
  const auto known = asked ? asked->list() : Result<redis::Reply::List>(asked.error());
  if (!known || known->empty() || !known->front().is_nil()) return {};
  return Error("bad_setting", "cluster_adapter: streams want Redis 6.2 or later");
}

}  // namespace

std::shared_ptr<socketio::Adapter> make_adapter(const Config& config,
                                                std::function<void(bool)> on_hearing) {
  if (!config.is_clustered()) return nullptr;
  const std::string prefix = config.channel_prefix();
  const socketio::RecoveryOptions recovery = recovery_of(config);
  if (config.cluster_adapter == "pubsub") {
    return redis::pubsub_adapter({.redis = config.redis_options()->address,
                                  .key = prefix,
                                  .recovery = recovery,
                                  .on_hearing = std::move(on_hearing)});
  }
  // Each server that misses something notices by itself. What has waited for Redis is said now,
  // but not by a server that has died meanwhile.
  const auto resync_here = [on_hearing = std::move(on_hearing)] { on_hearing(false); };
  return redis::streams_adapter({.redis = config.redis_options()->address,
                                 .stream = prefix,
                                 .channel_prefix = prefix,
                                 .session_prefix = prefix + ":session:",
                                 .max_disconnection = recovery.max_disconnection,
                                 .on_hearing = resync_here,
                                 .on_gap = resync_here});
}

socketio::ServerOptions socket_options(const Config& config,
                                       std::shared_ptr<socketio::Adapter> adapter) {
  socketio::ServerOptions options;
  if (config.recovery_seconds > 0) options.recovery = recovery_of(config);
  options.adapter = std::move(adapter);
  return options;
}

std::string node_name(const Config& config, std::uint16_t port) {
  if (!config.node_name.empty()) return config.node_name;
  std::array<char, 256> machine{};
  ::gethostname(machine.data(), machine.size() - 1);
  return fmt::format("{}:{}", machine.data(), port);
}

Result<std::string> find_secret(const Config& config, bool is_serving) {
  const auto options = config.redis_options();
  const std::string path = (std::filesystem::path(config.data) / "secret").string();
  std::optional<redis::Client> redis;
  if (options) redis.emplace(*options);
  if (redis && is_serving) {
    if (const auto there = await_redis(*redis); !there) return there.error();
    if (const auto able = check_streams(config, *redis); !able) return able.error();
  }
  if (!config.jwt_secret.empty()) return config.jwt_secret;
  if (!config.is_clustered()) return load_or_make_secret(path);
  auto shared = share_secret(*redis, path);
  const bool is_away = !shared && shared.error().code == "redis_unavailable";
  return is_away && !is_serving ? load_or_make_secret(path) : shared;
}

void note_other(std::string_view name, bool has_local_files) {
  if (!has_local_files) return log::info("node {} is part of this chat, too", name);
  log::warn(
      "node {} is part of this chat, too: unless the folder \"files\" of all its nodes is one, "
      "they need a bucket (s3_endpoint)",
      name);
}

}  // namespace coterie::app
