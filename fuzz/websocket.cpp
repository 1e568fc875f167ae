// WebSocket frames, whole and byte by byte: the same messages, the same end.
// SPDX-License-Identifier: MIT
#include "net/websocket.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include "base/check.hpp"

namespace {

using coterie::net::WebSocketReader;

class Recorder final : public WebSocketReader::Handler {
 public:
  bool on_message(std::string_view message, bool is_text) override {
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

std::vector<std::string> read(std::string bytes, std::size_t step) {
  WebSocketReader reader(4096);
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
  COTERIE_CHECK(read(bytes, bytes.size() + 1) == read(bytes, 1));
  return 0;
}
