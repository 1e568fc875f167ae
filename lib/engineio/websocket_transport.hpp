// A session's WebSocket: one packet a message, text for text, binary for binary.
//
// Owned by its connection, as the protocol spoken on it; the session it carries is on the same
// shard. Either may end first and then lets go of the other.
// SPDX-License-Identifier: MIT
#pragma once

#include "engineio/dialect.hpp"
#include "engineio/transport.hpp"
#include "net/connection.hpp"
#include "net/websocket.hpp"

namespace coterie::engineio {

class Session;

class WebSocketTransport final : public Transport,
                                 public net::Connection::Protocol,
                                 private net::WebSocketReader::Handler {
 public:
  // `inflated_bytes_max`: the longest message that the client inflates, 0 without an agreement.
  WebSocketTransport(net::Connection& connection, std::size_t message_bytes_max,
                     Dialect dialect = {}, std::uint32_t inflated_bytes_max = 0)
      : connection_(connection),
        dialect_(dialect),
        inflated_bytes_max_(inflated_bytes_max),
        reader_(message_bytes_max, inflated_bytes_max > 0) {}

  // Before any byte comes.
  void attach(Session& session) { session_ = &session; }

  void send(const Frame& frame) override {
    connection_.send(websocket_bytes(frame, dialect_, inflated_bytes_max_));
  }
  bool is_writable() const override { return connection_.unsent_bytes() == 0; }
  bool inflates() const override { return inflated_bytes_max_ > 0; }
  void close() override;

  std::size_t on_bytes(std::span<char> bytes) override;
  void on_end() override;
  void on_closed(net::CloseReason reason) override;

 private:
  bool on_message(std::string_view message, bool is_text) override;
  bool on_ping(std::string_view payload) override;
  void on_close(std::uint16_t code) override;
  void fail(net::CloseCode code);

  net::Connection& connection_;
  const Dialect dialect_;
  const std::uint32_t inflated_bytes_max_;
  Session* session_ = nullptr;  // Null once either has let go.
  net::WebSocketReader reader_;
};

}  // namespace coterie::engineio
