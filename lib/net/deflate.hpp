// Per-message deflate on WebSockets (RFC 7692), and the deflating that HTTP answers need, too.
//
//   offers = 1#( "permessage-deflate" *( ";" parameter ) )          in Sec-WebSocket-Extensions
//   parameter = "server_no_context_takeover" / "client_no_context_takeover"
//             / "server_max_window_bits=" bits / "client_max_window_bits" [ "=" bits ]
//   bits   = "8" to "15", bare or quoted
//
// NO CONTEXT. Our answer always forbids both sides to refer to earlier messages (7.1.1). So no
// connection keeps any state of zlib, an idle one costs what it costs without deflate, each thread
// has one stream for all it ever deflates, and a broadcast is deflated once for all who hear it.
//
// WINDOWS. A client may ask for a window smaller than ours. A message that as a whole fits into
// that window cannot refer to anything outside it: such a client gets those deflated as everyone
// does, and larger ones as they are.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/http.hpp"
#include "net/websocket.hpp"

namespace coterie::net {

struct PerMessageDeflate {
  std::size_t threshold = 1024;  // Bytes of a message; shorter ones gain too little to be deflated.
  int window_bits = 15;          // 9 to 15: how far back we refer, 2^bits bytes.
  int level = 3;                 // 1 (fast) to 9 (small).
  int memory_level = 8;          // 1 to 9: of each thread, 2^(level + 9) bytes beside the window.
};

// Throws std::invalid_argument with the name of what is out of its range.
void require_valid(const PerMessageDeflate& options);

struct DeflateAgreement {
  std::string answer;               // The value of Sec-WebSocket-Extensions in the 101.
  std::uint32_t message_bytes_max;  // Longer messages must not be deflated for this client.
};

// Takes the first offer of a request that can be taken; nullopt: messages stay as they are.
// What is malformed, repeated or unknown in an offer makes it one that cannot.
std::optional<DeflateAgreement> agree_on_deflate(const Fields& request,
                                                 const PerMessageDeflate& options);

// Deflating holds up its thread for some 10 ms a megabyte: what is longer stays as it is.
inline constexpr std::size_t deflate_bytes_max = 1024 * 1024;

enum class DeflateFormat : unsigned char { message, zlib, gzip };  // RFC 7692 7.2.1, 1950, 1952

// nullopt when the bytes would get no shorter, or are more than deflate_bytes_max.
std::optional<std::string> deflate(std::string_view bytes, DeflateFormat format,
                                   const PerMessageDeflate& options);

// Inflates what a client has sent as a message. Fails with bad_data, or with too_big as soon as it
// is seen to be: no more than `bytes_max` is ever allocated for it.
std::optional<CloseCode> inflate_message(std::string_view deflated, std::size_t bytes_max,
                                         std::string& message);

}  // namespace coterie::net
