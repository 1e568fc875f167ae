// SPDX-License-Identifier: MIT
#include "engineio/packet.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "support/seeded_random.hpp"

namespace coterie::engineio {
namespace {

TEST(EngineIoPacket, is_a_digit_and_what_follows) {
  for (const char type : {'0', '1', '2', '3', '4', '5', '6'}) {
    const std::string text = std::string(1, type) + "data";
    const auto packet = decode_packet(text);
    ASSERT_TRUE(packet) << type;
    EXPECT_EQ(static_cast<char>(packet->type), type);
    EXPECT_EQ(packet->data, "data");
    EXPECT_FALSE(packet->is_binary);
  }
  EXPECT_EQ(decode_packet("4")->data, "");
}

TEST(EngineIoPacket, begins_with_nothing_else) {
  for (const char* text : {"", "7", "9", "a", "b", "/", ":", " 4", "\x1E", "-1"}) {
    EXPECT_FALSE(decode_packet(text)) << text;
  }
}

// The packets of a payload as "TYPE:data" or "binary:data"; "!" where it is broken.
std::vector<std::string> read(std::string_view payload) {
  std::vector<std::string> result;
  PayloadReader reader(payload);
  while (!reader.is_done()) {
    const auto packet = reader.next();
    if (!packet) {
      result.emplace_back("!");
      break;
    }
    std::string entry =
        packet->is_binary ? "binary" : std::string(1, static_cast<char>(packet->type));
    result.push_back(entry + ":" + std::string(packet->data));
  }
  return result;
}

using Entries = std::vector<std::string>;

TEST(Payload, is_packets_with_separators_between) {
  EXPECT_EQ(read("4hello"), Entries{"4:hello"});
  EXPECT_EQ(read("4a\x1E"
                 "2\x1E"
                 "4\xE2\x82\xAC"),
            (Entries{"4:a", "2:", "4:\xE2\x82\xAC"}));
}

TEST(Payload, carries_binary_messages_as_base64) {
  EXPECT_EQ(read("4a\x1E"
                 "bAQIDBA==\x1E"
                 "b"),
            (Entries{"4:a", "binary:\x01\x02\x03\x04", "binary:"}));
}

TEST(Payload, is_broken_at_an_empty_item) {
  EXPECT_EQ(read(""), Entries{"!"});
  EXPECT_EQ(read("\x1E"
                 "4a"),
            Entries{"!"});
  EXPECT_EQ(read("4a\x1E"), (Entries{"4:a", "!"}));
  EXPECT_EQ(read("4a\x1E\x1E"
                 "4b"),
            (Entries{"4:a", "!"}));
}

TEST(Payload, is_broken_at_what_is_no_packet) {
  EXPECT_EQ(read("abc"), Entries{"!"});
  EXPECT_EQ(read("4a\x1E"
                 "b%%%%"),
            (Entries{"4:a", "!"}));
  EXPECT_EQ(read("4a\x1E"
                 "bAQID\x1E"
                 "7"),
            (Entries{"4:a", "binary:\x01\x02\x03", "!"}));
}

std::string encoded(std::string_view bytes) {
  std::string text = "x";
  append_base64(bytes, text);
  EXPECT_EQ(text.front(), 'x');
  return text.substr(1);
}

TEST(Base64, is_written_as_rfc_4648_shows) {
  EXPECT_EQ(encoded(""), "");
  EXPECT_EQ(encoded("f"), "Zg==");
  EXPECT_EQ(encoded("fo"), "Zm8=");
  EXPECT_EQ(encoded("foo"), "Zm9v");
  EXPECT_EQ(encoded("foob"), "Zm9vYg==");
  EXPECT_EQ(encoded("fooba"), "Zm9vYmE=");
  EXPECT_EQ(encoded("foobar"), "Zm9vYmFy");
  EXPECT_EQ(encoded("\xFB\xFF\xBF"), "+/+/");
}

TEST(Base64, is_read_back) {
  test::SeededRandom random;
  for (std::size_t size = 0; size < 300; ++size) {
    std::string bytes(size, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random.below(256));
    EXPECT_EQ(decode_base64(encoded(bytes)), bytes);
  }
}

TEST(Base64, is_refused_in_any_other_form) {
  for (const char* text :
       {"A",     "AA",   "AAA",      "AAAAA",    "=",      "==",      "====", "A===",
        "AA=A",  "=AAA", "AA==AAAA", "AAA=AAAA", " AAA",   "AAA ",    "AA A", "AAA\n",
        "\nAAA", "-_-_", "AA=\n",    "A-==",     "AAAA\n", "AAAA===="}) {
    EXPECT_EQ(decode_base64(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace coterie::engineio
