// A Socket.IO packet as meaning.
//
//   packet = type [ count "-" ] [ namespace "," ] [ id ] [ json ]        (in an Engine.IO message)
//   type   = "0" CONNECT / "1" DISCONNECT / "2" EVENT / "3" ACK / "4" CONNECT_ERROR
//            / "5" BINARY_EVENT / "6" BINARY_ACK
//   count  = 1*2DIGIT      ; types 5 and 6: so many binary messages follow
//   namespace = "/" *( any but "," )      ; left out for "/"
//
//   CONNECT: an object or nothing · EVENT: an array, a name first · ACK: an array
//
// Source: the Socket.IO protocol, revision 5.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/json.hpp"

namespace coterie::socketio {

enum class PacketType : char {
  connect = '0',
  disconnect = '1',
  event = '2',
  ack = '3',
  connect_error = '4',
  binary_event = '5',
  binary_ack = '6',
};

struct Packet {
  PacketType type = PacketType::event;  // Never a binary type: attachments tell.
  std::string nsp = "/";
  std::optional<std::uint64_t> id;
  Json data;
  std::vector<SharedBytes> attachments;
};

// Names that mean something to the client itself and so cannot name an event.
bool is_reserved_event(std::string_view name);

}  // namespace coterie::socketio
