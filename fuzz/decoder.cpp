// Socket.IO packets with their attachments: what is taken can be encoded, and decodes to the same.
//
// Input: the text of a packet, then (behind each zero byte) a binary message.
// SPDX-License-Identifier: MIT
#include "socketio/decoder.hpp"

#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.hpp"
#include "socketio/encoder.hpp"

namespace {

using coterie::socketio::Arguments;
using coterie::socketio::Decoder;
using coterie::socketio::Frames;
using coterie::socketio::Limits;
using coterie::socketio::Packet;
using coterie::socketio::PacketType;

void decode_again(const Packet& packet) {
  if (packet.type != PacketType::event || packet.nsp.find('\n') != std::string::npos) return;
  const coterie::JsonArray& values = packet.data.as_array();
  Arguments arguments;
  for (std::size_t i = 1; i < values.size(); ++i) arguments.add(values[i]);
  arguments.attachments = packet.attachments;
  const Frames frames = encode_event(packet.nsp, packet.id, values.front().as_string(), arguments);
  const Limits limits;
  Decoder decoder(limits);
  auto again = decoder.on_text(frames.head.text().substr(1));
  for (const auto& attachment : frames.attachments) {
    COTERIE_CHECK(again && !*again);
    again = decoder.on_binary(attachment.text());
  }
  COTERIE_CHECK(again && *again);
  COTERIE_CHECK((*again)->nsp == packet.nsp && (*again)->id == packet.id);
  COTERIE_CHECK(coterie::to_text((*again)->data) == coterie::to_text(packet.data));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const Limits limits;
  Decoder decoder(limits);
  for (bool is_text = true;; is_text = false) {
    const std::size_t end = rest.find('\0');
    const std::string_view message = rest.substr(0, end);
    const auto packet = is_text ? decoder.on_text(message) : decoder.on_binary(message);
    if (!packet) return 0;
    if (*packet) return decode_again(**packet), 0;
    if (end == std::string_view::npos) return 0;
    rest.remove_prefix(end + 1);
  }
}
