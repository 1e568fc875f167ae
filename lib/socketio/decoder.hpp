// Socket.IO packets out of Engine.IO messages. Sans-I/O, one for each client, fuzzed.
//
//   idle --text of type 5 or 6--> collecting --the last attachment--> idle
//
// Strict: what the reference's decoder refuses is refused, and some of what it lets pass (an event
// without a payload, ids beyond 2^53, odd placeholders). Nothing is reserved on a client's word.
// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "base/result.hpp"
#include "socketio/limits.hpp"
#include "socketio/packet.hpp"

namespace coterie::socketio {

class Decoder {
 public:
  explicit Decoder(const Limits& limits) : limits_(limits) {}

  // The packet that this message completes, if it does; or Error "bad_packet", after which the
  // connection is to be closed.
  Result<std::optional<Packet>> on_text(std::string_view message);
  Result<std::optional<Packet>> on_binary(std::string_view message);

  bool is_collecting() const { return partial_ != nullptr; }

 private:
  struct Partial {
    Packet packet;
    std::size_t missing;  // Attachments still to come.
    std::size_t bytes = 0;
  };

  const Limits& limits_;
  std::unique_ptr<Partial> partial_;
};

}  // namespace coterie::socketio
