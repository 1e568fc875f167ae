// What travels to every shard (and node) of a namespace: what to do, and for whom.
// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "socketio/audience.hpp"
#include "socketio/encoder.hpp"

namespace coterie::socketio {

class Socket;

struct Envelope {
  enum class Verb : unsigned char { emit, join, leave, disconnect, close, for_each };

  Verb verb = Verb::emit;
  Audience audience;
  std::optional<Frames> frames;     // emit
  bool is_volatile = false;         // emit
  std::string room;                 // join, leave
  std::function<void(Socket&)> fn;  // for_each: never leaves this node.
};

}  // namespace coterie::socketio
