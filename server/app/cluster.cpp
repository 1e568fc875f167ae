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

}  // namespace

std::shared_ptr<socketio::Adapter> make_adapter(const Config& config,
                                                std::function<void(bool)> on_hearing) {
  if (!config.is_clustered()) return nullptr;
  return redis::pubsub_adapter({.redis = config.redis_options()->address,
                                .key = config.channel_prefix(),
                                .recovery = recovery_of(config),
                                .on_hearing = std::move(on_hearing)});
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
