// What other servers ask of this one and order it to do, whichever wire it came over.
// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>

#include "redis/saying.hpp"
#include "socketio/broadcast.hpp"

namespace coterie::redis {

using Respond = std::function<void(Answer)>;

// Of all namespaces of a server.
class Serving {
 public:
  // The sockets of this server that are meant.
  static socketio::BroadcastOperator local_sockets(const std::shared_ptr<socketio::Namespace>& here,
                                                   const socketio::Audience& audience,
                                                   const socketio::EmitFlags& flags = {});

  // `respond` may be called by any thread, for as long as it lives; not at all when nobody waits.
  void serve(const std::shared_ptr<socketio::Namespace>& here, const Request& request,
             const Respond& respond) const;
  // How many questions to our clients are open.
  std::size_t relayed() const { return *relayed_; }

 private:
  void ask_clients(const std::shared_ptr<socketio::Namespace>& here, const Request& request,
                   const Respond& respond) const;

  const std::shared_ptr<std::atomic<std::size_t>> relayed_ =
      std::make_shared<std::atomic<std::size_t>>(0);
};

}  // namespace coterie::redis
