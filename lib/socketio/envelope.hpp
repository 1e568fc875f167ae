// What travels to every shard (and node) of a namespace: what to do, and for whom.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/id.hpp"
#include "socketio/audience.hpp"
#include "socketio/encoder.hpp"
#include "socketio/offset.hpp"

namespace coterie::socketio {

class AnswersListener;
class Socket;

// How an event is sent.
struct EmitFlags {
  bool is_volatile = false;                   // Dropped for clients that cannot take it right now.
  bool compress = true;                       // Where compression is on and worth it.
  bool is_local = false;                      // Not for the other nodes of the cluster.
  bool is_followed = false;                   // By what wakes the shards: they need not wake yet.
  std::chrono::milliseconds timeout{20'000};  // For the answer, where one is asked for.
};

struct Envelope {
  enum class Verb : unsigned char { emit, join, leave, disconnect, close, visit };

  Verb verb = Verb::emit;
  EmitFlags flags;
  Audience audience;
  std::optional<Id> alone;       // emit: to this socket, and not to others in the room of its name.
  std::optional<Frames> frames;  // emit
  Offset offset;                 // emit: its place in the log, when there is one.
  std::string room;              // join, leave

  // emit with ack: whom the sockets answer, and which id they use. Never leaves this node.
  std::uint64_t ack_id = 0;
  std::shared_ptr<AnswersListener> answers;

  // visit: called once on every shard with the audience there. Never leaves this node.
  std::function<void(const std::vector<Socket*>&)> visit;
};

}  // namespace coterie::socketio
