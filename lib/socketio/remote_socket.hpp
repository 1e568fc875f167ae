// RemoteSocket: what is known of a socket, wherever it lives. A value; what to do with it goes
// through its id: space.to(std::string(socket.id)).emit(…).
// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "socketio/handshake.hpp"

namespace coterie::socketio {

struct RemoteSocket {
  std::string id;
  std::vector<std::string> rooms;  // Its own id included.
  Json data;
  Handshake handshake;
  Json auth;
};

using SocketsHandler = std::function<void(std::vector<RemoteSocket>)>;

}  // namespace coterie::socketio
