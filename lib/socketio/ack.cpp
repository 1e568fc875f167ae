// SPDX-License-Identifier: MIT
#include "socketio/ack.hpp"

#include <atomic>

#include "socketio/socket.hpp"

namespace coterie::socketio {

struct Ack::Pending {
  SocketRef socket;
  std::uint64_t id;
  std::atomic<bool> is_used = false;
};

Ack::Ack(SocketRef socket, std::uint64_t id) : pending_(std::make_shared<Pending>()) {
  pending_->socket = socket;
  pending_->id = id;
}

Ack::operator bool() const {
  return pending_ && !pending_->is_used;
}

void Ack::send(Arguments arguments) const {
  if (!pending_ || pending_->is_used.exchange(true)) return;
  // On its shard at once, so that what the handler emits next comes behind its answer.
  pending_->socket.dispatch([id = pending_->id, arguments = std::move(arguments)](Socket& socket) {
    socket.answer(id, arguments);
  });
}

}  // namespace coterie::socketio
