// What servers tell each other about a socket, as JSON: {id, handshake, rooms, data}.
//
//   handshake = {headers: {name: value}, time, address, xdomain, secure, issued, url, query, auth}
//
// Source: the handshake of a socket in the Socket.IO server API; "time" is a Date as JavaScript
// prints it, "issued" the same in milliseconds, names of headers are in lower case.
// SPDX-License-Identifier: MIT
#pragma once

#include <optional>

#include "base/json.hpp"
#include "socketio/remote_socket.hpp"

namespace coterie::redis {

Json to_json(const socketio::RemoteSocket& socket);
// nullopt without an id. What else is missing or malformed is left out.
std::optional<socketio::RemoteSocket> to_remote_socket(const Json& value);

}  // namespace coterie::redis
