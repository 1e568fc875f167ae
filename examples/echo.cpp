// The smallest server: what anyone says is heard by everyone else in the lobby.
//
//   echo [PORT]
// SPDX-License-Identifier: MIT
#include "net/shards.hpp"
#include "socketio/server.hpp"
#include "socketio/socket.hpp"

using coterie::Json;
namespace net = coterie::net;
namespace socketio = coterie::socketio;

int main(int argc, char** argv) {
  net::Shards shards;
  socketio::Server server(shards);
  server.of("/").on_connect([](socketio::Socket& socket) {
    socket.join("lobby");
    socket.on("say", [](socketio::Socket& from, const Json& text, socketio::Ack ack) {
      from.to("lobby").emit("said", text);
      ack("ok");
    });
  });
  net::Router router;
  router.add(server.routes());
  const std::string port = argc > 1 ? argv[1] : "3000";
  if (!shards.listen("0.0.0.0:" + port, std::move(router))) return 1;
  shards.run_until_signal();
}
