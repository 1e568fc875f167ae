// The answer that a client waits for: Ack, usable once, from any thread.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>

#include "socketio/arguments.hpp"
#include "socketio/socket_ref.hpp"

namespace coterie::socketio {

// Given to every event handler. Copies share the one use; answering a client that has left, or that
// asked for no answer, does nothing.
class Ack {
 public:
  Ack() = default;
  Ack(SocketRef socket, std::uint64_t id);

  // Does the client want an answer, and has none been given yet?
  explicit operator bool() const;

  template <class... Values>
  void operator()(const Values&... values) const {
    send(arguments(values...));
  }

 private:
  struct Pending;
  void send(Arguments arguments) const;

  std::shared_ptr<Pending> pending_;
};

}  // namespace coterie::socketio
