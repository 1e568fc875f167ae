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

// What was found. All there is, unless servers are missing: they had not answered in time.
struct RemoteSockets : std::vector<RemoteSocket> {
  std::size_t missing_servers = 0;
};

using SocketsHandler = std::function<void(RemoteSockets)>;

}  // namespace coterie::socketio
