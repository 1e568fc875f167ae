// A packet encoded once, down to the WebSocket frame: what a broadcast hands to every client.
//
//   wire() = WebSocket frame header | packet text        (or: header | bytes of a binary message)
//   text() = the packet without the header, for polling payloads: a view into the same bytes
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "engineio/packet.hpp"

namespace coterie::engineio {

class Frame {
 public:
  // A text packet. `data` may be given in two parts, to spare the caller from joining them.
  Frame(PacketType type, std::string_view data, std::string_view more = {});
  // A binary message.
  static Frame binary(std::string_view bytes) { return Frame(bytes); }

  const SharedBytes& wire() const { return wire_; }
  std::string_view text() const { return wire_.view().substr(header_bytes_); }
  bool is_binary() const { return is_binary_; }
  std::size_t size() const { return wire_.size(); }

  // Appends this packet as an item of a polling payload.
  void append_to(std::string& payload) const;

 private:
  explicit Frame(std::string_view binary);

  SharedBytes wire_;
  std::uint8_t header_bytes_;
  bool is_binary_;
};

}  // namespace coterie::engineio
