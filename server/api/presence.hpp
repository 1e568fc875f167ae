// Presence and typing over sockets: who watches, and what they hear. The rules are chat/presence.
//
//   watch-presence {groupId} → ack {online: [user…]}, then the event presence:<groupId>
//   unwatch-presence {groupId}
//   typing {groupId} → the others in the group hear typing:<groupId> {userId}
//
// Who watches is in the room presence:<groupId>; who may is in the group's own. Everything is
// volatile: a client that cannot take it just then does not hear it.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/clock.hpp"
#include "base/timer_wheel.hpp"
#include "chat/presence.hpp"
#include "net/shard.hpp"
#include "socketio/server.hpp"
#include "socketio/socket.hpp"

namespace coterie::api {

class Presence {
 public:
  Presence(socketio::Server& server, std::chrono::seconds grace);

  // Registers everything; `on` is how events of logged-in clients are registered. Before the shards
  // run, on one of which time is kept.
  using OnEvent = std::function<void(std::string event, socketio::EventHandler handler)>;
  void set_up(const OnEvent& on, net::Shard& shard);

  // A socket of the user has come: online until the pass is gone. On its shard.
  std::shared_ptr<const void> enter(std::int64_t user_id, std::span<const std::int64_t> groups);
  void on_joined(std::int64_t user_id, std::int64_t group_id);

 private:
  void watch(socketio::Socket& socket, const socketio::Args& args, const socketio::Ack& ack);
  void unwatch(socketio::Socket& socket, const socketio::Args& args, const socketio::Ack& ack);
  void type(socketio::Socket& socket, const socketio::Args& args, const socketio::Ack& ack);
  void gather(std::int64_t group_id, std::function<void()> done);
  void tick();

  socketio::Server& server_;  // Fixed once set up
  net::Shard* shard_ = nullptr;
  Timer timer_;
  const std::shared_ptr<chat::Presence> board_;  // Sockets may outlive us.
};

}  // namespace coterie::api
