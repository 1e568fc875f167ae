// The request that opened a session: what handlers may want to know about their client.
// SPDX-License-Identifier: MIT
#pragma once

#include "engineio/handshake.hpp"

namespace coterie::socketio {

using Handshake = engineio::Handshake;

}  // namespace coterie::socketio
