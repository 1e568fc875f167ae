// The library of this repository as a server of rooms, to be measured: coterie PORT SHARDS
//
// The query parameter "g" names a client's room. "send" {g, t, text} makes the server emit
// "group-message:<g>", shaped like a chat message, to that room; "echo" is answered with what it
// brought. The peers beside this file do the same.
// SPDX-License-Identifier: MIT
#include <atomic>
#include <cstdio>
#include <string>

#include "base/clock.hpp"
#include "net/shards.hpp"
#include "socketio/server.hpp"
#include "socketio/socket.hpp"

using coterie::Json;
using coterie::JsonObject;
namespace net = coterie::net;
namespace socketio = coterie::socketio;

namespace {

JsonObject message_of(std::int64_t id, const JsonObject& request) {
  const std::string now = coterie::to_iso8601(coterie::system_clock().wall());
  return {
      {"id", id},
      {"type", 0},
      {"content", request.at("text")},
      {"userId", 7},
      {"groupId", request.at("g")},
      {"createAt", now},
      {"updateAt", now},
      {"fileId", nullptr},
      {"coverId", nullptr},
      {"file", nullptr},
      {"cover", nullptr},
      {"t", request.at("t")},
      {"user", {{"id", 7}, {"username", "sender"}, {"nickname", "Sender"}, {"avatar", nullptr}}}};
}

void serve(socketio::Namespace& chat, std::atomic<std::int64_t>& last_id) {
  chat.on_connect([](socketio::Socket& socket) {
    const auto query = socket.handshake().query();
    if (query.has("g")) socket.join(query.get("g"));
  });
  chat.on("send", [&](socketio::Socket&, const Json& request) {
    const auto* fields = request.if_object();
    if (!fields || !fields->contains("g") || !fields->at("g").is_string()) return;
    if (!fields->contains("t") || !fields->contains("text")) return;
    const std::string room(fields->at("g").get_string());
    chat.to(room).emit("group-message:" + room, message_of(++last_id, *fields));
  });
  chat.on("echo", [](socketio::Socket&, const Json& value, socketio::Ack answer) {
    answer(value);
  });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: coterie PORT SHARDS\n");
    return 2;
  }
  net::Shards shards{{.count = static_cast<unsigned>(std::stoul(argv[2]))}};
  socketio::Server server(shards);
  std::atomic<std::int64_t> last_id = 0;
  serve(server.of("/"), last_id);
  net::Router router;
  router.add(server.routes());
  const auto port = shards.listen(std::string("127.0.0.1:") + argv[1], std::move(router));
  if (!port) {
    std::fprintf(stderr, "coterie: %s\n", port.error().detail.c_str());
    return 1;
  }
  shards.run_until_signal([&server] { server.close(); });
}
