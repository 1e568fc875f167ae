// SPDX-License-Identifier: MIT
#include "engineio/server.hpp"

#include "net/http_exchange.hpp"
#include "net/shards.hpp"

namespace coterie::engineio {

namespace {

// As the reference answers what it does not even read: a status and nothing else.
net::Response terse_refusal(const Options& options, const net::Request& request, int status) {
  net::Response response;
  response.status = status;
  if (options.cors) response.fields = cors_fields(*options.cors, request);
  return response;
}

}  // namespace

Server::Server(net::Shards& shards, Options options, HandlerFactory make_handler)
    : options_(std::move(options)), make_handler_(std::move(make_handler)), shards_(shards) {
  check(options_);
  for (unsigned i = 0; i < shards.size(); ++i) {
    engines_.push_back(std::make_unique<Engine>(shards[i], options_, make_handler_));
  }
}

Server::~Server() = default;

std::vector<net::Route> Server::routes() {
  net::Route route;
  route.pattern = path_prefix(options_);
  route.prefix = true;
  route.body_max = options_.max_payload;
  route.home = [this](const net::Request& request) {
    return Engine::home_of(request, static_cast<unsigned>(engines_.size()));
  };
  route.handler = [this](net::Request request, net::Reply reply) {
    engines_[net::Shard::here()->index()]->handle(std::move(request), std::move(reply));
  };
  route.upgrade = [this](net::HttpUpgrade upgrade) {
    engines_[net::Shard::here()->index()]->upgrade(std::move(upgrade));
  };
  route.arriving = [this](const net::Request& request, net::HttpArrival arrival) {
    engines_[net::Shard::here()->index()]->on_arriving(request, std::move(arrival));
  };
  route.refusal = [this](const net::Request& request, int status, std::string_view) {
    return terse_refusal(options_, request, status);
  };
  std::vector<net::Route> routes;
  routes.push_back(std::move(route));
  return routes;
}

void Server::close(std::string_view reason) {
  for (unsigned i = 0; i < shards_.size(); ++i) {
    shards_[i].post(
        [engine = engines_[i].get(), reason = std::string(reason)] { engine->close_all(reason); });
  }
}

}  // namespace coterie::engineio
