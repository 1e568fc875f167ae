// How sockets are served, alone or as one of several servers: with Redis and a database server, all
// that have the same Redis (and the same channel prefix) are one chat.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "app/config.hpp"
#include "socketio/server.hpp"

namespace coterie::app {

// The link to the other servers, which connects by itself; null when we are alone. `on_hearing`:
// see redis::PubSubOptions.
std::shared_ptr<socketio::Adapter> make_adapter(const Config& config,
                                                std::function<void(bool)> on_hearing);
socketio::ServerOptions socket_options(const Config& config,
                                       std::shared_ptr<socketio::Adapter> adapter);

// What operators know this server by.
std::string node_name(const Config& config, std::uint16_t port);

}  // namespace coterie::app
