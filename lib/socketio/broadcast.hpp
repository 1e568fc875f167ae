// BroadcastOperator: to whom, how, and then what. Made by Namespace::to, Socket::to and their kin.
//
// A value: each call returns a new operator, so one can be kept and refined. Any thread may use it;
// what it does reaches every shard (and node) in the order of the calls.
//
//   server.of("/").to("group:7").except("user:3").emit("said", text);
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "socketio/adapter.hpp"
#include "socketio/arguments.hpp"
#include "socketio/audience.hpp"
#include "socketio/envelope.hpp"
#include "socketio/remote_socket.hpp"

namespace coterie::socketio {

class Namespace;
class Socket;

class BroadcastOperator {
 public:
  BroadcastOperator(std::shared_ptr<Namespace> space, Audience audience)
      : namespace_(std::move(space)), audience_(std::move(audience)) {}

  BroadcastOperator to(std::string room) const;  // Adds a room; in() is the same word.
  BroadcastOperator in(std::string room) const { return to(std::move(room)); }
  BroadcastOperator except(std::string room) const;
  // What is emitted may be dropped for clients that cannot take it right now.
  BroadcastOperator as_volatile() const;
  // Whether compression is worth a try where it is on: not for what is compressed already.
  BroadcastOperator compress(bool yes) const;
  // Only the sockets of this node.
  BroadcastOperator local() const;
  // Another event follows at once, which is not: shards hand out both in one turn, with one write
  // for each client, and no shard is woken before.
  BroadcastOperator followed() const;
  // How long emit_with_ack() waits for answers.
  BroadcastOperator timeout(std::chrono::milliseconds time) const;

  // Encodes the event once, down to the frame, and delivers it to the audience.
  template <class... Values>
  void emit(std::string_view event, const Values&... values) const {
    emit_arguments(event, arguments(values...));
  }
  // The same, and `answers` is called once, on any thread: with the arguments of every client's
  // ack, or with those that have come in time; nobody waits for who has left. Of clients of other
  // servers no more than the first argument is known.
  template <class... Values>
  void emit_with_ack(std::string_view event, AnswersHandler answers,
                     const Values&... values) const {
    ask_arguments(event, arguments(values...), std::move(answers));
  }

  void sockets_join(std::string room) const;
  void sockets_leave(std::string room) const;
  void disconnect_sockets(bool close = false) const;
  // Calls fn for each socket of the audience on this node, on the socket's shard.
  void for_each(std::function<void(Socket&)> fn) const;
  // Calls `found` once, on any thread, with all sockets of the audience, of all servers.
  void fetch_sockets(SocketsHandler found) const;

  // For adapters: asks on behalf of another server, whose `listener` hears of every shard (there
  // are space.shard_count()). Under local().
  void ask_for(std::string_view event, const Arguments& arguments,
               std::shared_ptr<AnswersListener> listener) const;

 private:
  void emit_arguments(std::string_view event, const Arguments& arguments) const;
  void ask_arguments(std::string_view event, const Arguments& arguments,
                     AnswersHandler answers) const;
  void publish(Envelope envelope) const;
  Envelope envelope(Envelope::Verb verb) const;

  std::shared_ptr<Namespace> namespace_;
  Audience audience_;
  EmitFlags flags_;
};

}  // namespace coterie::socketio
