// SPDX-License-Identifier: MIT
#include "socketio/hub.hpp"

#include "base/shrink.hpp"
#include "net/shard.hpp"
#include "socketio/client.hpp"
#include "socketio/namespace.hpp"
#include "socketio/socket.hpp"

namespace coterie::socketio {

void Hub::add(Socket& socket) {
  sockets_.emplace(socket.id_, &socket);
}

void Hub::set_connected(Socket& socket) {
  socket.state_ = Socket::State::connected;
  connected_.fetch_add(1, std::memory_order_relaxed);
}

void Hub::remove(Socket& socket) {
  if (sockets_.erase(socket.id_) == 0) return;
  shrink_if_sparse(sockets_);
  rooms_.leave_all(socket.memberships_);
  if (socket.state_ == Socket::State::connected) {
    connected_.fetch_sub(1, std::memory_order_relaxed);
  }
}

Socket* Hub::find(const Id& id) const {
  const auto found = sockets_.find(id);
  return found == sockets_.end() ? nullptr : found->second;
}

void Hub::join(Socket& socket, std::string_view room) {
  // Every socket is in the room of its own name without any record of it.
  if (room != socket.id()) rooms_.join(socket, socket.memberships_, room);
}

void Hub::leave(Socket& socket, std::string_view room) {
  rooms_.leave(socket.memberships_, room);
}

void Hub::drain() {
  if (is_draining_) return;
  is_draining_ = true;
  for (;;) {
    namespace_.take(inbox_, draining_);
    if (draining_.empty()) break;
    for (const auto& envelope : draining_) carry_out(*envelope);
    draining_.clear();
  }
  is_draining_ = false;
}

void Hub::carry_out(const Envelope& envelope) {
  if (envelope.verb == Envelope::Verb::emit) return deliver(envelope);
  // These may run the application's code, which may change who is where: by id, one by one.
  std::vector<Id> ids;
  each_of(envelope.audience, [&ids](Socket& socket) { ids.push_back(socket.id_); });
  for (const Id& id : ids) {
    Socket* socket = find(id);
    if (!socket) continue;
    switch (envelope.verb) {
      case Envelope::Verb::join:
        join(*socket, envelope.room);
        break;
      case Envelope::Verb::leave:
        leave(*socket, envelope.room);
        break;
      case Envelope::Verb::disconnect:
        socket->disconnect(false);
        break;
      case Envelope::Verb::close:
        socket->disconnect(true);
        break;
      case Envelope::Verb::for_each:
        envelope.fn(*socket);
        break;
      case Envelope::Verb::emit:
        break;
    }
  }
}

void Hub::deliver(const Envelope& envelope) {
  const Audience& audience = envelope.audience;
  const auto send_to = [&](Socket& socket) { send(socket, envelope); };
  // The common case by far: one room, nobody spared, nobody met twice.
  if (audience.rooms.size() == 1 && audience.except.empty()) {
    return each_in_room(audience.rooms.front(), send_to);
  }
  each_of(audience, send_to);
}

void Hub::send(Socket& socket, const Envelope& envelope) {
  if (socket.state_ != Socket::State::connected) return;
  Client& client = socket.client_;
  if (envelope.is_volatile && !client.is_writable()) return;
  client.send(*envelope.frames);
}

template <class Use>
void Hub::each_in_room(const std::string& name, Use&& use) {
  if (const Room* room = rooms_.find(name)) {
    for (const Room::Member& member : room->members) use(*member.socket);
  } else if (const auto id = Id::parse(name)) {
    if (Socket* socket = find(*id)) use(*socket);
  }
}

template <class Use>
void Hub::each_of(const Audience& audience, Use&& use) {
  const std::uint64_t mark = ++mark_;
  for (const std::string& room : audience.except) {
    each_in_room(room, [mark](Socket& socket) { socket.mark_ = mark; });
  }
  const auto once = [&](Socket& socket) {
    if (socket.mark_ == mark) return;
    socket.mark_ = mark;
    use(socket);
  };
  if (audience.rooms.empty()) {
    for (const auto& [id, socket] : sockets_) once(*socket);
  } else {
    for (const std::string& room : audience.rooms) each_in_room(room, once);
  }
}

}  // namespace coterie::socketio
