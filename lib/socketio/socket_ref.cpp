// SPDX-License-Identifier: MIT
#include "socketio/socket_ref.hpp"

#include "net/shard.hpp"
#include "socketio/hub.hpp"

namespace coterie::socketio {

void SocketRef::call(Hub& hub, const Id& id, std::uint64_t birth,
                     const std::function<void(Socket&)>& fn, const std::function<void()>& gone) {
  if (Socket* socket = hub.find(id, birth)) {
    fn(*socket);
  } else if (gone) {
    gone();
  }
}

void SocketRef::run(std::function<void(Socket&)> fn) const {
  if (!hub_) return;
  hub_->shard().post([hub = hub_, id = id_, birth = birth_, fn = std::move(fn)] {
    call(*hub, id, birth, fn, {});
  });
}

void SocketRef::dispatch(std::function<void(Socket&)> fn) const {
  dispatch(std::move(fn), {});
}

void SocketRef::dispatch(std::function<void(Socket&)> fn, std::function<void()> gone) const {
  if (!hub_) return;
  // While a hub hands out what it has, nothing may come in between.
  if (hub_->shard().is_here() && !hub_->is_draining()) return call(*hub_, id_, birth_, fn, gone);
  hub_->shard().post([hub = hub_, id = id_, birth = birth_, fn = std::move(fn),
                      gone = std::move(gone)] { call(*hub, id, birth, fn, gone); });
}

}  // namespace coterie::socketio
