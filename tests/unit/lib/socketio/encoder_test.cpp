// SPDX-License-Identifier: MIT
#include "socketio/encoder.hpp"

#include <gtest/gtest.h>

#include <string>

#include "socketio/decoder.hpp"

namespace coterie::socketio {
namespace {

SharedBytes bytes(std::string_view text) {
  return SharedBytes(text);
}

TEST(Encoder, writes_events) {
  EXPECT_EQ(encode_event("/", std::nullopt, "auth", arguments(JsonObject())).head.text(),
            R"(42["auth",{}])");
  EXPECT_EQ(encode_event("/custom", std::nullopt, "auth", arguments(JsonObject{{"token", "abc"}}))
                .head.text(),
            R"(42/custom,["auth",{"token":"abc"}])");
  EXPECT_EQ(encode_event("/", 7, "e", arguments()).head.text(), R"(427["e"])");
  EXPECT_EQ(encode_event("/a", 12, "e", arguments(1, "x")).head.text(), R"(42/a,12["e",1,"x"])");
}

TEST(Encoder, deflates_the_text_and_each_attachment_apart) {
  const net::PerMessageDeflate deflate;
  const std::string long_text(2000, 'x');
  const Frames frames = encode_event("/", 1, "e", arguments(long_text, Binary{bytes(long_text)}),
                                     {.deflate = &deflate});
  EXPECT_LT(frames.head.wire(10'000).size(), 100u);
  EXPECT_LT(frames.attachments.at(0).wire(10'000).size(), 100u);
  const Frames ack = encode_ack("/", 1, arguments(long_text), {.deflate = &deflate});
  EXPECT_LT(ack.head.wire(10'000).size(), 100u);
  const Frames plain = encode_event("/", 1, "e", arguments(long_text, Binary{bytes(long_text)}),
                                    {.compress = false, .deflate = &deflate});
  EXPECT_FALSE(plain.head.may_be_compressed());
  EXPECT_FALSE(plain.attachments.at(0).may_be_compressed());
  EXPECT_GT(plain.head.wire(10'000).size(), 2000u);
}

TEST(Encoder, escapes_the_name_of_an_event) {
  EXPECT_EQ(encode_event("/", std::nullopt, "a\"b\n", arguments()).head.text(), R"(42["a\"b\n"])");
  EXPECT_EQ(encode_event("/", std::nullopt, "", arguments()).head.text(), R"(42[""])");
}

TEST(Encoder, writes_binary_events) {
  const Frames frames = encode_event("/", std::nullopt, "message-back",
                                     arguments(Binary{bytes("\x01")}, Binary{bytes("\x02\x03")}));
  EXPECT_EQ(frames.head.text(),
            R"(452-["message-back",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}])");
  ASSERT_EQ(frames.attachments.size(), 2u);
  EXPECT_TRUE(frames.attachments[0].is_binary());
  EXPECT_EQ(frames.attachments[0].text(), "\x01");
  EXPECT_EQ(frames.attachments[1].text(), "\x02\x03");
  EXPECT_EQ(encode_event("/a", 5, "e", arguments(Binary{bytes("")})).head.text(),
            R"(451-/a,5["e",{"_placeholder":true,"num":0}])");
}

TEST(Encoder, writes_acks) {
  EXPECT_EQ(
      encode_ack("/", 456, arguments(1, "2", JsonObject{{"3", JsonArray{false}}})).head.text(),
      R"(43456[1,"2",{"3":[false]}])");
  EXPECT_EQ(encode_ack("/a", 0, arguments()).head.text(), "43/a,0[]");
  const Frames binary = encode_ack("/", 789, arguments(Binary{bytes("x")}, Binary{bytes("y")}));
  EXPECT_EQ(binary.head.text(),
            R"(462-789[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}])");
  EXPECT_EQ(binary.attachments.size(), 2u);
}

TEST(Encoder, writes_what_controls_a_connection) {
  EXPECT_EQ(encode_control(PacketType::connect, "/", JsonObject{{"sid", "x"}}).head.text(),
            R"(40{"sid":"x"})");
  EXPECT_EQ(encode_control(PacketType::disconnect, "/", nullptr).head.text(), "41");
  EXPECT_EQ(encode_control(PacketType::disconnect, "/custom", nullptr).head.text(), "41/custom,");
  EXPECT_EQ(encode_control(PacketType::connect_error, "/random",
                           JsonObject{{"message", "Invalid namespace"}})
                .head.text(),
            R"(44/random,{"message":"Invalid namespace"})");
}

TEST(Encoder, writes_packets_of_any_size) {
  for (const std::size_t size : {100u, 126u, 65'536u, 1'000'000u}) {
    const std::string text(size, 'x');
    EXPECT_EQ(encode_event("/", std::nullopt, "e", arguments(text)).head.text(),
              R"(42["e",")" + text + "\"]");
  }
  EXPECT_EQ(encode_event("/", std::nullopt, "e", arguments(1)).head.text(), R"(42["e",1])");
}

TEST(Encoder, writes_what_the_decoder_reads) {
  const Limits limits;
  Decoder decoder(limits);
  const Frames frames =
      encode_event("/n", 3, "name", arguments(JsonArray{1, nullptr}, Binary{bytes("\0\xFF")}));
  const auto head = decoder.on_text(frames.head.text().substr(1));
  ASSERT_TRUE(head);
  EXPECT_FALSE(*head);
  const auto packet = decoder.on_binary(frames.attachments[0].text());
  ASSERT_TRUE(packet && *packet);
  EXPECT_EQ((*packet)->nsp, "/n");
  EXPECT_EQ((*packet)->id, 3u);
  EXPECT_EQ(to_text((*packet)->data), R"(["name",[1,null],{"_placeholder":true,"num":0}])");
}

TEST(EncoderDeathTest, must_not_be_given_a_reserved_name) {
  EXPECT_DEATH(encode_event("/", std::nullopt, "disconnect", arguments()), "CHECK failed");
}

}  // namespace
}  // namespace coterie::socketio
