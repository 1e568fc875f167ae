// What the official JavaScript client's own tests expect of a server: see client_fixture.cpp.
// SPDX-License-Identifier: MIT
#pragma once

#include "socketio/server.hpp"

// Registers the namespaces and events of those tests, beside what is registered already.
void add_client_fixture(coterie::socketio::Server& server);

// The options that they expect: heartbeats of two seconds, recovery, and every handshake delayed by
// ten milliseconds so that the client's timeouts can be told from luck.
coterie::socketio::ServerOptions client_fixture_options();
