// SPDX-License-Identifier: MIT
#include "socketio/listeners.hpp"

namespace coterie::socketio {

Listeners& Listeners::use(Middleware middleware) {
  middlewares_.push_back(std::move(middleware));
  return *this;
}

Listeners& Listeners::on_connect(ConnectHandler handler) {
  connect_handlers_.push_back(std::move(handler));
  return *this;
}

Listeners& Listeners::on_disconnecting(DisconnectHandler handler) {
  disconnecting_handlers_.push_back(std::move(handler));
  return *this;
}

Listeners& Listeners::on_disconnect(DisconnectHandler handler) {
  disconnect_handlers_.push_back(std::move(handler));
  return *this;
}

Listeners& Listeners::on_any(AnyHandler handler) {
  any_handlers_.push_back(std::move(handler));
  return *this;
}

Listeners& Listeners::on_server_event(std::string event, ServerEventHandler handler) {
  server_handlers_[std::move(event)] = std::move(handler);
  return *this;
}

}  // namespace coterie::socketio
