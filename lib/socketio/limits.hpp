// Every bound of the Socket.IO layer, each with its reason.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>

namespace coterie::socketio {

struct Limits {
  std::size_t namespaces_per_client = 16;       // A client needs few; each costs a socket.
  std::size_t namespace_bytes_max = 256;        // Of a namespace's name in a packet.
  std::size_t dynamic_namespaces_max = 10'000;  // Children of all parents; each is made on request.
  std::size_t attachments_max = 10;             // Of one packet; official clients refuse more, too.
  std::size_t attachment_bytes_max = 10'000'000;  // Of one packet together (GHSA-55mf-67qm-4wpg).
  std::chrono::milliseconds attachments_timeout{60'000};  // For all of them to come.
};

}  // namespace coterie::socketio
