// What an Engine.IO server can be told; names and defaults are the reference's.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "engineio/cookie.hpp"
#include "engineio/cors.hpp"
#include "engineio/decision.hpp"
#include "engineio/frame.hpp"
#include "net/deflate.hpp"
#include "net/http.hpp"

namespace coterie::engineio {

struct Transports {
  bool polling = true;
  bool websocket = true;
};

// Asked about each handshake, on a shard, and about nothing that follows in the session: must not
// block, but may make its decision later.
using AllowRequest = std::function<void(const net::Request&, Decision)>;
// Adds fields to the answer to a request. Called on shards: must not block.
using HeadersHook = std::function<void(net::Fields&, const net::Request&)>;

struct Options {
  std::string path = "/engine.io/";  // The beginning of every target; see path_prefix().
  bool add_trailing_slash = true;    // False: the prefix ends without a slash.
  Transports transports = {};
  bool allow_upgrades = true;  // From polling to WebSocket; false: neither offered nor taken.
  bool allow_eio3 = false;     // Serve clients of revision 3 (socket.io-client 1 and 2), too.
  std::chrono::milliseconds ping_interval{25'000};    // From the last pong to the next ping.
  std::chrono::milliseconds ping_timeout{20'000};     // For the pong to come.
  std::chrono::milliseconds upgrade_timeout{10'000};  // From the WebSocket's opening to its "5".
  std::chrono::milliseconds close_timeout{30'000};    // For a last poll to fetch the farewell.
  std::size_t max_payload = 1'000'000;                // Bytes of one message or one POST.
  std::optional<Cookie> cookie = {};                  // For sessions that begin on polling.
  std::optional<Cors> cors = {};                      // Off: pages of other origins read nothing.
  AllowRequest allow_request = {};                    // Empty: everyone may.
  HeadersHook on_initial_headers = {};  // Of a session's first answer, the 101 included.
  HeadersHook on_headers = {};          // Of every answer within a session, the 101 included.
  std::optional<net::PerMessageDeflate> per_message_deflate = {};  // On WebSocket; nullopt: none.
  bool http_compression = true;                   // Of what a poll is answered, from
  std::size_t http_compression_threshold = 1024;  // so many bytes on.
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

// Throws std::invalid_argument, naming the option, for what makes no sense.
void check(const Options& options);

// What targets begin with: "/engine.io/" for the paths "/engine.io" and "/engine.io/".
std::string path_prefix(const Options& options);

}  // namespace coterie::engineio
