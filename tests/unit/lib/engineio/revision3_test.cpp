// SPDX-License-Identifier: MIT
#include "engineio/revision3.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engineio/dialect.hpp"

namespace coterie::engineio {
namespace {

using namespace std::string_literals;  // NOLINT: for bytes of zero
using revision3::encode_payload;
using revision3::PayloadReader;

Frame text(std::string_view data) {
  return Frame(PacketType::message, data);
}

// The packets of a payload, "type:data" or "binary:data"; "broken" where it cannot be read.
std::vector<std::string> read(std::string_view payload, bool is_bytes = false) {
  std::vector<std::string> packets;
  PayloadReader reader(payload, is_bytes);
  while (!reader.is_done()) {
    const auto packet = reader.next();
    if (!packet) {
      packets.emplace_back("broken");
      break;
    }
    packets.push_back((packet->is_binary ? "binary"s : std::string(1, char(packet->type))) + ":" +
                      std::string(packet->data));
  }
  return packets;
}
using Packets = std::vector<std::string>;

TEST(Revision3, counts_text_in_utf16_code_units) {
  const std::vector<Frame> frames{text("hello"), text("€"), text("\xF0\x9F\x98\x80"), text("")};
  const auto payload = encode_payload(frames, true);
  EXPECT_FALSE(payload.is_bytes);
  EXPECT_EQ(payload.text,
            "6:4hello2:4€3:4\xF0\x9F\x98\x80"
            "1:4");
  EXPECT_EQ(read(payload.text), (Packets{"4:hello", "4:€", "4:\xF0\x9F\x98\x80", "4:"}));
}

TEST(Revision3, writes_binary_as_base64_for_who_asks) {
  const std::vector<Frame> frames{text("a"), Frame::binary("\x01\x02\x03")};
  const auto payload = encode_payload(frames, true);
  EXPECT_FALSE(payload.is_bytes);
  EXPECT_EQ(payload.text, "2:4a6:b4AQID");
  EXPECT_EQ(read(payload.text), (Packets{"4:a", "binary:\x01\x02\x03"}));
}

TEST(Revision3, writes_bytes_when_there_is_binary) {
  const std::vector<Frame> frames{text("€"), Frame::binary(std::string(12, 'x'))};
  const auto payload = encode_payload(frames, false);
  EXPECT_TRUE(payload.is_bytes);
  EXPECT_EQ(payload.text, "\0\4\xFF"s + "4€" + "\1\1\3\xFF\4"s + std::string(12, 'x'));
  EXPECT_EQ(read(payload.text, true), (Packets{"4:€", "binary:" + std::string(12, 'x')}));
  EXPECT_FALSE(encode_payload(std::span(frames).first(1), false).is_bytes);
}

TEST(Revision3, refuses_text_that_breaks_its_grammar) {
  for (const char* payload : {"", "abc", ":4", "4a", "1", "1:", "0:", "2:4",
                              "3:4\xF0\x9F\x98\x80"
                              "x",
                              "2:4\xF0\x9F\x98\x80", "-1:4", "1 :4", "1:7", "2:b4",
                              "3:b4=", "12345678901:4", "99999999999999999999:4"}) {
    EXPECT_EQ(read(payload).back(), payload == "2:b4"s ? "binary:" : "broken") << payload;
  }
  EXPECT_EQ(read("2:4a9:4b"), (Packets{"4:a", "broken"}));
}

TEST(Revision3, refuses_bytes_that_break_their_grammar) {
  for (const std::string& payload : {""s, "2:4a"s, "\0"s,
                                     "\2\1\xFF"
                                     "4"s,
                                     "\0\xFF"
                                     "4"s,
                                     "\0\1\xFF"s,
                                     "\0\2\xFF"
                                     "4"s,
                                     "\0\xA\xFF"
                                     "4"s,
                                     "\1\0\xFF"s, "\1\1\xFF\5"s,
                                     "\0\2\xFF"
                                     "4\xFF"s,
                                     "\0\0\xFF"s,
                                     "\0\1\1\1\1\1\1\1\1\1\1\1\xFF"
                                     "4"s}) {
    EXPECT_EQ(read(payload, true), Packets{"broken"});
  }
}

// -- dialects on WebSocket --

// A frame as it goes over a WebSocket: opcode, then payload (short ones only).
std::string on_wire(const Frame& frame, Dialect dialect) {
  const SharedBytes bytes = websocket_bytes(frame, dialect);
  const std::string_view view = bytes.view();
  EXPECT_EQ(static_cast<std::size_t>(view[1]), view.size() - 2);
  return (view[0] == '\x81' ? "text " : "binary ") + std::string(view.substr(2));
}

TEST(Dialect, decides_how_binary_travels) {
  const Frame binary = Frame::binary("\x01\x02\x03");
  EXPECT_EQ(on_wire(binary, {4, false}), "binary \x01\x02\x03");
  EXPECT_EQ(on_wire(binary, {4, true}), "text bAQID");
  EXPECT_EQ(on_wire(binary, {3, false}), "binary \x04\x01\x02\x03");
  EXPECT_EQ(on_wire(binary, {3, true}), "text b4AQID");
  for (const std::uint8_t revision : {3, 4}) {
    for (const bool is_base64 : {false, true}) {
      EXPECT_EQ(on_wire(text("a"), {revision, is_base64}), "text 4a");
    }
  }
}

// What is read from a WebSocket message: "binary:…", "4:…", or "broken".
std::string decoded(std::string_view message, bool is_text, std::uint8_t revision) {
  std::string bytes;
  const auto packet = decode_websocket(message, is_text, {revision, false}, bytes);
  if (!packet) return "broken";
  return (packet->is_binary ? "binary"s : std::string(1, char(packet->type))) + ":" +
         std::string(packet->data);
}

TEST(Dialect, decides_how_binary_is_read) {
  EXPECT_EQ(decoded("\x04\x01", false, 4), "binary:\x04\x01");
  EXPECT_EQ(decoded("\x04\x01", false, 3), "binary:\x01");
  EXPECT_EQ(decoded("\x04", false, 3), "binary:");
  EXPECT_EQ(decoded("", false, 4), "binary:");
  EXPECT_EQ(decoded("", false, 3), "broken");
  EXPECT_EQ(decoded("\x02x", false, 3), "broken");
  EXPECT_EQ(decoded("bAQID", true, 4), "binary:\x01\x02\x03");
  EXPECT_EQ(decoded("b4AQID", true, 3), "binary:\x01\x02\x03");
  EXPECT_EQ(decoded("bAQID", true, 3), "broken");
  EXPECT_EQ(decoded("b?", true, 4), "broken");
  EXPECT_EQ(decoded("4b", true, 3), "4:b");
}

}  // namespace
}  // namespace coterie::engineio
