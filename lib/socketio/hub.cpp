// SPDX-License-Identifier: MIT
#include "socketio/hub.hpp"

#include <unordered_set>
#include <utility>

#include "base/shrink.hpp"
#include "net/shard.hpp"
#include "socketio/adapter.hpp"
#include "socketio/client.hpp"
#include "socketio/namespace.hpp"
#include "socketio/socket.hpp"

namespace coterie::socketio {

void Hub::add(Socket& socket) {
  socket.birth_ = ++births_;
  sockets_.emplace(socket.id_, &socket);
}

bool Hub::connect(Socket& socket) {
  COTERIE_CHECK(!is_draining());
  if (namespace_.is_recoverable()) {
    // What is on its way here came before: it is not for this socket, then or later.
    std::optional<Offset> last;
    while (!last) {
      drain();
      // What came in may have sent it away.
      if (socket.state_ != Socket::State::connecting) return false;
      last = namespace_.last_offset(inbox_);
    }
    socket.begin_session(Id::random(namespace_.surroundings_.random), *last);
  }
  set_connected(socket);
  return true;
}

void Hub::set_connected(Socket& socket) {
  socket.state_ = Socket::State::connected;
  connected_.fetch_add(1, std::memory_order_relaxed);
}

void Hub::remove(Socket& socket) {
  const auto found = sockets_.find(socket.id_);
  // A successor of the same id, recovered, may be here by the time the old one is destroyed.
  if (found == sockets_.end() || found->second != &socket) return;
  sockets_.erase(found);
  shrink_if_sparse(sockets_);
  rooms_.leave_all(socket.memberships_);
  if (socket.state_ == Socket::State::connected || socket.state_ == Socket::State::leaving) {
    connected_.fetch_sub(1, std::memory_order_relaxed);
  }
  if (socket.has_session()) namespace_.remove_holder(socket.pid(), shard_.index());
  expect_no_answer_of(socket);
}

void Hub::rename(Socket& socket, const Id& id) {
  sockets_.erase(socket.id_);
  socket.id_ = id;
  sockets_.emplace(id, &socket);
}

void Hub::evict(const Id& id) {
  if (Socket* ghost = find(id)) ghost->client_.end("transport close");
}

Socket* Hub::find(const Id& id) const {
  const auto found = sockets_.find(id);
  return found == sockets_.end() ? nullptr : found->second;
}

Socket* Hub::find(const Id& id, std::uint64_t birth) const {
  Socket* socket = find(id);
  return socket && socket->birth_ == birth ? socket : nullptr;
}

void Hub::join(Socket& socket, std::string_view room) {
  // Every socket is in the room of its own name without any record of it.
  if (room != socket.id()) rooms_.join(socket, socket.memberships_, room);
}

void Hub::leave(Socket& socket, std::string_view room) {
  rooms_.leave(socket.memberships_, room);
}

void Hub::drain() {
  if (drains_ == drains_max) return;
  ++drains_;
  for (;;) {
    while (drained_ < draining_.size()) {
      const auto envelope = std::move(draining_[drained_++]);
      carry_out(*envelope);
    }
    draining_.clear();
    drained_ = 0;
    namespace_.take(*this, draining_);
    if (draining_.empty()) break;
  }
  --drains_;
}

void Hub::carry_out(const Envelope& envelope) {
  if (envelope.verb == Envelope::Verb::emit) {
    envelope.answers ? deliver_and_ask(envelope) : deliver(envelope);
    // Only now may code of the application run.
    for (Socket* socket : std::exchange(watched_, {})) socket->tell_outgoing(*envelope.frames);
    return;
  }
  // These may run the application's code, which may change who is where. What ends meanwhile is
  // destroyed behind this turn: pointers stay good.
  std::vector<Socket*> sockets;
  each_of(envelope.audience, [&sockets](Socket& socket) { sockets.push_back(&socket); });
  if (envelope.verb == Envelope::Verb::visit) return envelope.visit(sockets);
  for (Socket* socket : sockets) {
    switch (envelope.verb) {
      case Envelope::Verb::join:
        socket->join(envelope.room);
        break;
      case Envelope::Verb::leave:
        socket->leave(envelope.room);
        break;
      case Envelope::Verb::disconnect:
        socket->disconnect(false);
        break;
      case Envelope::Verb::close:
        socket->disconnect(true);
        break;
      case Envelope::Verb::emit:
      case Envelope::Verb::visit:
        break;
    }
  }
}

void Hub::deliver(const Envelope& envelope) {
  const Audience& audience = envelope.audience;
  const auto send_to = [&](Socket& socket) { send(socket, envelope); };
  if (envelope.alone) {
    if (Socket* socket = find(*envelope.alone)) send_to(*socket);
    return;
  }
  // The common case by far: one room, nobody spared, nobody met twice.
  if (audience.rooms.size() == 1 && audience.except.empty()) {
    return each_in_room(audience.rooms.front(), send_to);
  }
  each_of(audience, send_to);
}

void Hub::deliver_and_ask(const Envelope& envelope) {
  auto asked = std::make_unique<Asked>(*this, envelope.ack_id, envelope.answers);
  each_of(envelope.audience, [&](Socket& socket) {
    if (send(socket, envelope)) asked->waiting.insert(socket.id_);
  });
  const std::size_t count = asked->waiting.size();
  if (count > 0) {
    shard_.timers().arm(
        asked->timer, shard_.now() + envelope.flags.timeout,
        [](void* at) {
          auto* late = static_cast<Asked*>(at);
          const auto node = late->hub.asked_.extract(late->id);
          node.mapped()->answers->on_timeout();
        },
        asked.get());
    asked_.emplace(envelope.ack_id, std::move(asked));
  }
  envelope.answers->on_asked(count);
}

void Hub::on_broadcast_ack(const Socket& socket, std::uint64_t id, Args args) {
  const auto found = asked_.find(id);
  if (found == asked_.end() || found->second->waiting.erase(socket.id_) == 0) return;
  const auto answers = found->second->answers;
  if (found->second->waiting.empty()) asked_.erase(found);
  answers->on_answer(std::move(args));
}

void Hub::expect_no_answer_of(const Socket& socket) {
  std::erase_if(asked_, [&](const auto& each) {
    Asked& asked = *each.second;
    // Told later: its handler may do anything, and this socket is in the middle of leaving.
    if (asked.waiting.erase(socket.id_) > 0 && shard_.is_here()) {
      shard_.defer([answers = asked.answers] { answers->on_left(); });
    }
    return asked.waiting.empty();
  });
}

bool Hub::send(Socket& socket, const Envelope& envelope) {
  if (socket.state_ != Socket::State::connected) return false;
  Client& client = socket.client_;
  if (envelope.flags.is_volatile && !client.is_writable()) return false;
  client.send(*envelope.frames);
  // Only this shard writes it: no need for the dear kind of addition.
  delivered_.store(delivered_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  if (socket.is_watched_) watched_.push_back(&socket);
  return true;
}

bool Hub::catch_up(Socket& socket, const Offset& offset) {
  COTERIE_CHECK(!is_draining());
  Offset reached = offset;
  for (bool is_all = false; !is_all;) {
    drain();
    // What came in may have sent it away, or into another room.
    if (socket.state_ != Socket::State::connecting) return false;
    const auto missed = namespace_.missed_since(reached, inbox_);
    if (!missed) return false;
    const std::vector<std::string> rooms = socket.rooms();
    const std::unordered_set<std::string_view> heard_rooms(rooms.begin(), rooms.end());
    for (const auto& envelope : missed->events) {
      if (concerns(*envelope, socket.id_, heard_rooms)) socket.client_.send(*envelope->frames);
      reached = envelope->offset;
    }
    is_all = missed->is_all;
  }
  set_connected(socket);
  return true;
}

template <class Use>
void Hub::each_in_room(const std::string& name, Use&& use) {
  if (const Room* room = rooms_.find(name)) {
    for (const Room::Member& member : room->members) use(*member.socket);
  }
  // Who bears the room's name is in it without any record of it, whoever else has joined it.
  if (const auto id = Id::parse(name)) {
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
