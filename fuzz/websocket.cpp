// WebSocket frames, whole and byte by byte: the same messages, the same end. With deflate agreed on
// and without.
// SPDX-License-Identifier: MIT
#include "net/websocket.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include "base/check.hpp"

namespace {

using coterie::net::WebSocketReader;

constexpr std::size_t message_bytes_max = 4096;

class Recorder final : public WebSocketReader::Handler {
 public:
  bool on_message(std::string_view message, bool is_text) override {
    COTERIE_CHECK(message.size() <= message_bytes_max);
    if (is_text) COTERIE_CHECK(coterie::is_utf8(message));
    heard.emplace_back((is_text ? "t" : "b") + std::string(message));
    return true;
  }
  bool on_ping(std::string_view payload) override {
    heard.emplace_back("p" + std::string(payload));
    return true;
  }
  void on_close(std::uint16_t code) override { heard.emplace_back("c" + std::to_string(code)); }

  std::vector<std::string> heard;
};

std::vector<std::string> read(std::string bytes, std::size_t step, bool takes_deflated) {
  WebSocketReader reader(message_bytes_max, takes_deflated);
  Recorder recorder;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    const std::size_t length = std::min(step, bytes.size() - at);
    if (const auto failure = reader.feed({bytes.data() + at, length}, recorder)) {
      recorder.heard.emplace_back("x" + std::to_string(static_cast<int>(*failure)));
      break;
    }
  }
  return recorder.heard;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  for (const bool takes_deflated : {false, true}) {
    const auto whole = read(bytes, bytes.size() + 1, takes_deflated);
    COTERIE_CHECK(whole == read(bytes, 1, takes_deflated));
  }
  return 0;
}
