// Engine.IO polling payloads: what is read and written again reads the same.
// SPDX-License-Identifier: MIT
#include <cstdint>
#include <string>
#include <vector>

#include "base/check.hpp"
#include "engineio/frame.hpp"

namespace engineio = coterie::engineio;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  std::string again;
  engineio::PayloadReader reader(text);
  while (!reader.is_done()) {
    const auto packet = reader.next();
    if (!packet) return 0;
    const auto frame = packet->is_binary ? engineio::Frame::binary(packet->data)
                                         : engineio::Frame(packet->type, packet->data);
    COTERIE_CHECK(frame.size() == frame.wire().size());
    frame.append_to(again);
  }
  engineio::PayloadReader first(text);
  engineio::PayloadReader second(again);
  while (!first.is_done()) {
    const auto one = first.next();
    const std::string kept(one->data);
    const auto two = second.next();
    COTERIE_CHECK(two && two->type == one->type && two->is_binary == one->is_binary);
    COTERIE_CHECK(two->data == kept);
  }
  COTERIE_CHECK(second.is_done());
  return 0;
}
