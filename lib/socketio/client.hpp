// One session carrying sockets of several namespaces: routes packets to them. Lives on its shard.
//
//   CONNECT -> a Socket is made -> middlewares, one by one -> "0{sid}" and on_connect
//                                                          or "4{message}" and the socket is gone
//
// A client that joins no namespace within connect_timeout is closed, and so is one that breaks the
// protocol: a packet that cannot be decoded, an event for a namespace it has not joined, a second
// CONNECT to one that it has.
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
  // A socket has disconnected: it ends with this turn.
  void drop(Socket& socket);

  void on_message(std::string_view message, bool is_binary) override;
  void on_closed(std::string_view reason) override;

 private:
  void on_packet(Packet packet);
  void on_connect(Packet packet);
  void run_middlewares(Socket& socket, std::size_t stage);
  void resume(Socket& socket, std::size_t stage, std::optional<ConnectError> error);
  void welcome(Socket& socket);
  void on_timeout();
  Socket* find(std::string_view nsp) const;

  Server& server_;  // Fixed after construction
  engineio::Session& session_;

  Decoder decoder_;  // Only on this shard
  std::vector<std::unique_ptr<Socket>> sockets_;
  Timer timer_;  // To join a first namespace, later for attachments to come.
  bool has_joined_ = false;
};

}  // namespace coterie::socketio
