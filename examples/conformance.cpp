// The server that the official protocol test suites expect: Socket.IO on the first port, an
// Engine.IO echo at /engine.io/ on the second, with the suites' short timeouts. Clients of the old
// revision 3 are served, too. At /socket.io/ the second port has what the official JavaScript
// client's own tests expect, whose options are other ones.
//
//   conformance SOCKETIO_PORT ENGINEIO_PORT [--deflate[=WINDOW_BITS]]
// SPDX-License-Identifier: MIT
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "client_fixture.hpp"
#include "engineio/server.hpp"
#include "net/shards.hpp"
#include "socketio/server.hpp"
#include "socketio/socket.hpp"

using namespace std::chrono_literals;
namespace engineio = coterie::engineio;
namespace net = coterie::net;
namespace socketio = coterie::socketio;

namespace {

class Echo final : public engineio::SessionHandler {
 public:
  explicit Echo(engineio::Session& session) : session_(session) {}

  void on_message(std::string_view message, bool is_binary) override {
    const engineio::Encoding encoding = session_.encoding();
    session_.send(is_binary
                      ? engineio::Frame::binary(message, encoding)
                      : engineio::Frame(engineio::PacketType::message, message, {}, encoding));
  }
  void on_closed(std::string_view) override {}

 private:
  engineio::Session& session_;
};

void set_up(socketio::Server& server) {
  server.of("/").on_connect([](socketio::Socket& socket) { socket.emit("auth", socket.auth()); });
  server.of("/").on("message", [](socketio::Socket& socket, const socketio::Args& args) {
    socket.emit("message-back", args);
  });
  server.of("/").on("message-with-ack", [](socketio::Socket&, const socketio::Args& args,
                                           socketio::Ack ack) { ack(args); });
  server.of("/").on("message-to-all", [&server](socketio::Socket&, const socketio::Args& args) {
    server.of("/").emit("message-back", args);
  });
  server.of("/custom").on_connect(
      [](socketio::Socket& socket) { socket.emit("auth", socket.auth()); });
}

bool listen(net::Shards& shards, const char* port, net::Router router) {
  const auto bound = shards.listen(std::string("0.0.0.0:") + port, std::move(router));
  if (!bound) std::fprintf(stderr, "conformance: %s\n", bound.error().detail.c_str());
  return bound.has_value();
}

}  // namespace

int main(int argc, char** argv) {
  std::optional<net::PerMessageDeflate> deflate;
  const std::string_view flag = argc == 4 ? argv[3] : "";
  if (flag == "--deflate" || flag.starts_with("--deflate=")) {
    deflate.emplace();
    if (flag.size() > 10) deflate->window_bits = std::atoi(argv[3] + 10);
  }
  if (argc != (deflate ? 4 : 3)) {
    std::fprintf(stderr,
                 "usage: conformance SOCKETIO_PORT ENGINEIO_PORT [--deflate[=WINDOW_BITS]]\n");
    return 2;
  }
  net::Shards shards;
  socketio::Server server(shards, {.allow_eio3 = true,
                                   .ping_interval = 300ms,
                                   .ping_timeout = 200ms,
                                   .connect_timeout = 1s,
                                   .per_message_deflate = deflate});
  set_up(server);
  add_client_fixture(server);
  engineio::Server echo(shards,
                        {.allow_eio3 = true,
                         .ping_interval = 300ms,
                         .ping_timeout = 200ms,
                         .per_message_deflate = deflate},
                        [](engineio::Session& session) { return std::make_unique<Echo>(session); });
  socketio::Server client_fixture(shards, client_fixture_options());
  add_client_fixture(client_fixture);
  net::Router first;
  first.add(server.routes());
  net::Router second;
  second.add(echo.routes());
  second.add(client_fixture.routes());
  if (!listen(shards, argv[1], std::move(first)) || !listen(shards, argv[2], std::move(second))) {
    return 1;
  }
  std::printf("conformance: Socket.IO on %s, Engine.IO on %s\n", argv[1], argv[2]);
  std::fflush(stdout);
  shards.run_until_signal();
}
