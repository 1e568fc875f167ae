// SPDX-License-Identifier: MIT
#include "app/cluster.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <utility>

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
  return redis::pubsub_adapter({.redis = {.host = config.redis_host,
                                          .port = config.redis_port,
                                          .username = config.redis_username,
                                          .password = config.redis_password},
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

}  // namespace coterie::app
