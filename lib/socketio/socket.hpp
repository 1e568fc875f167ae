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
#include <utility>
#include <vector>

#include "base/id.hpp"
#include "socketio/ack.hpp"
#include "socketio/arguments.hpp"
#include "socketio/broadcast.hpp"
#include "socketio/handlers.hpp"
#include "socketio/handshake.hpp"
#include "socketio/remote_socket.hpp"
#include "socketio/rooms.hpp"
#include "socketio/socket_ref.hpp"

namespace coterie::socketio {

class Client;
class Hub;
class SocketOperator;
struct Frames;
struct Packet;
struct SavedSession;

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
  // It was away and has got its id, rooms, data and what it missed back.
  bool is_recovered() const { return is_recovered_; }
  // For middlewares, where recovery does not skip them (RecoveryOptions): whoever comes back is not
  // let in as who it was. What it was given back is gone, and what it has missed stays unheard; its
  // id alone stays the same. Does nothing for others.
  void begin_anew();

  // What the application knows of this client, for every server of a cluster to see: found with
  // fetch_sockets(), and there again when the client recovers. An object, at first without members.
  JsonObject& data() { return data_; }
  const JsonObject& data() const { return data_; }
  // Anything else that it wants to remember, for as long as this socket lives:
  // socket.local() = User{…}; socket.local<User>()->name.
  std::any& local() { return local_; }
  template <class T>
  T* local() {
    return std::any_cast<T>(&local_);
  }

  // Events. Handlers see every event of that name from this client, in the order sent. For handlers
  // that all sockets share, Namespace::on costs no memory per socket. Whatever is added or removed
  // while an event is handled counts from the next one on.
  template <class F>
  void on(std::string event, F handler) {
    add_handler(std::move(event), event_handler(std::move(handler)), false);
  }
  template <class F>
  void once(std::string event, F handler) {
    add_handler(std::move(event), event_handler(std::move(handler)), true);
  }
  void off(std::string_view event);  // All handlers that this socket has for it.
  // Every event that comes in, before its middlewares; every event that goes out.
  void on_any(AnyHandler handler);
  void on_any_outgoing(AnyHandler handler);
  // Sees every event of this client before its handlers do, and may keep it from them: they run in
  // the order they were added, and may wait. What they refuse goes to on_error().
  void use(EventMiddleware middleware);
  void on_error(ErrorHandler handler);
  // Called once: when the socket is about to leave its rooms, and when it has left them. Reasons
  // are worded as the reference words them: "transport close", "ping timeout", "client namespace
  // disconnect" … One is ours: "slow consumer", whose client read too slowly for what it was sent.
  void on_disconnecting(DisconnectHandler handler);
  void on_disconnect(DisconnectHandler handler);

  // Sends an event. After disconnection it does nothing.
  template <class... Values>
  void emit(std::string_view event, const Values&... values) {
    emit_arguments({}, event, arguments(values...));
  }
  // How an event is sent: socket.timeout(2s).emit_with_ack("question", answer, text).
  SocketOperator as_volatile();
  SocketOperator at_once();
  SocketOperator compress(bool yes);
  SocketOperator timeout(std::chrono::milliseconds time);

  // Rooms. Both are idempotent. A socket that has disconnected joins nothing. Of one that comes
  // back middlewares see the rooms of before, too; it hears what it missed in all that they leave
  // it, and in those that they let it join.
  void join(std::string_view room);
  void leave(std::string_view room);
  bool is_in(std::string_view room) const;
  std::vector<std::string> rooms() const;  // Its own id included.

  // Everyone in the room but this socket.
  BroadcastOperator to(std::string room) const;
  BroadcastOperator in(std::string room) const { return to(std::move(room)); }
  BroadcastOperator except(std::string room) const;
  BroadcastOperator broadcast() const;

  bool is_connected() const { return state_ == State::connected; }
  // Leaves the namespace; with `close` the whole connection, and so every namespace, ends.
  void disconnect(bool close = false);

  RemoteSocket describe() const;

 private:
  friend class Client;
  friend class Hub;
  friend class Rooms;
  friend class Ack;
  friend class SocketOperator;
  enum class State : unsigned char { connecting, connected, leaving, disconnected };

  void add_handler(std::string event, EventHandler handler, bool is_once);
  void emit_arguments(EmitFlags flags, std::string_view event, const Arguments& arguments);
  void ask_arguments(EmitFlags flags, std::string_view event, const Arguments& arguments,
                     AckHandler answer);
  void answer(std::uint64_t ack_id, const Arguments& arguments);
  void tell_outgoing(const Frames& frames);
  void on_event(Packet packet);
  struct Event;
  void run_middlewares(std::shared_ptr<Event> event, std::size_t stage);
  void tell_any(const Event& event);
  void run_handlers(const Event& event);
  std::vector<EventHandler> handlers_now(std::string_view event);  // Those for once go with it.
  void on_ack(Packet packet);
  void on_ack_timeout(std::uint64_t ack_id);
  // The only way to the state disconnected.
  void become_disconnected(std::string_view reason);
  // With recovery: asks for the session of before, takes the identity of who has come back, is
  // given one of its own, is kept.
  Asker begin_asking();
  void end_asking();
  void begin_session(const Id& pid, const Offset& offset);
  void resume(SavedSession session);
  bool catch_up();
  bool has_session() const { return pid_ != Id(); }
  const Id& pid() const { return pid_; }
  void save_session(std::string_view reason);

  struct Extras;  // What few sockets need: made on first use.
  Extras& extras();

  Client& client_;  // Fixed once connected
  Hub& hub_;
  Id id_;
  Json auth_;

  JsonObject data_;  // Only on this shard
  std::any local_;
  std::vector<Membership> memberships_;
  std::unique_ptr<Extras> extras_;
  Id pid_;                   // With recovery: what the client proves itself with,
  Offset offset_;            // and the last event before it connected.
  std::uint64_t mark_ = 0;   // Hub's: the last broadcast that has seen this socket,
  std::uint64_t birth_ = 0;  // and which of all sockets this is that were ever there.
  State state_ = State::connecting;
  bool is_recovered_ = false;
  bool is_watched_ = false;  // It has an on_any_outgoing().
};

// How one socket is spoken to. Used at once, as the Socket& that it comes from.
class SocketOperator {
 public:
  SocketOperator(Socket& socket, EmitFlags flags) : socket_(socket), flags_(flags) {}

  // Dropped instead of queued when the client cannot take it right now.
  SocketOperator as_volatile() const;
  // Where an adapter gives the events of a cluster one order, it does not wait for its place there;
  // so it is not sent again on another server.
  SocketOperator at_once() const;
  SocketOperator compress(bool yes) const;
  SocketOperator timeout(std::chrono::milliseconds time) const;

  template <class... Values>
  void emit(std::string_view event, const Values&... values) const {
    socket_.emit_arguments(flags_, event, arguments(values...));
  }
  // Sends an event that the client must answer in time. `answer` is called once, on this shard:
  // with the arguments, or with Error "timeout" or "disconnected".
  template <class... Values>
  void emit_with_ack(std::string_view event, AckHandler answer, const Values&... values) const {
    socket_.ask_arguments(flags_, event, arguments(values...), std::move(answer));
  }

 private:
  Socket& socket_;
  EmitFlags flags_;
};

}  // namespace coterie::socketio
