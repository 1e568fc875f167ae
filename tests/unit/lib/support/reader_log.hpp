// What a WebSocketReader says of bytes, the same however they are cut.
// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "net/websocket.hpp"
#include "support/pieces.hpp"

namespace coterie::test {

// What a reader has said: "text:…", "binary:…", "ping:…", "close:CODE", and last "fail:CODE".
class ReaderLog final : public net::WebSocketReader::Handler {
 public:
  bool on_message(std::string_view message, bool is_text) override {
    add(is_text ? "text:" : "binary:", message);
    return --messages_wanted != 0;
  }
  bool on_ping(std::string_view payload) override {
    add("ping:", payload);
    return true;
  }
  void on_close(std::uint16_t code) override { add("close:", std::to_string(code)); }

  void add(std::string_view kind, std::string_view what) {
    entries.push_back(std::string(kind).append(what));
  }

  std::vector<std::string> entries;
  int messages_wanted = -1;  // All of them.
};

inline std::vector<std::string> read(std::string_view bytes, std::size_t piece_size,
                                     std::size_t message_bytes_max, bool takes_deflated = false) {
  net::WebSocketReader reader(message_bytes_max, takes_deflated);
  ReaderLog log;
  for (const std::string_view view : pieces(bytes, piece_size)) {
    // A buffer of exactly its size, so that reading beyond it is noticed.
    std::vector<char> piece(view.begin(), view.end());
    if (const auto failure = reader.feed(piece, log)) {
      log.add("fail:", std::to_string(static_cast<int>(*failure)));
      break;
    }
    if (!log.entries.empty() && log.entries.back().starts_with("close:")) break;
  }
  return log.entries;
}

// The same however it is cut.
inline std::vector<std::string> read_in_any_pieces(std::string_view bytes,
                                                   std::size_t message_bytes_max,
                                                   bool takes_deflated) {
  const auto whole = read(bytes, bytes.size() + 1, message_bytes_max, takes_deflated);
  std::vector<std::size_t> sizes{1, 2, 3, 5, 13, 127, 4096};
  if (bytes.size() < 200) {
    sizes.clear();
    for (std::size_t size = 1; size <= bytes.size(); ++size) sizes.push_back(size);
  }
  for (const std::size_t size : sizes) {
    EXPECT_EQ(read(bytes, size, message_bytes_max, takes_deflated), whole)
        << "in pieces of " << size;
  }
  return whole;
}

inline std::vector<std::string> read(std::string_view bytes,
                                     std::size_t message_bytes_max = 1'000'000) {
  return read_in_any_pieces(bytes, message_bytes_max, false);
}
inline std::vector<std::string> read_deflated(std::string_view bytes,
                                              std::size_t message_bytes_max = 1'000'000) {
  return read_in_any_pieces(bytes, message_bytes_max, true);
}

}  // namespace coterie::test
