// Listeners: what an application has registered for all sockets of a namespace.
//
// Register before the shards run (for the child of a parent: when it is made): from then on every
// shard reads them without a lock. Handlers are called on the shard of the socket they are about,
// so on several threads at once.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "socketio/handlers.hpp"

namespace coterie::socketio {

class Listeners {
 public:
  // Middlewares see a socket before it is connected, in the order they were added; they may wait.
  // In one, a socket may already join rooms, but hears nothing until it is connected.
  Listeners& use(Middleware middleware);
  // After the client has been told that it is connected.
  Listeners& on_connect(ConnectHandler handler);
  // When a socket is about to leave, its rooms still there, and when it has left them.
  Listeners& on_disconnecting(DisconnectHandler handler);
  Listeners& on_disconnect(DisconnectHandler handler);

  // For this event of every socket: costs nothing per socket. Handlers of the socket run after it.
  template <class F>
  Listeners& on(std::string event, F handler) {
    handlers_[std::move(event)].push_back(event_handler(std::move(handler)));
    return *this;
  }
  // For every event of every socket, before its middlewares and handlers.
  Listeners& on_any(AnyHandler handler);
  // For what another node says with server_side_emit().
  Listeners& on_server_event(std::string event, ServerEventHandler handler);

 private:
  friend class Client;
  friend class Namespace;
  friend class Socket;

  std::vector<Middleware> middlewares_;
  std::vector<ConnectHandler> connect_handlers_;
  std::vector<DisconnectHandler> disconnecting_handlers_;
  std::vector<DisconnectHandler> disconnect_handlers_;
  std::vector<AnyHandler> any_handlers_;
  std::unordered_map<std::string, std::vector<EventHandler>> handlers_;
  std::unordered_map<std::string, ServerEventHandler> server_handlers_;
};

}  // namespace coterie::socketio
