// The server side of the official JavaScript client's own tests: acks, dates, texts of many
// scripts, binary alone and inside objects, in order, and namespaces that let in or refuse.
// SPDX-License-Identifier: MIT
#include "client_fixture.hpp"

#include <chrono>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "net/shard.hpp"
#include "socketio/socket.hpp"

using namespace std::chrono_literals;
using coterie::Json;
using coterie::JsonObject;
using coterie::Result;
using coterie::SharedBytes;
namespace net = coterie::net;
namespace socketio = coterie::socketio;
using socketio::Ack;
using socketio::Args;
using socketio::Binary;
using socketio::Socket;

namespace {

std::string now() {
  return coterie::to_iso8601(coterie::system_clock().wall());
}

// The handshake as Node's server tells it.
Json handshake_of(const Socket& socket) {
  const socketio::Handshake& handshake = socket.handshake();
  JsonObject headers;
  for (const auto& field : handshake.headers()) headers[field.name] = field.value;
  JsonObject query;
  for (const auto& [name, value] : handshake.query()) query[name] = value;
  return JsonObject{{"headers", headers},
                    {"time", coterie::to_iso8601(handshake.issued())},
                    {"address", handshake.address()},
                    {"xdomain", !handshake.header("Origin").empty()},
                    {"secure", handshake.secure()},
                    {"issued", handshake.issued().time_since_epoch().count()},
                    {"url", handshake.url()},
                    {"query", query},
                    {"auth", socket.auth()}};
}

// Is it {hello: "lol", message: bytes, goodbye: "gotcha"}?
bool is_mixed(const Args& args) {
  const auto* object = args[0].if_object();
  return object && object->contains("message") && args.binary(object->at("message")) &&
         object->contains("hello") && object->at("hello") == Json("lol") &&
         object->contains("goodbye") && object->at("goodbye") == Json("gotcha");
}

void add_texts(socketio::Namespace& space) {
  space.on("hi", [](Socket& socket) { socket.emit("hi"); });
  space.on("echo", [](Socket&, const Json& what, Ack ack) { ack(what); });
  space.on("false", [](Socket& socket) { socket.emit("false", false); });
  space.on("ack", [](Socket& socket) {
    socket.timeout(10s).emit_with_ack("ack", [ref = socket.ref()](const Result<Args>& answer) {
      if (!answer || (*answer)[0] != Json(5) || (*answer)[1] != Json{{"test", true}}) return;
      ref.run([](Socket& asked) { asked.emit("got it"); });
    });
  });
  space.on("getAckDate", [](Socket&, const Json&, Ack ack) { ack(now()); });
  space.on("getDate", [](Socket& socket) { socket.emit("takeDate", now()); });
  space.on("getDateObj",
           [](Socket& socket) { socket.emit("takeDateObj", JsonObject{{"date", now()}}); });
  space.on("getUtf8", [](Socket& socket) {
    for (const char* text :
         {"てすと", "Я Б Г Д Ж Й", "Ä ä Ü ü ß", "utf8 — string", "utf8 — string"}) {
      socket.emit("takeUtf8", text);
    }
  });
  space.on("getHandshake", [](Socket& socket, Ack ack) { ack(handshake_of(socket)); });
  space.on("getId", [](Socket& socket, Ack ack) { ack(socket.id()); });
}

void add_binary(socketio::Namespace& space) {
  const Binary bytes{SharedBytes("asdfasdf")};
  space.on("doge", [bytes](Socket& socket) { socket.emit("doge", bytes); });
  space.on("getbin", [bytes](Socket& socket) { socket.emit("takebin", bytes); });
  const auto answers = [&space](const char* event, const char* answer) {
    space.on(event, [answer](Socket& socket, const Args& args) {
      if (args.binary(args[0])) socket.emit(answer);
    });
  };
  answers("buffa", "buffack");
  answers("blob", "back");
  const auto answers_mixed = [&space](const char* event, const char* answer) {
    space.on(event, [answer](Socket& socket, const Args& args) {
      if (is_mixed(args)) socket.emit(answer);
    });
  };
  answers_mixed("jsonbuff", "jsonbuff-ack");
  answers_mixed("jsonblob", "jsonblob-ack");
  // What comes in several events must come in their order.
  space.on_connect([](Socket& socket) {
    auto buffers = std::make_shared<int>(0);
    auto blobs = std::make_shared<int>(0);
    socket.on("abuff1", [buffers](Socket&, const Args& args) {
      if (args.binary(args[0])) *buffers = 1;
    });
    socket.on("abuff2", [buffers](Socket& from) {
      if (*buffers == 1) from.emit("abuff2-ack");
    });
    socket.on("blob1", [blobs](Socket&, const Args& args) {
      if (args.binary(args[0])) *blobs = 1;
    });
    socket.on("blob2", [blobs](Socket&, const Json& text) {
      if (*blobs == 1 && text == Json("second")) *blobs = 2;
    });
    socket.on("blob3", [blobs](Socket& from, const Args& args) {
      if (*blobs == 2 && args.binary(args[0])) from.emit("blob3-ack");
    });
  });
}

}  // namespace

void add_client_fixture(socketio::Server& server) {
  socketio::Namespace& space = server.of("/");
  space.use([](Socket& socket, const socketio::Next& next) {
    if (socket.handshake().query().get("fail").empty()) return next();
    next(socketio::ConnectError{"Auth failed (main namespace)", std::nullopt});
  });
  add_texts(space);
  add_binary(space);
  for (const char* name : {"/timeout_socket", "/valid", "/asd"}) server.of(name);
  server.of("/foo").on("getId", [](Socket& socket, Ack ack) { ack(socket.id()); });
  server.of("/abc").on_connect(
      [](Socket& socket) { socket.emit("handshake", handshake_of(socket)); });
  server.of("/no").use([](Socket&, const socketio::Next& next) {
    next(socketio::ConnectError{"Auth failed (custom namespace)", std::nullopt});
  });
}

socketio::ServerOptions client_fixture_options() {
  return {.ping_interval = 2s,
          .allow_request =
              [](const net::Request&, const socketio::Decision& decision) {
                net::Shard::here()->run_after(10ms, [decision] { decision.accept(); });
              },
          .recovery = socketio::RecoveryOptions()};
}
