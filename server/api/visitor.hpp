// Visitor: what is kept for each socket, who its user is first of all; and what all that is said to
// one has in common.
// SPDX-License-Identifier: MIT
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "api/live_sessions.hpp"
#include "base/pace.hpp"
#include "base/result.hpp"
#include "chat/actor.hpp"
#include "socketio/ack.hpp"
#include "socketio/socket.hpp"

namespace coterie::api {

// What a socket's local() holds.
struct Visitor {
  std::optional<chat::Actor> actor;
  LiveSessions::Pass pass;
  // What a socket has asked keeps its turn until its last copy is gone: then comes the next.
  using Turn = std::shared_ptr<const void>;
  using Work = std::function<void(Turn)>;
  struct Waiting {
    Work work;
    socketio::Ack ack;
  };
  std::shared_ptr<std::deque<Waiting>> waiting;  // Null until something was asked: most never ask.
  bool is_working = false;
  Pace events;
  // What ends with the socket: it counts for its address and for its user, and he is online.
  std::shared_ptr<const void> by_address;
  std::shared_ptr<const void> by_user;
  std::shared_ptr<const void> online;
  struct Watching;
  std::shared_ptr<Watching> watching;  // Null until it watches or types: api/presence.
};

inline std::string user_room(std::int64_t id) {
  return fmt::format("user:{}", id);
}
inline std::string group_room(std::int64_t id) {
  return fmt::format("group:{}", id);
}

// Says what is wrong with an event: by `exception`, and by its ack where one is asked for.
void complain(socketio::Socket& socket, const socketio::Ack& ack, std::string_view message);
// The same, with how long to wait (retryAfter, in seconds) where that is the matter.
void complain_of(socketio::Socket& socket, const socketio::Ack& ack, const Error& error);

}  // namespace coterie::api
