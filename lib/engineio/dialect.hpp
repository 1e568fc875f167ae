// How a client writes packets: the protocol's revision, and how binary messages travel.
//
//                        revision 4                 revision 3
//   polling, text        packets between %x1E       length ":" packet, see engineio/revision3
//   polling, binary      "b" base64                 "b4" base64, or a payload of bytes
//   WebSocket, text      one packet                 one packet
//   WebSocket, binary    the message's bytes        %x04, then the message's bytes
//   the same, "b64=1"    text "b" base64            text "b4" base64
//
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "engineio/frame.hpp"
#include "engineio/packet.hpp"

namespace coterie::engineio {

struct Dialect {              // Two bytes, for it rests in whatever serves a client.
  std::uint8_t revision = 4;  // 4 or 3.
  bool is_base64 = false;     // The client asked for binary as text.

  bool operator==(const Dialect&) const = default;
};

// The WebSocket frame of a binary message in a dialect that is not the usual one.
SharedBytes encode_binary(std::string_view message, Dialect dialect);

// What goes over a WebSocket for this frame, to a client that inflates so much (0: nothing).
inline SharedBytes websocket_bytes(const Frame& frame, Dialect dialect,
                                   std::size_t inflated_bytes_max = 0) {
  if (!frame.is_binary() || dialect == Dialect()) return frame.wire(inflated_bytes_max);
  return encode_binary(frame.text(), dialect);
}

// The packet in a WebSocket message; nullopt when it is none. Bytes that had to be decoded are put
// into `decoded`, which must outlive the packet.
std::optional<Packet> decode_websocket(std::string_view message, bool is_text, Dialect dialect,
                                       std::string& decoded);

}  // namespace coterie::engineio
