// A packet encoded once, down to the WebSocket frame: what a broadcast hands to every client.
//
//   wire() = WebSocket frame header | packet text        (or: header | bytes of a binary message)
//   text() = the packet without the header, for polling payloads: a view into the same bytes
//
// For a server that deflates there is a second frame beside wire(): the same message deflated once,
// for all clients that have agreed to it.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "engineio/packet.hpp"
#include "net/deflate.hpp"

namespace coterie::engineio {

// How a frame may be made shorter.
struct Encoding {
  bool compress = true;  // False: on no transport, such as for what is compressed already.
  const net::PerMessageDeflate* deflate = nullptr;  // Null: nobody who hears it inflates.
};

class Frame {
 public:
  // A text packet. `data` may be given in two parts, to spare the caller from joining them.
  Frame(PacketType type, std::string_view data, std::string_view more = {}, Encoding encoding = {});
  // A binary message.
  static Frame binary(std::string_view bytes, Encoding encoding = {}) {
    return Frame(bytes, encoding);
  }

  const SharedBytes& wire() const { return wire_; }
  // For a client that inflates messages which are no longer than this when inflated.
  const SharedBytes& wire(std::size_t inflated_bytes_max) const {
    return deflated_.empty() || text().size() > inflated_bytes_max ? wire_ : deflated_;
  }
  std::string_view text() const { return wire_.view().substr(header_bytes_); }
  bool is_binary() const { return is_binary_; }
  bool may_be_compressed() const { return may_be_compressed_; }
  std::size_t size() const { return wire_.size(); }

  // Appends this packet as an item of a polling payload.
  void append_to(std::string& payload) const;

 private:
  Frame(std::string_view binary, Encoding encoding);
  void deflate(net::Opcode opcode, const Encoding& encoding);

  SharedBytes wire_;
  SharedBytes deflated_;  // Empty: there is none, or it would be no shorter.
  std::uint8_t header_bytes_;
  bool is_binary_;
  bool may_be_compressed_;
};

}  // namespace coterie::engineio
