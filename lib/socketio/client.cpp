// SPDX-License-Identifier: MIT
#include "socketio/client.hpp"

#include <algorithm>
#include <utility>

#include "base/utf8.hpp"
#include "net/http.hpp"
#include "net/shard.hpp"
#include "socketio/adapter.hpp"
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
  // The first packet is a CONNECT: who has not been let in makes us keep no attachments.
  if (!*packet && !has_joined_) return session_.close();
  if (*packet) {
    if (has_joined_) timer_.cancel();
    return on_packet(std::move(**packet));
  }
  if (!timer_.is_armed()) {
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

// -- joining a namespace --------------------------------------------------------------------------

void Client::on_connect(Packet packet) {
  if (is_old()) take_query(packet);
  if (find(packet.nsp) || sockets_.size() >= server_.options_.limits.namespaces_per_client) {
    return session_.close();
  }
  Json auth = packet.data.is_object() ? std::move(packet.data) : Json(JsonObject());
  const auto space = server_.namespaces_.visit(packet.nsp, auth);
  if (!space) return refuse(packet.nsp, {"Invalid namespace", {}});
  Hub& hub = space->hub(net::Shard::here()->index());
  const Id id = Id::random(space->surroundings_.random);
  sockets_.push_back(std::make_unique<Socket>(*this, hub, id, std::move(auth)));
  Socket& socket = *sockets_.back();
  hub.add(socket);
  const auto claim = space->is_recoverable() ? claim_of(socket.auth()) : std::nullopt;
  if (claim) return ask_for(*claim, socket, true);
  run_middlewares(socket, 0);
}

void Client::run_middlewares(Socket& socket, std::size_t stage) {
  const auto& middlewares = socket.hub_.space().middlewares_;
  if (stage == middlewares.size()) return welcome(socket);
  middlewares[stage](socket, Next([ref = socket.ref(), stage](std::optional<ConnectError> error) {
                       ref.dispatch([stage, error = std::move(error)](Socket& resumed) {
                         if (error) return resumed.client_.refuse(resumed, *error);
                         resumed.client_.run_middlewares(resumed, stage + 1);
                       });
                     }));
}

void Client::refuse(Socket& socket, const ConnectError& error) {
  refuse(socket.hub_.space().name(), error);
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
  Hub& hub = socket.hub_;
  Namespace& space = hub.space();
  if (socket.is_recovered()) {
    if (!socket.catch_up()) return session_.close();
  } else if (!hub.connect(socket)) {
    return;
  }
  if (!has_joined_) {
    has_joined_ = true;
    timer_.cancel();
  }
  JsonObject body{{"sid", socket.id()}};
  if (space.is_recoverable()) body["pid"] = socket.pid().view();
  send(encode_control(PacketType::connect, space.name(), is_old() ? Json() : Json(body)));
  for (const ConnectHandler& handler : space.connect_handlers_) {
    if (!socket.is_connected()) return;
    handler(socket);
  }
}

// -- recovery -------------------------------------------------------------------------------------

std::optional<Client::Claim> Client::claim_of(const Json& auth) {
  const Json* pid = auth.get_object().if_contains("pid");
  if (!pid || !pid->is_string()) return std::nullopt;
  const auto id = Id::parse(pid->get_string());
  if (!id) return std::nullopt;
  const Json* offset = auth.get_object().if_contains("offset");
  if (!offset || offset->is_null()) return Claim{*id, {}};
  const auto told = offset->is_string() ? Offset::parse(offset->get_string()) : std::nullopt;
  return told ? std::optional(Claim{*id, *told}) : std::nullopt;
}

void Client::ask_for(const Claim& claim, Socket& socket, bool may_be_here) {
  Namespace& space = socket.hub_.space();
  Adapter& adapter = space.surroundings_.adapter;
  adapter.take(claim.pid, space.name(), socket.begin_asking(),
               [ref = socket.ref(), claim, may_be_here,
                &adapter](const std::optional<SavedSession>& session) {
                 const auto use = [claim, may_be_here, session](Socket& asking) {
                   asking.end_asking();
                   if (session) return asking.client_.resume(asking, claim, *session);
                   if (may_be_here && asking.client_.take_over(asking, claim)) return;
                   asking.client_.run_middlewares(asking, 0);
                 };
                 // A client that is lost again while it waits may still come back for it.
                 ref.dispatch(use, [session, &adapter] {
                   if (session) adapter.save(*session);
                 });
               });
}

// The connection of before may be dead without our having noticed, as when a phone changes
// networks: whoever knows its pid is its client, so it ends now and leaves its session.
bool Client::take_over(Socket& socket, const Claim& claim) {
  Namespace& space = socket.hub_.space();
  return space.evict(claim.pid, [ref = socket.ref(), claim] {
    ref.run([claim](Socket& asking) { asking.client_.ask_for(claim, asking, false); });
  });
}

void Client::resume(Socket& socket, const Claim& claim, SavedSession session) {
  // What came before it connected was not for it, whatever it says.
  session.offset = std::max(session.offset, claim.offset);
  if (!socket.hub_.space().remembers(session.offset)) return run_middlewares(socket, 0);
  socket.resume(std::move(session));
  if (server_.options_.recovery->skip_middlewares) return welcome(socket);
  run_middlewares(socket, 0);
}

// -- the end --------------------------------------------------------------------------------------

void Client::end(std::string_view reason) {
  session_.end(reason);
}

// Each farewell may run code that disconnects others, or this one again. All are there to the end
// of the turn, and to those that have left nothing happens any more.
std::vector<Socket*> Client::all_sockets() const {
  std::vector<Socket*> all;
  for (const auto& socket : sockets_) all.push_back(socket.get());
  return all;
}

void Client::disconnect() {
  for (Socket* socket : all_sockets()) {
    // One that is not let in yet hears of nothing; but it must not come back for its session.
    socket->is_connected() ? socket->disconnect(false)
                           : socket->become_disconnected("server namespace disconnect");
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
  for (Socket* socket : all_sockets()) socket->become_disconnected(reason);
}

}  // namespace coterie::socketio
