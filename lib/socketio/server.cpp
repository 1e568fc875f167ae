// SPDX-License-Identifier: MIT
#include "socketio/server.hpp"

#include <regex>

#include "base/check.hpp"
#include "engineio/server.hpp"
#include "net/shards.hpp"
#include "socketio/adapter.hpp"
#include "socketio/client.hpp"
#include "socketio/hub.hpp"
#include "socketio/socket.hpp"

namespace coterie::socketio {

namespace {

constexpr auto sweep_interval = std::chrono::seconds(30);
constexpr std::size_t crowd_least = 256;  // Fewer leave nothing worth looking for.

std::shared_ptr<Adapter> adapter_of(const ServerOptions& options) {
  if (options.adapter) return options.adapter;
  static const RecoveryOptions defaults;
  return std::make_shared<MemoryAdapter>(options.recovery ? *options.recovery : defaults,
                                         *options.clock);
}

}  // namespace

Server::Server(net::Shards& shards) : Server(shards, ServerOptions()) {}

Server::Server(net::Shards& shards, ServerOptions options)
    : options_(std::move(options)),
      shards_(shards),
      adapter_(adapter_of(options_)),
      namespaces_({shards, *adapter_, *options_.random, *options_.clock,
                   options_.recovery ? &*options_.recovery : nullptr,
                   options_.per_message_deflate ? &*options_.per_message_deflate : nullptr},
                  options_.cleanup_empty_child_namespaces, options_.limits.dynamic_namespaces_max) {
  engineio::Options engine;
  engine.path = options_.path;
  engine.add_trailing_slash = options_.add_trailing_slash;
  engine.transports = options_.transports;
  engine.allow_upgrades = options_.allow_upgrades;
  engine.allow_eio3 = options_.allow_eio3;
  engine.ping_interval = options_.ping_interval;
  engine.ping_timeout = options_.ping_timeout;
  engine.upgrade_timeout = options_.upgrade_timeout;
  engine.max_payload = options_.max_payload;
  engine.cookie = options_.cookie;
  engine.cors = options_.cors;
  engine.allow_request = options_.allow_request;
  engine.on_initial_headers = options_.on_initial_headers;
  engine.on_headers = options_.on_headers;
  engine.per_message_deflate = options_.per_message_deflate;
  engine.http_compression = options_.http_compression;
  engine.http_compression_threshold = options_.http_compression_threshold;
  engine.clock = options_.clock;
  engine.random = options_.random;
  engine_ = std::make_unique<engineio::Server>(
      shards, std::move(engine),
      [this](engineio::Session& session) { return std::make_unique<Client>(*this, session); });
  // When the shards run, all is registered.
  shards_[0].post([this] { namespaces_.open_named(); });
  if (options_.recovery) shards_[0].post([this] { arm_sweep(); });
}

// Sessions first: they take their sockets out of the namespaces.
Server::~Server() {
  adapter_->stop();
  engine_.reset();
}

ParentNamespace& Server::of_matching(NamespaceMatch match) {
  return namespaces_.of_matching(std::move(match));
}

ParentNamespace& Server::of_pattern(const std::string& pattern) {
  return of_matching([regex = std::regex(pattern)](std::string_view name, const Json&) {
    return std::regex_match(name.begin(), name.end(), regex);
  });
}

void Server::on_new_namespace(std::function<void(Namespace&)> handler) {
  namespaces_.on_new(std::move(handler));
}

std::vector<net::Route> Server::routes() {
  return engine_->routes();
}

Server::Population Server::population(unsigned shard) const {
  Population count;
  count.sessions = engine_->engine(shard).session_count();
  for (const auto& space : namespaces_.all()) {
    count.sockets += space->hub(shard).socket_count();
    count.rooms += space->hub(shard).room_count();
  }
  return count;
}

void Server::close() {
  engine_->close("server shutting down");
}

void Server::arm_sweep() {
  net::Shard& first = shards_[0];
  first.timers().arm<&Server::sweep>(sweep_timer_, first.now() + sweep_interval, this);
}

// Events and sessions that are too old give their memory back, also where nothing happens any more.
void Server::sweep() {
  for (const auto& space : namespaces_.all()) space->trim_log();
  if (adapter_->sweep() >= crowd_least) shards_.give_memory_back();
  arm_sweep();
}

}  // namespace coterie::socketio
