// SPDX-License-Identifier: MIT
#include "api/visitor.hpp"

#include "base/json.hpp"
#include "chat/errors.hpp"

namespace coterie::api {

namespace {

void say(socketio::Socket& socket, const socketio::Ack& ack, const JsonObject& body) {
  socket.at_once().emit("exception", body);
  ack(body);
}

}  // namespace

void complain(socketio::Socket& socket, const socketio::Ack& ack, std::string_view message) {
  say(socket, ack, {{"status", "error"}, {"message", message}});
}

void complain_of(socketio::Socket& socket, const socketio::Ack& ack, const Error& error) {
  JsonObject body{{"status", "error"}, {"message", chat::message_of(error)}};
  if (const auto seconds = chat::retry_after_seconds(error)) body["retryAfter"] = *seconds;
  say(socket, ack, body);
}

}  // namespace coterie::api
