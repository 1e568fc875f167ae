// Who shall hear: the sockets of any of these rooms, but those of any of those.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace coterie::socketio {

struct Audience {
  std::vector<std::string> rooms;   // Union; empty means the whole namespace.
  std::vector<std::string> except;  // A socket's id is the name of a room of its own.
};

}  // namespace coterie::socketio
