// Acks in both directions: the server answers what a client asks, and asks back.
//
//   acks [PORT]
//
// "sum" (a, b, ack) answers a + b. "ask-me" makes the server emit "question" and report with
// "answered" or "unanswered" what the client's ack has said within two seconds.
// SPDX-License-Identifier: MIT
#include <chrono>
#include <string>

#include "net/shards.hpp"
#include "socketio/server.hpp"
#include "socketio/socket.hpp"

using coterie::Json;
using coterie::Result;
namespace net = coterie::net;
namespace socketio = coterie::socketio;

int main(int argc, char** argv) {
  net::Shards shards;
  socketio::Server server(shards);
  socketio::Namespace& space = server.of("/");

  space.on("sum", [](socketio::Socket&, const Json& a, const Json& b, socketio::Ack ack) {
    if (a.is_number() && b.is_number()) return ack(a.to_number<double>() + b.to_number<double>());
    ack(Json{{"error", "two numbers, please"}});
  });
  space.on("ask-me", [](socketio::Socket& socket) {
    socket.timeout(std::chrono::seconds(2))
        .emit_with_ack(
            "question",
            [ref = socket.ref()](Result<socketio::Args> answer) {
              // The answer may come when the socket has left: reach it by its ref.
              ref.run([answer](socketio::Socket& asked) {
                if (answer) return asked.emit("answered", *answer);
                asked.emit("unanswered", std::string(answer.error().code));
              });
            },
            "What is your name?");
  });

  net::Router router;
  router.add(server.routes());
  const std::string port = argc > 1 ? argv[1] : "3000";
  if (!shards.listen("0.0.0.0:" + port, std::move(router))) return 1;
  shards.run_until_signal();
}
