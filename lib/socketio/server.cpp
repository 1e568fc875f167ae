// SPDX-License-Identifier: MIT
#include "socketio/server.hpp"

#include "base/check.hpp"
#include "engineio/server.hpp"
#include "net/shards.hpp"
#include "socketio/adapter.hpp"
#include "socketio/client.hpp"
#include "socketio/hub.hpp"
#include "socketio/socket.hpp"

namespace coterie::socketio {

Server::Server(net::Shards& shards) : Server(shards, ServerOptions()) {}

Server::Server(net::Shards& shards, ServerOptions options)
    : options_(std::move(options)), shards_(shards), adapter_(std::make_unique<MemoryAdapter>()) {
  engineio::Options engine;
  engine.path = options_.path;
  engine.ping_interval = options_.ping_interval;
  engine.ping_timeout = options_.ping_timeout;
  engine.upgrade_timeout = options_.upgrade_timeout;
  engine.max_payload = options_.max_payload;
  engine.clock = options_.clock;
  engine.random = options_.random;
  engine_ = std::make_unique<engineio::Server>(
      shards, std::move(engine),
      [this](engineio::Session& session) { return std::make_unique<Client>(*this, session); });
}

// Sessions first: they take their sockets out of the namespaces.
Server::~Server() {
  engine_.reset();
}

Namespace& Server::of(std::string_view name) {
  std::string full(name);
  if (full.empty() || full.front() != '/') full.insert(0, "/");
  auto found = namespaces_.find(full);
  if (found == namespaces_.end()) {
    auto space = std::make_unique<Namespace>(full, shards_, *adapter_, *options_.random);
    found = namespaces_.emplace(std::move(full), std::move(space)).first;
  }
  return *found->second;
}

Namespace* Server::find(std::string_view name) {
  const auto found = namespaces_.find(name);
  return found == namespaces_.end() ? nullptr : found->second.get();
}

std::vector<net::Route> Server::routes() {
  return engine_->routes();
}

Server::Population Server::population(unsigned shard) const {
  Population count;
  count.sessions = engine_->engine(shard).session_count();
  for (const auto& [name, space] : namespaces_) {
    count.sockets += space->hub(shard).socket_count();
    count.rooms += space->hub(shard).room_count();
  }
  return count;
}

void Server::close() {
  engine_->close();
}

}  // namespace coterie::socketio
