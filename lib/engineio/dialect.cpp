// SPDX-License-Identifier: MIT
#include "engineio/dialect.hpp"

#include <algorithm>

#include "net/websocket.hpp"

namespace coterie::engineio {

namespace {

constexpr char binary_message = 4;  // Revision 3 writes the type as a number.

SharedBytes whole_frame(net::Opcode opcode, std::string_view payload) {
  return SharedBytes::made(net::frame_header_bytes(payload.size()) + payload.size(), [&](char* at) {
    std::ranges::copy(payload, at + net::write_frame_header(at, opcode, payload.size()));
  });
}

}  // namespace

SharedBytes encode_binary(std::string_view message, Dialect dialect) {
  std::string payload;
  if (dialect.is_base64) {
    payload = dialect.revision == 3 ? "b4" : "b";
    append_base64(message, payload);
    return whole_frame(net::Opcode::text, payload);
  }
  if (dialect.revision == 3) payload.push_back(binary_message);
  payload.append(message);
  return whole_frame(net::Opcode::binary, payload);
}

std::optional<Packet> decode_websocket(std::string_view message, bool is_text, Dialect dialect,
                                       std::string& decoded) {
  const std::string_view mark = dialect.revision == 3 ? "b4" : "b";
  if (is_text && message.starts_with(mark)) {
    auto bytes = decode_base64(message.substr(mark.size()));
    if (!bytes) return std::nullopt;
    decoded = std::move(*bytes);
    return Packet{PacketType::message, decoded, true};
  }
  if (is_text) return decode_packet(message);
  if (dialect.revision == 3) {
    if (message.empty() || message.front() != binary_message) return std::nullopt;
    message.remove_prefix(1);
  }
  return Packet{PacketType::message, message, true};
}

}  // namespace coterie::engineio
