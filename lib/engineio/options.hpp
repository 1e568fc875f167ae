// What an Engine.IO server can be told; the defaults are the reference's.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "engineio/frame.hpp"
#include "net/deflate.hpp"

namespace coterie::engineio {

struct Options {
  std::string path = "/engine.io/";
  std::chrono::milliseconds ping_interval{25'000};    // From the last pong to the next ping.
  std::chrono::milliseconds ping_timeout{20'000};     // For the pong to come.
  std::chrono::milliseconds upgrade_timeout{10'000};  // From the WebSocket's opening to its "5".
  std::chrono::milliseconds close_timeout{30'000};    // For a last poll to fetch the farewell.
  std::size_t max_payload = 1'000'000;                // Bytes of one message or one POST.
  std::optional<net::PerMessageDeflate> per_message_deflate;  // On WebSocket; nullopt: none.
  bool http_compression = true;                               // Of what a poll is answered, from
  std::size_t http_compression_threshold = 1024;              // so many bytes on.
  // Unsent bytes of a polling session; more closes it, as a connection's own bound does.
  std::size_t queue_bytes_max = 8 * 1024 * 1024;
  std::size_t sessions_max = 1'000'000;  // On one shard; more are refused with 503.
  const Clock* clock = &system_clock();
  Random* random = &system_random();

  // How to make a frame that many may hear; Session::encoding() is for one that one will.
  Encoding encoding(bool compress = true) const {
    return {compress, per_message_deflate ? &*per_message_deflate : nullptr};
  }
};

}  // namespace coterie::engineio
