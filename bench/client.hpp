// A Socket.IO client over WebSocket, as small as a load generator wants it.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "crowd.hpp"

namespace coterie::bench {

class Client final : public Stream {
 public:
  // Called with an event's or an answer's JSON array.
  using OnArray = std::function<void(Client&, std::string_view)>;

  // `query` goes into the handshake's path, `token` into its Authorization header.
  Client(std::uint16_t port, std::string_view query, std::string_view token, OnArray on_event);

  bool is_connected() const { return is_connected_; }
  std::uint64_t pings() const { return pings_; }

  // Sends an event: `array` is the whole JSON array.
  void emit(std::string_view array);
  // The same, and `on_answer` hears the answer. One question at a time.
  void ask(std::string_view array, OnArray on_answer);

  int group = 0;  // For the load generator's books.
  std::int64_t last_id = 0;
  std::int64_t heard = 0;

 private:
  void on_bytes(std::string_view bytes) override;
  std::string_view use_frames(std::string_view bytes);  // What is left over.
  void use(std::string_view packet);
  void send_text(std::string_view text);

  const OnArray on_event_;
  OnArray on_answer_;
  std::string in_;  // The beginning of what is not complete.
  std::uint64_t pings_ = 0;
  bool is_upgraded_ = false;
  bool is_connected_ = false;
};

}  // namespace coterie::bench
