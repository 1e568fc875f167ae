// One session carrying sockets of several namespaces: routes packets to them. Lives on its shard.
//
//   CONNECT -> a Socket is made -> middlewares, one by one -> "0{sid}" and on_connect
//                                                          or "4{message}" and the socket is gone
//
// With recovery, a CONNECT that names a session of before first asks for it: the socket becomes
// what it was, skips the middlewares (if the options say so) and hears what it has missed before it
// is told that it is connected, as the reference does it.
//
// A client that joins no namespace within connect_timeout is closed, and so is one that breaks the
// protocol: a packet that cannot be decoded, an event for a namespace it has not joined, a second
// CONNECT to one that it has.
//
// OLD CLIENTS (socket.io-client 1 and 2, Engine.IO revision 3; Options::allow_eio3): they are
// connected to "/" without asking, the reply to a CONNECT has no payload, its query ("/nsp?a=1") is
// the auth, and a refusal is the bare data or message.
// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/timer_wheel.hpp"
#include "engineio/session.hpp"
#include "socketio/decoder.hpp"
#include "socketio/encoder.hpp"
#include "socketio/namespace.hpp"

namespace coterie::socketio {

class Server;

class Client final : public engineio::SessionHandler {
 public:
  Client(Server& server, engineio::Session& session);
  ~Client() override;

  const engineio::Handshake& handshake() const { return session_.handshake(); }

  void send(const Frames& frames) {
    session_.send(frames.head);
    for (const engineio::Frame& frame : frames.attachments) session_.send(frame);
  }
  engineio::Encoding encoding(bool compress = true) const { return session_.encoding(compress); }
  bool is_writable() const { return session_.is_writable(); }

  // Disconnects every socket, then ends the session.
  void disconnect();
  // Ends the session at once.
  void end(std::string_view reason);
  // A socket has disconnected: it ends with this turn.
  void drop(Socket& socket);

  void on_opened() override;
  void on_message(std::string_view message, bool is_binary) override;
  void on_closed(std::string_view reason) override;

 private:
  // The session that a CONNECT wants to continue.
  struct Claim {
    Id pid;
    Offset offset;  // The least: it has heard nothing yet.
  };
  static std::optional<Claim> claim_of(const Json& auth);

  void on_packet(Packet packet);
  bool is_old() const { return session_.revision() == 3; }
  void on_connect(Packet packet);
  void refuse(std::string_view nsp, const ConnectError& error);
  void run_middlewares(Socket& socket, std::size_t stage);
  void refuse(Socket& socket, const ConnectError& error);
  void welcome(Socket& socket);
  void ask_for(const Claim& claim, Socket& socket, bool may_be_here);
  bool take_over(Socket& socket, const Claim& claim);
  void resume(Socket& socket, const Claim& claim, SavedSession session);
  void on_timeout();
  Socket* find(std::string_view nsp) const;
  std::vector<Socket*> all_sockets() const;

  Server& server_;  // Fixed after construction
  engineio::Session& session_;

  Decoder decoder_;  // Only on this shard
  std::vector<std::unique_ptr<Socket>> sockets_;
  Timer timer_;  // To join a first namespace, later for attachments to come.
  bool has_joined_ = false;
};

}  // namespace coterie::socketio
