// SPDX-License-Identifier: MIT
#include "client.hpp"

#include <fmt/format.h>

#include <utility>

namespace coterie::bench {

Client::Client(std::uint16_t port, std::string_view query, std::string_view token, OnArray on_event)
    : Stream(port), on_event_(std::move(on_event)) {
  const std::string authorization =
      token.empty() ? std::string() : fmt::format("Authorization: {}\r\n", token);
  write(fmt::format(
      "GET /socket.io/?EIO=4&transport=websocket{} HTTP/1.1\r\n"
      "Host: 127.0.0.1:{}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{}"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
      query, port, authorization));
}

void Client::emit(std::string_view array) {
  send_text(fmt::format("42{}", array));
}

void Client::ask(std::string_view array, OnArray on_answer) {
  on_answer_ = std::move(on_answer);
  send_text(fmt::format("420{}", array));
}

void Client::send_text(std::string_view text) {
  std::string frame;
  frame.push_back(static_cast<char>(0x81));
  if (text.size() < 126) {
    frame.push_back(static_cast<char>(0x80 | text.size()));
  } else {
    frame.push_back(static_cast<char>(0x80 | 126));
    frame.push_back(static_cast<char>(text.size() >> 8));
    frame.push_back(static_cast<char>(text.size() & 0xFF));
  }
  frame.append(4, '\0');  // A mask of zeros leaves the text as it is.
  frame.append(text);
  write(frame);
}

void Client::on_bytes(std::string_view bytes) {
  if (!in_.empty()) {
    in_.append(bytes);
    bytes = in_;
  }
  if (!is_upgraded_) {
    const std::size_t end = bytes.find("\r\n\r\n");
    if (end != std::string_view::npos) {
      if (!bytes.starts_with("HTTP/1.1 101")) return fail();
      is_upgraded_ = true;
      bytes.remove_prefix(end + 4);
    }
  }
  if (is_upgraded_) bytes = use_frames(bytes);
  in_ = std::string(bytes);
}

std::string_view Client::use_frames(std::string_view bytes) {
  while (bytes.size() >= 2) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    std::size_t length = byte(1) & 0x7F;
    std::size_t header = 2;
    if (length >= 126) {
      const std::size_t wide = length == 126 ? 2 : 8;
      header += wide;
      if (bytes.size() < header) break;
      length = 0;
      for (std::size_t i = 2; i < header; ++i) length = length << 8 | byte(i);
    }
    if (bytes.size() < header + length) break;
    if ((byte(0) & 0x0F) == 8) fail();
    if ((byte(0) & 0x0F) == 1) use(bytes.substr(header, length));
    bytes.remove_prefix(header + length);
  }
  return bytes;
}

void Client::use(std::string_view packet) {
  if (packet.starts_with("42")) {
    on_event_(*this, packet.substr(2));
  } else if (packet.starts_with("430")) {
    on_answer_(*this, packet.substr(3));
  } else if (packet == "2") {
    ++pings_;
    send_text("3");
  } else if (packet.starts_with('0')) {
    send_text("40");
  } else if (packet.starts_with("40")) {
    is_connected_ = true;
  } else if (packet.starts_with("41") || packet.starts_with("44")) {
    fail();
  }
}

}  // namespace coterie::bench
