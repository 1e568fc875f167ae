// SPDX-License-Identifier: MIT
#include "socketio/socket_ref.hpp"

#include "net/shard.hpp"
#include "socketio/hub.hpp"

namespace coterie::socketio {

void SocketRef::run(std::function<void(Socket&)> fn) const {
  if (!hub_) return;
  hub_->shard().post([hub = hub_, id = id_, fn = std::move(fn)] {
    if (Socket* socket = hub->find(id)) fn(*socket);
  });
}

}  // namespace coterie::socketio
