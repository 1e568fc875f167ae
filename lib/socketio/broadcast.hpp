// BroadcastOperator: to whom, and then what. Made by Namespace::to, Socket::to and their kin.
//
// A value: each call returns a new operator, so one can be kept and refined. Any thread may use it;
// what it does reaches every shard (and node) in the order of the calls.
//
//   server.of("/").to("group:7").except("user:3").emit("said", text);
// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "socketio/arguments.hpp"
#include "socketio/audience.hpp"

namespace coterie::socketio {

class Namespace;
class Socket;
struct Envelope;

class BroadcastOperator {
 public:
  BroadcastOperator(Namespace& space, Audience audience)
      : namespace_(&space), audience_(std::move(audience)) {}

  BroadcastOperator to(std::string room) const;  // Adds a room; in() is the same word.
  BroadcastOperator in(std::string room) const { return to(std::move(room)); }
  BroadcastOperator except(std::string room) const;
  // What is emitted may be dropped for clients that cannot take it right now.
  BroadcastOperator as_volatile() const;

  // Encodes the event once, down to the frame, and delivers it to the audience.
  template <class... Values>
  void emit(std::string_view event, const Values&... values) const {
    emit_arguments(event, arguments(values...));
  }

  void sockets_join(std::string room) const;
  void sockets_leave(std::string room) const;
  void disconnect_sockets(bool close = false) const;
  // Calls fn for each socket of the audience on this node, on the socket's shard.
  void for_each(std::function<void(Socket&)> fn) const;

 private:
  void emit_arguments(std::string_view event, Arguments arguments) const;
  void publish(Envelope envelope) const;

  Namespace* namespace_;
  Audience audience_;
  bool is_volatile_ = false;
};

}  // namespace coterie::socketio
