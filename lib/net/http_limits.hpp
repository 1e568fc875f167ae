// Every bound of an HTTP connection, each with its reason.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace coterie::net {

struct HttpLimits {
  std::size_t head_bytes_max = 16 * 1024;  // As Node's parser: larger heads answer 431.
  std::size_t fields_max = 128;            // More header fields answer 431 (CVE-2024-37890).
  // A head must be whole by then: 408. So must the handshake of TLS, and begun the first head.
  std::chrono::milliseconds head_timeout{30'000};
  std::chrono::milliseconds body_timeout{30'000};  // A buffered body must be whole by then: 408.
  std::chrono::milliseconds sink_timeout{30'000};  // A streamed body may pause no longer: closed.
  std::chrono::milliseconds idle_timeout{65'000};  // Between requests; above common proxies' 60 s.
  std::size_t sink_piece_bytes = 64 * 1024;        // Handed to a worker at a time.
  std::uint64_t discard_bytes_max =
      64 * 1024 * 1024;                            // Of a refused upload, read before answering.
  std::size_t outbox_bytes_max = 8 * 1024 * 1024;  // A reader slower than this is cut.
};

}  // namespace coterie::net
