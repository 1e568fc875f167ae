// The servers that are one chat, this one among them: what they tell each other beside what clients
// hear, and what operators see and do on all of them.
//
//   hello        NAME → NAME                                  this node is there now
//   connections  → [NAME, [[id, userId, address, since], …]]  the newest of that node
//   totals       → [connections, delivered, slow consumers]
//
// They are server events of the namespace "/" (socketio::Namespace::server_side_emit); `since` is
// in milliseconds since 1970.
//
// RESYNC. What one node says while another does not hear it is lost for the clients of that one.
// When it hears the others again it tells its clients "resync": they ask for what they miss.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "api/realtime.hpp"
#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "socketio/server.hpp"

namespace coterie::api {

class Nodes {
 public:
  Nodes(socketio::Server& server, const Realtime& realtime)
      : server_(server), realtime_(realtime) {}

  // Registers everything. Before the shards run. `on_other` is told the names of others as this
  // node, or they, turn up: on any thread, and without waiting.
  void set_up(std::string name, std::function<void(std::string_view name)> on_other);

  // The others are heard from now on, and were not before; `may_have_lost`: nor was this node heard
  // by them. Any thread.
  void on_hearing(bool may_have_lost);

  // For operators. Any thread; those that ask the other nodes block.
  struct Connection {
    std::string id;
    std::int64_t user_id;
    std::string address;
    WallTime since;
    std::string node;
  };
  Result<std::vector<Connection>> connections() const;  // The newest of each node.
  struct Totals {
    std::int64_t connections = 0;
    std::int64_t delivered = 0;
    std::int64_t slow_consumers = 0;
  };
  Totals totals() const;  // Of all nodes that answer in time.
  void disconnect(const std::string& id);

 private:
  void note(const Json& name) const;
  // What each of the other nodes has answered.
  std::vector<Json> ask_others(std::string_view event) const;
  void own_connections(std::function<void(std::vector<Connection>)> found) const;
  Totals own_totals() const;

  socketio::Server& server_;
  const Realtime& realtime_;
  std::string name_;  // Fixed once set up
  std::function<void(std::string_view)> on_other_;
};

}  // namespace coterie::api
