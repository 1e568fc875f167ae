// One of several servers that are one: rooms reach across them, by way of Redis.
//
//   cluster PORT REDIS_URL [streams]      for example: cluster 3001 redis://127.0.0.1:6379
//
// Start it twice with different ports. Servers on Node with @socket.io/redis-adapter may take part;
// with "streams" those with @socket.io/redis-streams-adapter: then clients that come back to
// another server continue there, and hear what they have missed.
//
//   "join" room, ack            its rooms           "say" room, text    → "said" text, to the room
//   "who" ack                   ids of all sockets, of all servers
//   "ask" text, ack             what all clients answer to "asked" text
//   "servers" ack               what all other servers answer to the server event "name"
// SPDX-License-Identifier: MIT
#include <cstdio>
#include <string>

#include "net/shards.hpp"
#include "redis/pubsub_adapter.hpp"
#include "redis/streams_adapter.hpp"
#include "socketio/server.hpp"
#include "socketio/socket.hpp"

using coterie::Json;
using coterie::JsonArray;
namespace net = coterie::net;
namespace redis = coterie::redis;
namespace socketio = coterie::socketio;

namespace {

using namespace std::chrono_literals;

std::string text_of(const Json& value) {
  return value.is_string() ? std::string(value.get_string()) : std::string();
}

// The first argument of each answer.
socketio::Arguments first_of_each(const socketio::Answers& answers) {
  JsonArray values;
  for (const auto& args : answers.values) values.push_back(args[0]);
  return socketio::arguments(Json(std::move(values)), answers.missing);
}

void serve(socketio::Namespace& space, const std::string& name) {
  space.on("join", [](socketio::Socket& socket, const Json& room, socketio::Ack ack) {
    socket.join(text_of(room));
    JsonArray rooms;
    for (const std::string& each : socket.rooms()) rooms.emplace_back(each);
    ack(Json(std::move(rooms)));
  });
  space.on("say", [&space](socketio::Socket&, const Json& room, const Json& text) {
    space.to(text_of(room)).emit("said", text);
  });
  space.on("who", [&space](socketio::Socket&, const socketio::Args&, socketio::Ack ack) {
    space.all().fetch_sockets([ack](const socketio::RemoteSockets& sockets) {
      JsonArray ids;
      for (const auto& socket : sockets) ids.emplace_back(socket.id);
      ack(Json(std::move(ids)), sockets.missing_servers);
    });
  });
  space.on("ask", [&space](socketio::Socket&, const Json& text, socketio::Ack ack) {
    space.all().timeout(2s).emit_with_ack(
        "asked", [ack](const socketio::Answers& answers) { ack(first_of_each(answers)); }, text);
  });
  space.on("servers", [&space](socketio::Socket&, const socketio::Args&, socketio::Ack ack) {
    space.server_side_emit_with_ack(
        "name", 2s, [ack](const socketio::Answers& answers) { ack(first_of_each(answers)); });
  });
  space.on_server_event("name", [name](const socketio::Args&, const socketio::ServerAck& ack) {
    ack(socketio::arguments(name));
  });
}

}  // namespace

int main(int argc, char** argv) {
  const bool is_stream = argc == 4 && std::string_view(argv[3]) == "streams";
  const auto address = redis::parse_address(argc == 3 || is_stream ? argv[2] : "");
  if (!address) {
    std::fprintf(stderr, "usage: cluster PORT REDIS_URL [streams] (%s)\n",
                 address.error().detail.c_str());
    return 2;
  }
  net::Shards shards;
  socketio::ServerOptions options;
  if (is_stream) {
    options.recovery = socketio::RecoveryOptions{};
    options.adapter = redis::streams_adapter({.redis = *address});
  } else {
    options.adapter = redis::pubsub_adapter({.redis = *address});
  }
  socketio::Server server(shards, options);
  serve(server.of("/"), std::string("coterie on ") + argv[1]);

  net::Router router;
  router.add(server.routes());
  const auto port = shards.listen(std::string("0.0.0.0:") + argv[1], std::move(router));
  if (!port) {
    std::fprintf(stderr, "cluster: %s\n", port.error().detail.c_str());
    return 1;
  }
  std::printf("cluster: listening on port %d\n", *port);
  std::fflush(stdout);
  shards.run_until_signal([&server] { server.close(); });
}
