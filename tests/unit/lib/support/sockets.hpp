// Socket.IO sockets without a network: as many as a test wants, on a shard that does not run.
// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <vector>

#include "net/shards.hpp"
#include "socketio/client.hpp"
#include "socketio/hub.hpp"
#include "socketio/server.hpp"
#include "socketio/socket.hpp"
#include "support/manual_sessions.hpp"

namespace coterie::test {

class Sockets {
 public:
  Sockets() : session_(sessions_.make()) {
    session_.open_polling(std::make_unique<Listener>(heard_));
    client_ = std::make_unique<socketio::Client>(server_, session_);
  }

  socketio::Hub& hub() { return *hub_; }

  // A socket that is connecting still.
  socketio::Socket& make() {
    const Id id = Id::random(random_);
    made_.push_back(std::make_unique<socketio::Socket>(*client_, *hub_, id, JsonObject()));
    return *made_.back();
  }

 private:
  net::Shards shards_{{.count = 1}};
  socketio::Server server_{shards_};
  std::shared_ptr<socketio::Hub> hub_ =
      std::make_shared<socketio::Hub>(server_.of("/"), shards_[0]);
  SeededRandom random_;
  ManualSessions sessions_;
  std::shared_ptr<Heard> heard_ = std::make_shared<Heard>();
  engineio::Session& session_;
  std::unique_ptr<socketio::Client> client_;
  std::vector<std::unique_ptr<socketio::Socket>> made_;
};

}  // namespace coterie::test
