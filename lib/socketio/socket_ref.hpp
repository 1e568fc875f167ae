// SocketRef: a socket's address. A value that outlives the socket and may be used by any thread.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "base/id.hpp"

namespace coterie::socketio {

class Hub;
class Socket;

class SocketRef {
 public:
  SocketRef() = default;
  SocketRef(std::shared_ptr<Hub> hub, Id id, std::uint64_t birth)
      : hub_(std::move(hub)), id_(id), birth_(birth) {}

  const Id& id() const { return id_; }

  // Runs fn(socket) on the socket's shard, soon; not at all when the socket has left by then, be
  // there another one of its id, recovered. A socket whose middleware has not finished yet is
  // found, too. Valid while its Server lives.
  void run(std::function<void(Socket&)> fn) const;
  // The same, but at once when this is the socket's shard: what is said next comes behind.
  void dispatch(std::function<void(Socket&)> fn) const;
  // Calls gone(), there, when the socket has left by then.
  void dispatch(std::function<void(Socket&)> fn, std::function<void()> gone) const;

 private:
  static void call(Hub& hub, const Id& id, std::uint64_t birth,
                   const std::function<void(Socket&)>& fn, const std::function<void()>& gone);

  std::shared_ptr<Hub> hub_;  // Outlives its namespace, if need be: there are no sockets then.
  Id id_;
  std::uint64_t birth_ = 0;
};

}  // namespace coterie::socketio
