// SPDX-License-Identifier: MIT
#include "socketio/socket.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "base/timer_wheel.hpp"
#include "net/shard.hpp"
#include "socketio/client.hpp"
#include "socketio/hub.hpp"
#include "socketio/namespace.hpp"

namespace coterie::socketio {

namespace {

// An emit that waits for its ack.
struct PendingAck {
  Socket* socket;
  std::uint64_t id;
  AckHandler answer;
  Timer timer;
};

}  // namespace

struct Socket::Extras {
  std::vector<std::pair<std::string, EventHandler>> handlers;
  std::vector<DisconnectHandler> disconnect_handlers;
  std::map<std::uint64_t, std::unique_ptr<PendingAck>> acks;
  std::uint64_t next_ack = 0;
};

Socket::Socket(Client& client, Hub& hub, Id id, Json auth)
    : client_(client), hub_(hub), id_(id), auth_(std::move(auth)) {}

Socket::~Socket() {
  hub_.remove(*this);
}

Socket::Extras& Socket::extras() {
  if (!extras_) extras_ = std::make_unique<Extras>();
  return *extras_;
}

SocketRef Socket::ref() const {
  return SocketRef(hub_, id_);
}
const Handshake& Socket::handshake() const {
  return client_.handshake();
}

void Socket::add_handler(std::string event, EventHandler handler) {
  extras().handlers.emplace_back(std::move(event), std::move(handler));
}

void Socket::on_disconnect(DisconnectHandler handler) {
  extras().disconnect_handlers.push_back(std::move(handler));
}

void Socket::emit_arguments(std::string_view event, Arguments arguments, bool is_volatile) {
  if (state_ != State::connected || (is_volatile && !client_.is_writable())) return;
  client_.send(
      encode_event(hub_.space().name(), std::nullopt, event, arguments, client_.encoding()));
}

void Socket::emit_arguments_with_ack(std::string_view event, Arguments arguments,
                                     std::chrono::milliseconds timeout, AckHandler answer) {
  if (state_ != State::connected) return answer(Error("disconnected", "the socket has left"));
  Extras& own = extras();
  const std::uint64_t id = own.next_ack++;
  auto pending = std::make_unique<PendingAck>();
  pending->socket = this;
  pending->id = id;
  pending->answer = std::move(answer);
  net::Shard& shard = hub_.shard();
  shard.timers().arm(
      pending->timer, shard.now() + timeout,
      [](void* at) {
        const auto* late = static_cast<PendingAck*>(at);
        late->socket->on_ack_timeout(late->id);
      },
      pending.get());
  own.acks.emplace(id, std::move(pending));
  client_.send(encode_event(hub_.space().name(), id, event, arguments, client_.encoding()));
}

void Socket::on_ack_timeout(std::uint64_t ack_id) {
  const auto node = extras_->acks.extract(ack_id);
  node.mapped()->answer(Error("timeout", "operation has timed out"));
}

void Socket::on_ack(Packet packet) {
  if (!extras_) return;
  // An unknown id is one that was answered before, or never asked: ignored, as the reference does.
  auto node = extras_->acks.extract(*packet.id);
  if (node.empty()) return;
  node.mapped()->timer.cancel();
  node.mapped()->answer(Args(std::move(packet.data.as_array()), std::move(packet.attachments)));
}

void Socket::answer(std::uint64_t ack_id, Arguments arguments) {
  if (state_ != State::connected) return;
  client_.send(encode_ack(hub_.space().name(), ack_id, arguments, client_.encoding()));
}

void Socket::on_event(Packet packet) {
  JsonArray& values = packet.data.as_array();
  const std::string event(values.front().as_string());
  values.erase(values.begin());
  const Args args(std::move(values), std::move(packet.attachments));
  const Ack ack = packet.id ? Ack(ref(), *packet.id) : Ack();
  const auto& shared = hub_.space().handlers_;
  for (auto [next, end] = shared.equal_range(event); next != end; ++next) {
    if (state_ != State::connected) return;
    next->second(*this, args, ack);
  }
  if (!extras_) return;
  // By index: a handler may add handlers.
  for (std::size_t i = 0; i < extras_->handlers.size() && state_ == State::connected; ++i) {
    if (extras_->handlers[i].first != event) continue;
    const EventHandler handler = extras_->handlers[i].second;
    handler(*this, args, ack);
  }
}

void Socket::join(std::string_view room) {
  if (state_ != State::disconnected) hub_.join(*this, room);
}

void Socket::leave(std::string_view room) {
  if (state_ != State::disconnected) hub_.leave(*this, room);
}

std::vector<std::string> Socket::rooms() const {
  std::vector<std::string> names;
  if (state_ == State::disconnected) return names;
  names.emplace_back(id());
  for (const Membership& membership : memberships_) names.push_back(membership.room->name);
  return names;
}

BroadcastOperator Socket::broadcast() const {
  return BroadcastOperator(hub_.space(), Audience{}).except(std::string(id()));
}
BroadcastOperator Socket::to(std::string room) const {
  return broadcast().to(std::move(room));
}
BroadcastOperator Socket::except(std::string room) const {
  return broadcast().except(std::move(room));
}

void Socket::disconnect(bool close) {
  if (close) return client_.disconnect();
  if (state_ != State::connected) return;
  client_.send(encode_control(PacketType::disconnect, hub_.space().name(), nullptr));
  become_disconnected("server namespace disconnect");
}

void Socket::become_disconnected(std::string_view reason) {
  if (state_ == State::disconnected) return;
  const bool was_connected = state_ == State::connected;
  hub_.remove(*this);
  state_ = State::disconnected;
  client_.drop(*this);  // Destroyed behind this turn.
  if (extras_) {
    for (auto& [id, pending] : std::exchange(extras_->acks, {})) {
      pending->timer.cancel();
      pending->answer(Error("disconnected", "the socket has left"));
    }
  }
  if (!was_connected) return;
  for (const DisconnectHandler& handler : hub_.space().disconnect_handlers_) {
    handler(*this, reason);
  }
  if (!extras_) return;
  for (const DisconnectHandler& handler : std::exchange(extras_->disconnect_handlers, {})) {
    handler(*this, reason);
  }
}

}  // namespace coterie::socketio
