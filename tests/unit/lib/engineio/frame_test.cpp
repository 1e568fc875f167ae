// SPDX-License-Identifier: MIT
#include "engineio/frame.hpp"

#include <gtest/gtest.h>

#include <string>

#include "net/deflate.hpp"
#include "net/websocket.hpp"
#include "support/seeded_random.hpp"

namespace coterie::engineio {
namespace {

TEST(Frame, is_a_websocket_frame_around_its_packet) {
  const Frame frame(PacketType::message, "hello");
  EXPECT_EQ(frame.wire().view(),
            "\x81\x06"
            "4hello");
  EXPECT_EQ(frame.text(), "4hello");
  EXPECT_FALSE(frame.is_binary());
  EXPECT_EQ(frame.size(), 8u);
}

TEST(Frame, may_be_given_its_data_in_two_parts) {
  EXPECT_EQ(Frame(PacketType::pong, "pro", "be").text(), "3probe");
  EXPECT_EQ(Frame(PacketType::ping, {}).text(), "2");
}

TEST(Frame, has_the_shortest_header_for_every_size) {
  for (const std::size_t size : {0u, 124u, 125u, 126u, 65'534u, 65'535u, 70'000u}) {
    const std::string data(size, 'x');
    const Frame frame(PacketType::message, data);
    EXPECT_EQ(frame.size(), net::frame_header_bytes(size + 1) + size + 1);
    EXPECT_EQ(frame.text(), "4" + data);
    const Frame binary = Frame::binary(data);
    EXPECT_EQ(binary.size(), net::frame_header_bytes(size) + size);
    EXPECT_EQ(binary.text(), data);
  }
}

TEST(Frame, carries_binary_messages_without_a_type) {
  const Frame frame = Frame::binary(std::string_view("\0\xFF", 2));
  EXPECT_EQ(frame.wire().view(), std::string_view("\x82\x02\0\xFF", 4));
  EXPECT_TRUE(frame.is_binary());
}

TEST(Frame, appends_itself_to_a_payload) {
  std::string payload;
  Frame(PacketType::message, "a").append_to(payload);
  Frame::binary("\x01\x02\x03\x04").append_to(payload);
  Frame(PacketType::ping, {}).append_to(payload);
  EXPECT_EQ(payload,
            "4a\x1E"
            "bAQIDBA==\x1E"
            "2");
}

// What a client would read: the frame's header taken off, its message inflated.
std::string inflated(std::string_view wire, unsigned first) {
  EXPECT_EQ(static_cast<unsigned char>(wire[0]), first);
  EXPECT_EQ(static_cast<unsigned char>(wire[1]), wire.size() - 2);  // Short enough for these tests.
  std::string message;
  EXPECT_FALSE(net::inflate_message(wire.substr(2), 100'000, message));
  return message;
}

TEST(Frame, is_deflated_once_for_a_server_that_deflates) {
  const net::PerMessageDeflate options;
  const std::string data(5000, 'x');
  const Frame text(PacketType::message, data.substr(1), "x", {.deflate = &options});
  EXPECT_EQ(inflated(text.wire(5001).view(), 0xC1), "4" + data);
  EXPECT_EQ(text.text(), "4" + data);
  const Frame binary = Frame::binary(data, {.deflate = &options});
  EXPECT_EQ(inflated(binary.wire(5000).view(), 0xC2), data);
  const Frame copy = text;  // NOLINT: that is what is tested
  EXPECT_EQ(copy.wire(5001).view().data(), text.wire(5001).view().data());
}

TEST(Frame, goes_plain_to_a_client_whose_window_is_too_small_for_it) {
  const net::PerMessageDeflate options;
  const Frame frame(PacketType::message, std::string(2000, 'x'), {}, {.deflate = &options});
  EXPECT_EQ(frame.wire(2000).view(), frame.wire().view());
  EXPECT_EQ(frame.wire(0).view(), frame.wire().view());
  EXPECT_LT(frame.wire(2001).size(), 100u);
}

TEST(Frame, is_not_deflated_when_that_is_not_wanted_or_gains_nothing) {
  const net::PerMessageDeflate options;
  const std::string data(2000, 'x');
  test::SeededRandom random;
  std::string noise;
  while (noise.size() < 2000) noise.push_back(static_cast<char>(random.below(256)));
  for (const Frame& frame :
       {Frame(PacketType::message, data), Frame(PacketType::message, data, {}, {.compress = true}),
        Frame(PacketType::message, data, {}, {.compress = false, .deflate = &options}),
        Frame::binary(data, {.compress = false, .deflate = &options}),
        Frame(PacketType::message, data.substr(0, 1022), {}, {.deflate = &options}),
        Frame::binary(noise, {.deflate = &options})}) {
    EXPECT_EQ(frame.wire(100'000).view(), frame.wire().view());
  }
  EXPECT_LT(Frame(PacketType::message, data.substr(0, 1023), {}, {.deflate = &options})
                .wire(100'000)
                .size(),
            100u);
}

TEST(Frame, says_whether_it_may_be_compressed) {
  EXPECT_TRUE(Frame(PacketType::message, "a").may_be_compressed());
  EXPECT_FALSE(Frame(PacketType::message, "a", {}, {.compress = false}).may_be_compressed());
  EXPECT_FALSE(Frame::binary("a", {.compress = false}).may_be_compressed());
}

TEST(Frame, shares_its_bytes_with_its_copies) {
  const Frame frame(PacketType::message, "hello");
  const Frame copy = frame;  // NOLINT: that is what is tested
  EXPECT_EQ(copy.wire().view().data(), frame.wire().view().data());
}

}  // namespace
}  // namespace coterie::engineio
