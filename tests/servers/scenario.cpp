// What clients of every kind are tried on: each verb of the library behind an event.
//
//   scenario PORT [ATTACHMENTS_TIMEOUT_MS]
//
// In "/", "/other" and "/1" to "/20": "echo" comes back as "echoed", "echo-ack" as its ack; "ask"
// makes the server ask "question" and report the client's ack as "answered"; "give" (n) answers
// "given" with n bytes that count, "big" (n) with a text of n letters; "join" and "leave" (room,
// ack), "tell" (room, …) is "told" to all others there, "tell-all" to everyone; "leave-me" ends the
// socket, "close-me" the connection. Who connects hears "welcome" and what it sent as auth; with
// {refuse: WHY} as auth it may not join.
// SPDX-License-Identifier: MIT
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "net/shards.hpp"
#include "socketio/server.hpp"
#include "socketio/socket.hpp"

using namespace std::chrono_literals;
using coterie::Json;
using coterie::JsonObject;
using coterie::Result;
namespace net = coterie::net;
namespace socketio = coterie::socketio;

namespace {

std::size_t size_of(const Json& value) {
  constexpr std::size_t most = 10'000'000;
  const std::int64_t* size = value.if_int64();
  return size && *size > 0 ? std::min(static_cast<std::size_t>(*size), most) : 0;
}

std::string text_of(const Json& value) {
  return value.is_string() ? std::string(value.get_string()) : coterie::to_text(value);
}

std::string counting(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i % 256);
  return bytes;
}

void ask(socketio::Socket& socket, const socketio::Args& args) {
  socket.timeout(10s).emit_with_ack(
      "question",
      [ref = socket.ref()](Result<socketio::Args> answer) {
        if (!answer) return;
        ref.run([answer](socketio::Socket& asked) { asked.emit("answered", *answer); });
      },
      args);
}

void set_up(socketio::Namespace& space) {
  space.use([](socketio::Socket& socket, socketio::Next next) {
    const Json* why = socket.auth().as_object().if_contains("refuse");
    if (!why) return next();
    next(socketio::ConnectError{text_of(*why), Json(JsonObject{{"code", 7}})});
  });
  space.on_connect([](socketio::Socket& socket) { socket.emit("welcome", socket.auth()); });
  space.on("echo", [](socketio::Socket& socket, const socketio::Args& args) {
    socket.emit("echoed", args);
  });
  space.on("echo-ack",
           [](socketio::Socket&, const socketio::Args& args, socketio::Ack ack) { ack(args); });
  space.on("ask", ask);
  space.on("give", [](socketio::Socket& socket, const Json& size) {
    socket.emit("given", socketio::Binary{coterie::SharedBytes(counting(size_of(size)))});
  });
  space.on("big", [](socketio::Socket& socket, const Json& size) {
    socket.emit("grown", std::string(size_of(size), 'x'));
  });
  space.on("join", [](socketio::Socket& socket, const Json& room, socketio::Ack ack) {
    socket.join(text_of(room));
    ack("joined");
  });
  space.on("leave", [](socketio::Socket& socket, const Json& room, socketio::Ack ack) {
    socket.leave(text_of(room));
    ack("left");
  });
  space.on("tell", [](socketio::Socket& socket, const socketio::Args& args) {
    socket.to(text_of(args[0])).emit("told", args);
  });
  space.on("tell-all",
           [&space](socketio::Socket&, const socketio::Args& args) { space.emit("told", args); });
  space.on("leave-me",
           [](socketio::Socket& socket, const socketio::Args&) { socket.disconnect(); });
  space.on("close-me",
           [](socketio::Socket& socket, const socketio::Args&) { socket.disconnect(true); });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 && argc != 3) {
    std::fprintf(stderr, "usage: scenario PORT [ATTACHMENTS_TIMEOUT_MS]\n");
    return 2;
  }
  net::Shards shards;
  socketio::ServerOptions options;
  if (argc == 3) {
    options.limits.attachments_timeout = std::chrono::milliseconds(std::atoi(argv[2]));
  }
  socketio::Server server(shards, options);
  set_up(server.of("/"));
  set_up(server.of("/other"));
  for (int i = 1; i <= 20; ++i) set_up(server.of("/" + std::to_string(i)));
  net::Router router;
  router.add(server.routes());
  const auto port = shards.listen(std::string("127.0.0.1:") + argv[1], std::move(router));
  if (!port) {
    std::fprintf(stderr, "scenario: %s\n", port.error().detail.c_str());
    return 1;
  }
  shards.run_until_signal([&server] { server.close(); });
}
