// SPDX-License-Identifier: MIT
#include "engineio/server.hpp"

#include "net/http_connection.hpp"
#include "net/shards.hpp"

namespace coterie::engineio {

Server::Server(net::Shards& shards, Options options, HandlerFactory make_handler)
    : options_(std::move(options)), make_handler_(std::move(make_handler)), shards_(shards) {
  if (options_.per_message_deflate) net::require_valid(*options_.per_message_deflate);
  for (unsigned i = 0; i < shards.size(); ++i) {
    engines_.push_back(std::make_unique<Engine>(shards[i], options_, make_handler_));
  }
}

Server::~Server() = default;

std::vector<net::Route> Server::routes() {
  net::Route route;
  route.pattern = options_.path;
  route.prefix = true;
  route.body_max = options_.max_payload;
  route.is_terse = true;
  route.home = [this](const net::Request& request) {
    return Engine::home_of(request, static_cast<unsigned>(engines_.size()));
  };
  route.handler = [this](net::Request request, net::Reply reply) {
    engines_[net::Shard::here()->index()]->handle(std::move(request), std::move(reply));
  };
  route.upgrade = [this](net::HttpUpgrade upgrade) {
    engines_[net::Shard::here()->index()]->upgrade(std::move(upgrade));
  };
  std::vector<net::Route> routes;
  routes.push_back(std::move(route));
  return routes;
}

void Server::close() {
  for (unsigned i = 0; i < shards_.size(); ++i) {
    shards_[i].post([engine = engines_[i].get()] { engine->close_all(); });
  }
}

}  // namespace coterie::engineio
