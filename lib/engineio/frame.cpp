// SPDX-License-Identifier: MIT
#include "engineio/frame.hpp"

#include <algorithm>

#include "net/websocket.hpp"

namespace coterie::engineio {

Frame::Frame(PacketType type, std::string_view data, std::string_view more, Encoding encoding)
    : is_binary_(false), may_be_compressed_(encoding.compress) {
  const std::size_t size = 1 + data.size() + more.size();
  header_bytes_ = static_cast<std::uint8_t>(net::frame_header_bytes(size));
  wire_ = SharedBytes::made(header_bytes_ + size, [&](char* at) {
    at += net::write_frame_header(at, net::Opcode::text, size);
    *at++ = static_cast<char>(type);
    at = std::copy(data.begin(), data.end(), at);
    std::copy(more.begin(), more.end(), at);
  });
  deflate(net::Opcode::text, encoding);
}

Frame::Frame(std::string_view binary, Encoding encoding)
    : is_binary_(true), may_be_compressed_(encoding.compress) {
  header_bytes_ = static_cast<std::uint8_t>(net::frame_header_bytes(binary.size()));
  wire_ = SharedBytes::made(header_bytes_ + binary.size(), [&](char* at) {
    at += net::write_frame_header(at, net::Opcode::binary, binary.size());
    std::copy(binary.begin(), binary.end(), at);
  });
  deflate(net::Opcode::binary, encoding);
}

void Frame::deflate(net::Opcode opcode, const Encoding& encoding) {
  if (!encoding.compress || !encoding.deflate) return;
  if (text().size() < encoding.deflate->threshold) return;
  const auto bytes = net::deflate(text(), net::DeflateFormat::message, *encoding.deflate);
  if (!bytes) return;
  const std::size_t header_bytes = net::frame_header_bytes(bytes->size());
  deflated_ = SharedBytes::made(header_bytes + bytes->size(), [&](char* at) {
    at += net::write_frame_header(at, opcode, bytes->size(), true);
    std::copy(bytes->begin(), bytes->end(), at);
  });
}

void Frame::append_to(std::string& payload) const {
  if (!payload.empty()) payload.push_back(payload_separator);
  if (is_binary_) {
    payload.push_back('b');
    append_base64(text(), payload);
  } else {
    payload.append(text());
  }
}

}  // namespace coterie::engineio
