// SPDX-License-Identifier: MIT
#include "socketio/socket_ref.hpp"

#include "net/shard.hpp"
#include "socketio/hub.hpp"

namespace coterie::socketio {

void SocketRef::run(std::function<void(Socket&)> fn) const {
  if (!hub_) return;
  hub_->shard().post([hub = hub_, id = id_, birth = birth_, fn = std::move(fn)] {
    if (Socket* socket = hub->find(id, birth)) fn(*socket);
  });
}

void SocketRef::dispatch(std::function<void(Socket&)> fn) const {
  // While a hub hands out what it has, nothing may come in between.
  if (!hub_ || !hub_->shard().is_here() || hub_->is_draining()) return run(std::move(fn));
  if (Socket* socket = hub_->find(id_, birth_)) fn(*socket);
}

}  // namespace coterie::socketio
