// Group messages without a chat around them: for learning, and for measuring fan-out.
//
//   rooms PORT [SHARDS [REDIS_URL]]
//
// A client joins the room named by the query parameter "g". The event "send" {g, t, text} makes the
// server emit "group-message:<g>" to that room, shaped like a chat message; "echo" is answered with
// what it brought. Without SHARDS, or with 0, there is one for each core. With REDIS_URL it is one
// of several servers (where the library has been built with Redis).
// SPDX-License-Identifier: MIT
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/clock.hpp"
#include "net/shards.hpp"
#include "socketio/server.hpp"
#include "socketio/socket.hpp"

#ifdef ROOMS_REACH_OTHERS
#include "redis/pubsub_adapter.hpp"
#endif

using coterie::Json;
using coterie::JsonObject;
namespace net = coterie::net;
namespace socketio = coterie::socketio;

namespace {

// "7" for the number 7 and for the text "7": both may name a room.
std::string text_of(const Json& value) {
  return value.is_string() ? std::string(value.get_string()) : coterie::to_text(value);
}

JsonObject message_of(std::int64_t id, const Json& group, const Json& text, const Json& sent_at) {
  const std::string now = coterie::to_iso8601(coterie::system_clock().wall());
  return {
      {"id", id},
      {"type", 0},
      {"content", text},
      {"userId", 7},
      {"groupId", group},
      {"createAt", now},
      {"updateAt", now},
      {"fileId", nullptr},
      {"coverId", nullptr},
      {"file", nullptr},
      {"cover", nullptr},
      {"t", sent_at},
      {"user", {{"id", 7}, {"username", "sender"}, {"nickname", "Sender"}, {"avatar", nullptr}}}};
}

#ifdef ROOMS_REACH_OTHERS
bool join_others(socketio::ServerOptions& options, const char* url) {
  const auto address = coterie::redis::parse_address(url);
  if (address) options.adapter = coterie::redis::pubsub_adapter({.redis = *address});
  return address.has_value();
}
#else
bool join_others(socketio::ServerOptions&, const char*) {
  return false;
}
#endif

}  // namespace

int main(int argc, char** argv) {
  socketio::ServerOptions options;
  if (argc < 2 || argc > 4 || (argc == 4 && !join_others(options, argv[3]))) {
    std::fprintf(stderr, "usage: rooms PORT [SHARDS [REDIS_URL]]\n");
    return 2;
  }
  net::Shards shards{{.count = argc > 2 ? static_cast<unsigned>(std::atoi(argv[2])) : 0}};
  socketio::Server server(shards, options);
  socketio::Namespace& chat = server.of("/");
  std::atomic<std::int64_t> last_id = 0;
  chat.on_connect([](socketio::Socket& socket) {
    const auto query = socket.handshake().query();
    if (query.has("g")) socket.join(query.get("g"));
  });
  chat.on("send", [&](socketio::Socket&, const Json& request) {
    const auto* fields = request.if_object();
    if (!fields || !fields->contains("g")) return;
    const Json& group = fields->at("g");
    const auto field = [fields](const char* name) {
      const Json* value = fields->if_contains(name);
      return value ? *value : Json();
    };
    const std::string room = text_of(group);
    chat.to(room).emit("group-message:" + room,
                       message_of(++last_id, group, field("text"), field("t")));
  });
  chat.on("echo",
          [](socketio::Socket&, const Json& value, socketio::Ack answer) { answer(value); });

  net::Router router;
  router.add(server.routes());
  const auto port = shards.listen(std::string("0.0.0.0:") + argv[1], std::move(router));
  if (!port) {
    std::fprintf(stderr, "rooms: %s\n", port.error().detail.c_str());
    return 1;
  }
  std::printf("rooms: listening on port %d\n", *port);
  std::fflush(stdout);
  shards.run_until_signal([&server] { server.close(); });
}
