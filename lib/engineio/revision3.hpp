// Polling payloads of Engine.IO revision 3, spoken by socket.io-client 1 and 2.
//
//   payload = 1*text-item / 1*byte-item
//
//   text-item = length ":" item               length = 1*DIGIT ; of the item, in UTF-16 code units
//   item      = packet / "b4" base64          packet as in revision 4; base64: a binary message
//
//   byte-item = %x00 digits %xFF packet       digits = 1*%x00-09 ; length in bytes, decimal
//             / %x01 digits %xFF %x04 bytes   ; a binary message
//
// Bytes travel as application/octet-stream: when there is a binary message and the client has not
// asked for base64. Source: the Engine.IO protocol, revision 3, "Payload".
// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engineio/frame.hpp"
#include "engineio/packet.hpp"

namespace coterie::engineio::revision3 {

struct Payload {
  std::string text;
  bool is_bytes = false;
};

Payload encode_payload(std::span<const Frame> frames, bool wants_base64);

// Reads the packets of a payload one by one.
class PayloadReader {
 public:
  PayloadReader(std::string_view payload, bool is_bytes) : rest_(payload), is_bytes_(is_bytes) {}

  bool is_done() const { return is_done_; }
  // The next packet, good until the next call; nullopt: the payload is broken here.
  std::optional<Packet> next();

 private:
  std::optional<std::string_view> next_text();
  std::optional<Packet> next_bytes();
  std::optional<std::string_view> take(std::size_t size);

  std::string_view rest_;
  std::string binary_;
  bool is_bytes_;
  bool is_done_ = false;
};

}  // namespace coterie::engineio::revision3
