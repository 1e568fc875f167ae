// Engine.IO v4 packets and polling payloads: the grammar, taken apart.
//
//   packet   = type [data]           type = "0" open / "1" close / "2" ping / "3" pong
//                                           / "4" message / "5" upgrade / "6" noop
//   payload  = item *( %x1E item )   item = packet / "b" base64     (polling only; binary message)
//
// On WebSocket a text frame is one packet and a binary frame the bytes of one binary message.
// Source: the Engine.IO protocol, revision 4.
// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace coterie::engineio {

enum class PacketType : char {
  open = '0',
  close = '1',
  ping = '2',
  pong = '3',
  message = '4',
  upgrade = '5',
  noop = '6',
};

struct Packet {
  PacketType type;
  std::string_view data;
  bool is_binary = false;  // Only messages are.
};

inline constexpr char payload_separator = '\x1E';

// One text packet; nullopt when it is none.
std::optional<Packet> decode_packet(std::string_view text);

// Reads the packets of a polling payload one by one.
class PayloadReader {
 public:
  explicit PayloadReader(std::string_view payload) : rest_(payload) {}

  bool is_done() const { return is_done_; }
  // The next packet, good until the next call; nullopt: the payload is broken here.
  std::optional<Packet> next();

 private:
  std::string_view rest_;
  std::string binary_;
  bool is_done_ = false;
};

// Standard base64 with padding (RFC 4648 4), as payloads carry binary messages.
void append_base64(std::string_view bytes, std::string& target);
// nullopt for anything that is not exactly that.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace coterie::engineio
