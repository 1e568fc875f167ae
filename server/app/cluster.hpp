// How sockets are served, alone or as one of several servers: with Redis and a database server, all
// that have the same Redis (and the same channel prefix) are one chat.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "app/config.hpp"
#include "base/result.hpp"
#include "socketio/server.hpp"

namespace coterie::app {

// The link to the other servers, which connects by itself; null when we are alone. `on_hearing` is
// called when they are heard from now on, and our clients may have missed something before;
// `may_have_lost`: theirs may have missed something of ours.
std::shared_ptr<socketio::Adapter> make_adapter(const Config& config,
                                                std::function<void(bool)> on_hearing);
socketio::ServerOptions socket_options(const Config& config,
                                       std::shared_ptr<socketio::Adapter> adapter);

// What operators know this server by.
std::string node_name(const Config& config, std::uint16_t port);
// Another server is there, too: a line in the log.
void note_other(std::string_view name, bool has_local_files);

// What signs: as it is set, or that of all servers of this chat, or our own. Who serves waits for
// Redis; where it is away commands do with their own, for what they would sign has its place there,
// too. Blocks.
Result<std::string> find_secret(const Config& config, bool is_serving);

}  // namespace coterie::app
