// SPDX-License-Identifier: MIT
#include "engineio/websocket_transport.hpp"

#include <utility>

#include "engineio/session.hpp"

namespace coterie::engineio {

void WebSocketTransport::close() {
  session_ = nullptr;
  if (!connection_.is_open()) return;
  connection_.send(SharedBytes(net::close_frame(std::nullopt)));
  connection_.close_when_sent();
}

std::size_t WebSocketTransport::on_bytes(std::span<char> bytes) {
  const std::size_t size = bytes.size();
  if (const auto failure = reader_.feed(bytes, *this)) fail(*failure);
  return size;
}

void WebSocketTransport::fail(net::CloseCode code) {
  if (connection_.is_open()) {
    connection_.send(SharedBytes(net::close_frame(code)));
    connection_.close_when_sent();
  }
  if (Session* session = std::exchange(session_, nullptr)) {
    session->on_transport_gone(*this, "transport error");
  }
}

bool WebSocketTransport::on_message(std::string_view message, bool is_text) {
  if (!session_) return false;
  std::string decoded;
  if (const auto packet = decode_websocket(message, is_text, dialect_, decoded)) {
    session_->on_packet(*this, *packet);
  } else {
    Session* session = std::exchange(session_, nullptr);
    session->on_transport_gone(*this, "parse error");
    close();
  }
  return session_ != nullptr;
}

bool WebSocketTransport::on_ping(std::string_view payload) {
  connection_.send(SharedBytes(net::control_frame(net::Opcode::pong, payload)));
  return session_ != nullptr;
}

void WebSocketTransport::on_close(std::uint16_t code) {
  if (connection_.is_open()) {
    // The answer repeats the code (RFC 6455 5.5.1).
    const auto echo =
        code == 1005 ? std::nullopt : std::optional(static_cast<net::CloseCode>(code));
    connection_.send(SharedBytes(net::close_frame(echo)));
    connection_.close_when_sent();
  }
  if (Session* session = std::exchange(session_, nullptr)) {
    session->on_transport_gone(*this, "transport close");
  }
}

void WebSocketTransport::on_end() {
  connection_.close(net::CloseReason::client_closed);
}

void WebSocketTransport::on_closed(net::CloseReason reason) {
  if (Session* session = std::exchange(session_, nullptr)) {
    const bool is_clean = reason == net::CloseReason::client_closed;
    const bool is_slow = reason == net::CloseReason::slow_consumer;
    session->on_transport_gone(*this, is_slow    ? "slow consumer"
                                      : is_clean ? "transport close"
                                                 : "transport error");
  }
}

}  // namespace coterie::engineio
