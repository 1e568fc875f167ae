// Payloads of Engine.IO revision 3: what can be read is read alike when it is written again, in
// both forms.
//
// Input: one byte (odd: a payload of bytes), then the payload.
// SPDX-License-Identifier: MIT
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.hpp"
#include "base/utf8.hpp"
#include "engineio/revision3.hpp"

namespace {

using coterie::engineio::Frame;
using coterie::engineio::PacketType;
namespace revision3 = coterie::engineio::revision3;

struct Kept {
  PacketType type;
  std::string data;
  bool is_binary;
  bool operator==(const Kept&) const = default;
};

// Every packet up to the end; false when the payload is broken somewhere.
bool read(std::string_view payload, bool is_bytes, std::vector<Kept>& packets) {
  revision3::PayloadReader reader(payload, is_bytes);
  while (!reader.is_done()) {
    const auto packet = reader.next();
    if (!packet) return false;
    packets.push_back({packet->type, std::string(packet->data), packet->is_binary});
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const bool is_bytes = (data[0] & 1) != 0;
  const std::string_view payload(reinterpret_cast<const char*>(data) + 1, size - 1);
  // A body is text before it is taken apart; bytes are looked at packet by packet.
  if (!is_bytes && !coterie::is_utf8(payload)) return 0;
  std::vector<Kept> packets;
  if (!read(payload, is_bytes, packets)) return 0;
  std::vector<Frame> frames;
  for (const Kept& packet : packets) {
    frames.push_back(packet.is_binary ? Frame::binary(packet.data)
                                      : Frame(packet.type, packet.data));
  }
  for (const bool wants_base64 : {false, true}) {
    const auto written = revision3::encode_payload(frames, wants_base64);
    std::vector<Kept> again;
    COTERIE_CHECK(read(written.text, written.is_bytes, again) && again == packets);
  }
  return 0;
}
