// One server of a simulated cluster over a stream, which speaks to the clients of all.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "redis/streams_adapter.hpp"
#include "socketio/socket.hpp"
#include "stream_bus.hpp"
#include "support/stepped_server.hpp"

namespace coterie::simulation {

class StreamServer {
 public:
  StreamServer(World& world, StreamRedis& redis, unsigned number)
      : world_(world),
        number_(number),
        random_(world.chance.below(UINT32_MAX)),
        bus_(new StreamBus(world, redis)),
        adapter_(std::make_shared<redis::StreamsAdapter>(std::unique_ptr<redis::Bus>(bus_),
                                                         options(), random_)),
        at_(server_options(), static_cast<unsigned>(world.chance.between(1, 3)),
            world.chance.below(UINT32_MAX)),
        space_(at_.server.of("/")) {
    space_.on("join", [](socketio::Socket& socket, const Json& room, const socketio::Ack& ack) {
      socket.join(room.as_string());
      ack();
    });
    adapter_->start();
    world.note("server {} begins, with {} shards", number, at_.shards.size());
  }

  unsigned number() const { return number_; }
  test::SteppedServer& at() { return at_; }
  StreamBus& bus() { return *bus_; }
  // It hears the others. Who comes before may miss what they say until then.
  bool is_ready() const { return is_ready_; }

  // To a room, or to all.
  void say(std::uint64_t number) {
    const std::string room = world_.chance.pick(rooms);
    auto task = [this, number, room] {
      auto to = space_.all();
      if (!room.empty()) to = to.to(room);
      to.emit("said", number, room);
    };
    world_.count("said over streams");
    const std::uint64_t where = world_.chance.below(at_.shards.size() + 1);
    if (where == at_.shards.size()) return task();
    at_.shards[static_cast<unsigned>(where)].post(std::move(task));
  }

  static inline const std::vector<std::string> rooms{"", "a", "b"};

 private:
  redis::StreamsOptions options() {
    redis::StreamsOptions options;
    // Redis forgets nothing here, and nobody says too much.
    options.on_hearing = [this] { is_ready_ = true; };
    options.on_gap = [this] { world_.fail("server {} misses something", number_); };
    return options;
  }
  socketio::ServerOptions server_options() {
    socketio::ServerOptions options;
    options.recovery = socketio::RecoveryOptions();
    options.adapter = adapter_;
    return options;
  }

  World& world_;
  const unsigned number_;
  bool is_ready_ = false;
  test::SeededRandom random_;
  StreamBus* const bus_;
  const std::shared_ptr<redis::StreamsAdapter> adapter_;
  test::SteppedServer at_;
  socketio::Namespace& space_;
};

}  // namespace coterie::simulation
