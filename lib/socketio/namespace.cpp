// SPDX-License-Identifier: MIT
#include "socketio/namespace.hpp"

#include "net/shard.hpp"
#include "net/shards.hpp"
#include "socketio/adapter.hpp"
#include "socketio/hub.hpp"

namespace coterie::socketio {

Namespace::Namespace(std::string name, net::Shards& shards, Adapter& adapter, Random& random,
                     engineio::Encoding encoding)
    : name_(std::move(name)),
      shards_(shards),
      adapter_(adapter),
      random_(random),
      encoding_(encoding) {
  for (unsigned i = 0; i < shards.size(); ++i) {
    hubs_.push_back(std::make_unique<Hub>(*this, shards[i]));
  }
}

Namespace::~Namespace() = default;

Namespace& Namespace::use(Middleware middleware) {
  middlewares_.push_back(std::move(middleware));
  return *this;
}

Namespace& Namespace::on_connect(ConnectHandler handler) {
  connect_handlers_.push_back(std::move(handler));
  return *this;
}

Namespace& Namespace::on_disconnect(DisconnectHandler handler) {
  disconnect_handlers_.push_back(std::move(handler));
  return *this;
}

Namespace& Namespace::add_handler(std::string event, EventHandler handler) {
  handlers_.emplace(std::move(event), std::move(handler));
  return *this;
}

BroadcastOperator Namespace::all() {
  return BroadcastOperator(*this, Audience{});
}
BroadcastOperator Namespace::to(std::string room) {
  return all().to(std::move(room));
}
BroadcastOperator Namespace::except(std::string room) {
  return all().except(std::move(room));
}

std::size_t Namespace::socket_count() const {
  std::size_t count = 0;
  for (const auto& hub : hubs_) count += hub->connected_count();
  return count;
}

void Namespace::publish(std::shared_ptr<const Envelope> envelope) {
  Hub* here = nullptr;
  {
    std::lock_guard lock(order_);
    for (auto& hub : hubs_) {
      hub->inbox_.push_back(envelope);
      if (hub->shard().is_here()) {
        here = hub.get();
      } else if (hub->inbox_.size() == 1) {
        // One that has more waiting is on its way to drain already.
        hub->shard().post([raw = hub.get()] { raw->drain(); });
      }
    }
    if (envelope->verb != Envelope::Verb::for_each) adapter_.publish(name_, envelope);
  }
  if (here) here->drain();
}

void Namespace::take(Inbox& inbox, Inbox& empty) {
  std::lock_guard lock(order_);
  inbox.swap(empty);
}

}  // namespace coterie::socketio
