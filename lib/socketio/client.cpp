// SPDX-License-Identifier: MIT
#include "socketio/client.hpp"

#include <algorithm>
#include <utility>

#include "base/utf8.hpp"
#include "net/http.hpp"
#include "net/shard.hpp"
#include "socketio/hub.hpp"
#include "socketio/server.hpp"
#include "socketio/socket.hpp"

namespace coterie::socketio {

namespace {

// What an old client writes behind the namespace's name is what a new one sends as its auth.
void take_query(Packet& packet) {
  const std::size_t mark = packet.nsp.find('?');
  if (mark == std::string::npos) return;
  JsonObject auth;
  for (const auto& [name, value] : net::Query(std::string_view(packet.nsp).substr(mark + 1))) {
    if (is_utf8(name) && is_utf8(value)) auth[name] = value;
  }
  packet.data = std::move(auth);
  packet.nsp.resize(mark);
}

}  // namespace

Client::Client(Server& server, engineio::Session& session)
    : server_(server), session_(session), decoder_(server.options_.limits) {
  engineio::SessionOwner& owner = session.owner();
  owner.timers().arm<&Client::on_timeout>(timer_, owner.now() + server.options_.connect_timeout,
                                          this);
}

Client::~Client() = default;

void Client::on_timeout() {
  session_.close();
}

void Client::on_opened() {
  if (!is_old()) return;
  Packet implied;
  implied.type = PacketType::connect;
  on_connect(std::move(implied));
}

void Client::on_message(std::string_view message, bool is_binary) {
  auto packet = is_binary ? decoder_.on_binary(message) : decoder_.on_text(message);
  if (!packet) return session_.close();
  if (*packet) {
    if (has_joined_) timer_.cancel();
    return on_packet(std::move(**packet));
  }
  if (has_joined_ && !timer_.is_armed()) {
    engineio::SessionOwner& owner = session_.owner();
    owner.timers().arm<&Client::on_timeout>(
        timer_, owner.now() + server_.options_.limits.attachments_timeout, this);
  }
}

void Client::on_packet(Packet packet) {
  if (packet.type == PacketType::connect) return on_connect(std::move(packet));
  Socket* socket = find(packet.nsp);
  if (!socket || !socket->is_connected()) return session_.close();
  switch (packet.type) {
    case PacketType::event:
      return socket->on_event(std::move(packet));
    case PacketType::ack:
      return socket->on_ack(std::move(packet));
    case PacketType::disconnect:
      return socket->become_disconnected("client namespace disconnect");
    default:
      return session_.close();
  }
}

Socket* Client::find(std::string_view nsp) const {
  const auto found = std::ranges::find_if(
      sockets_, [nsp](const auto& socket) { return socket->hub_.space().name() == nsp; });
  return found == sockets_.end() ? nullptr : found->get();
}

void Client::on_connect(Packet packet) {
  if (is_old()) take_query(packet);
  Namespace* space = server_.find(packet.nsp);
  if (!space) return refuse(packet.nsp, {"Invalid namespace", {}});
  if (find(packet.nsp) || sockets_.size() >= server_.options_.limits.namespaces_per_client) {
    return session_.close();
  }
  Json auth = packet.data.is_object() ? std::move(packet.data) : Json(JsonObject());
  Hub& hub = space->hub(net::Shard::here()->index());
  sockets_.push_back(
      std::make_unique<Socket>(*this, hub, Id::random(space->random_), std::move(auth)));
  Socket& socket = *sockets_.back();
  hub.add(socket);
  run_middlewares(socket, 0);
}

void Client::run_middlewares(Socket& socket, std::size_t stage) {
  const auto& middlewares = socket.hub_.space().middlewares_;
  if (stage == middlewares.size()) return welcome(socket);
  middlewares[stage](socket, Next([ref = socket.ref(), stage](std::optional<ConnectError> error) {
                       ref.run([stage, error = std::move(error)](Socket& resumed) {
                         resumed.client_.resume(resumed, stage + 1, error);
                       });
                     }));
}

void Client::resume(Socket& socket, std::size_t stage, std::optional<ConnectError> error) {
  if (!error) return run_middlewares(socket, stage);
  refuse(socket.hub_.space().name(), *error);
  socket.become_disconnected("");
}

void Client::refuse(std::string_view nsp, const ConnectError& error) {
  if (is_old()) {
    const Json bare = error.data ? *error.data : Json(error.message);
    return send(encode_control(PacketType::connect_error, nsp, bare));
  }
  JsonObject body{{"message", error.message}};
  if (error.data) body["data"] = *error.data;
  send(encode_control(PacketType::connect_error, nsp, body));
}

void Client::welcome(Socket& socket) {
  if (!has_joined_) {
    has_joined_ = true;
    timer_.cancel();
  }
  Hub& hub = socket.hub_;
  hub.set_connected(socket);
  const Json reply = is_old() ? Json() : Json(JsonObject{{"sid", socket.id()}});
  send(encode_control(PacketType::connect, hub.space().name(), reply));
  for (const ConnectHandler& handler : hub.space().connect_handlers_) {
    if (!socket.is_connected()) return;
    handler(socket);
  }
}

void Client::disconnect() {
  // By id: each farewell may run code that disconnects others.
  std::vector<SocketRef> refs;
  for (const auto& socket : sockets_) refs.push_back(socket->ref());
  for (const SocketRef& ref : refs) {
    const auto found = std::ranges::find_if(
        sockets_, [&ref](const auto& socket) { return socket->id_ == ref.id(); });
    if (found != sockets_.end()) (*found)->disconnect(false);
  }
  session_.close();
}

void Client::drop(Socket& socket) {
  const auto found =
      std::ranges::find_if(sockets_, [&](const auto& each) { return each.get() == &socket; });
  if (found == sockets_.end()) return;
  socket.hub_.shard().bury(std::move(*found));
  sockets_.erase(found);
}

void Client::on_closed(std::string_view reason) {
  timer_.cancel();
  while (!sockets_.empty()) sockets_.back()->become_disconnected(reason);
}

}  // namespace coterie::socketio
