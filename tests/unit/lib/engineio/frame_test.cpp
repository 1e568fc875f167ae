// SPDX-License-Identifier: MIT
#include "engineio/frame.hpp"

#include <gtest/gtest.h>

#include <string>

#include "net/websocket.hpp"

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

TEST(Frame, shares_its_bytes_with_its_copies) {
  const Frame frame(PacketType::message, "hello");
  const Frame copy = frame;  // NOLINT: that is what is tested
  EXPECT_EQ(copy.wire().view().data(), frame.wire().view().data());
}

}  // namespace
}  // namespace coterie::engineio
