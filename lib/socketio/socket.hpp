// One client in one namespace: the object that applications meet.
//
// Threads: a Socket lives on one shard; everything here is called there, which is where all
// callbacks run. A Socket& is valid for the callback that received it. To reach the socket later or
// from elsewhere keep its ref(), a value that any thread may use.
//
// Wire: Socket.IO protocol v5. Event names are not empty and none of connect, connect_error,
// disconnect, disconnecting, newListener, removeListener.
// SPDX-License-Identifier: MIT
#pragma once

#include <any>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.hpp"
#include "socketio/ack.hpp"
#include "socketio/arguments.hpp"
#include "socketio/broadcast.hpp"
#include "socketio/handlers.hpp"
#include "socketio/handshake.hpp"
#include "socketio/rooms.hpp"
#include "socketio/socket_ref.hpp"

namespace coterie::socketio {

class Client;
class Hub;
struct Packet;

class Socket {
 public:
  Socket(Client& client, Hub& hub, Id id, Json auth);
  ~Socket();
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  std::string_view id() const { return id_.view(); }
  SocketRef ref() const;

  // The request that opened the session, and what the client sent with its CONNECT.
  const Handshake& handshake() const;
  const Json& auth() const { return auth_; }  // An object; empty when the client sent none.

  // Anything the application wants to remember: socket.data() = User{…}.
  std::any& data() { return data_; }
  template <class T>
  T* data() {
    return std::any_cast<T>(&data_);
  }

  // Events. Handlers see every event of that name from this client, in the order sent. For handlers
  // that all sockets share, Namespace::on costs no memory per socket.
  template <class F>
  void on(std::string event, F handler) {
    add_handler(std::move(event), event_handler(std::move(handler)));
  }
  // Called once, when the socket has left its rooms. Reasons are worded as the reference words
  // them: "transport close", "ping timeout", "client namespace disconnect" …
  void on_disconnect(DisconnectHandler handler);

  // Sends an event. After disconnection it does nothing.
  template <class... Values>
  void emit(std::string_view event, const Values&... values) {
    emit_arguments(event, arguments(values...), false);
  }
  // Dropped instead of queued when the client cannot take it right now.
  template <class... Values>
  void emit_volatile(std::string_view event, const Values&... values) {
    emit_arguments(event, arguments(values...), true);
  }
  // Sends an event that the client must answer within `timeout`. `answer` is called once, on this
  // shard: with the arguments, or with Error "timeout" or "disconnected".
  template <class... Values>
  void emit_with_ack(std::string_view event, std::chrono::milliseconds timeout, AckHandler answer,
                     const Values&... values) {
    emit_arguments_with_ack(event, arguments(values...), timeout, std::move(answer));
  }

  // Rooms. Both are idempotent. A socket that has disconnected joins nothing.
  void join(std::string_view room);
  void leave(std::string_view room);
  std::vector<std::string> rooms() const;  // Its own id included.

  // Everyone in the room but this socket.
  BroadcastOperator to(std::string room) const;
  BroadcastOperator except(std::string room) const;
  BroadcastOperator broadcast() const;

  bool is_connected() const { return state_ == State::connected; }
  // Leaves the namespace; with `close` the whole connection, and so every namespace, ends.
  void disconnect(bool close = false);

 private:
  friend class Client;
  friend class Hub;
  friend class Rooms;
  friend class Ack;
  enum class State : unsigned char { connecting, connected, disconnected };

  void add_handler(std::string event, EventHandler handler);
  void emit_arguments(std::string_view event, Arguments arguments, bool is_volatile);
  void emit_arguments_with_ack(std::string_view event, Arguments arguments,
                               std::chrono::milliseconds timeout, AckHandler answer);
  void answer(std::uint64_t ack_id, Arguments arguments);
  void on_event(Packet packet);
  void on_ack(Packet packet);
  void on_ack_timeout(std::uint64_t ack_id);
  // The only way to the state disconnected.
  void become_disconnected(std::string_view reason);

  struct Extras;  // What few sockets need: made on first use.
  Extras& extras();

  Client& client_;  // Fixed after construction
  Hub& hub_;
  const Id id_;
  Json auth_;

  std::any data_;  // Only on this shard
  std::vector<Membership> memberships_;
  std::unique_ptr<Extras> extras_;
  std::uint64_t mark_ = 0;  // Hub's: the last broadcast that has seen this socket.
  State state_ = State::connecting;
};

}  // namespace coterie::socketio
