// Everything that the library offers beyond plain events, each behind an event that tests can call;
// tests/support/reference_features.mjs is the same on Node's server.
// SPDX-License-Identifier: MIT
#pragma once

namespace coterie::socketio {
class Server;
}

// Before the shards run.
void add_features(coterie::socketio::Server& server);
