// SPDX-License-Identifier: MIT
#include "net/websocket.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "support/client_frames.hpp"
#include "support/reader_log.hpp"

namespace coterie::net {
namespace {

using test::binary_frame;
using test::ClientFrame;
using test::close_payload;
using test::frame_header;
using test::read;
using test::ReaderLog;
using test::text_frame;
using test::write;

using Entries = std::vector<std::string>;

const std::string protocol_error = "fail:1002";
const std::string bad_data = "fail:1007";
const std::string too_big = "fail:1009";

TEST(WebSocketReader, reads_messages_of_every_form_of_length) {
  for (const std::size_t size :
       {0u, 1u, 7u, 8u, 9u, 125u, 126u, 127u, 65'535u, 65'536u, 100'000u}) {
    const std::string payload(size, 'x');
    EXPECT_EQ(read(text_frame(payload)), Entries{"text:" + payload}) << size;
    EXPECT_EQ(read(binary_frame(payload)), Entries{"binary:" + payload}) << size;
  }
}

TEST(WebSocketReader, unmasks_with_any_key) {
  for (const std::uint32_t mask : {0u, 0xFFFFFFFFu, 0x01020304u, 0x80000000u}) {
    EXPECT_EQ(read(write({.payload = "hello, world", .mask = mask})), Entries{"text:hello, world"});
  }
}

TEST(WebSocketReader, reads_many_frames_of_one_piece) {
  EXPECT_EQ(read(text_frame("a") + binary_frame("b") + write({.opcode = 9, .payload = "c"}) +
                 text_frame("") + text_frame("d")),
            (Entries{"text:a", "binary:b", "ping:c", "text:", "text:d"}));
}

TEST(WebSocketReader, hands_a_whole_frame_on_without_a_copy) {
  WebSocketReader reader(1000);
  std::string bytes = text_frame("hello");
  struct Handler final : WebSocketReader::Handler {
    bool on_message(std::string_view message, bool) override {
      at = message.data();
      return true;
    }
    bool on_ping(std::string_view) override { return true; }
    void on_close(std::uint16_t) override {}
    const char* at = nullptr;
  } handler;
  EXPECT_FALSE(reader.feed(bytes, handler));
  EXPECT_EQ(handler.at, bytes.data() + 6);
}

TEST(WebSocketReader, joins_fragments_with_control_frames_between_them) {
  EXPECT_EQ(read(write({.opcode = 1, .payload = "Hel", .is_final = false}) +
                 write({.opcode = 9, .payload = "p"}) +
                 write({.opcode = 0, .payload = "l", .is_final = false}) +
                 write({.opcode = 10, .payload = "unasked"}) +
                 write({.opcode = 0, .payload = "o"}) + text_frame("next")),
            (Entries{"ping:p", "text:Hello", "text:next"}));
}

TEST(WebSocketReader, joins_empty_fragments) {
  EXPECT_EQ(read(write({.opcode = 2, .is_final = false}) + write({.opcode = 0, .is_final = false}) +
                 write({.opcode = 0})),
            Entries{"binary:"});
  EXPECT_EQ(read(write({.opcode = 1, .is_final = false}) + write({.opcode = 0, .payload = "x"})),
            Entries{"text:x"});
  EXPECT_EQ(read(write({.opcode = 1, .payload = "x", .is_final = false}) + write({.opcode = 0})),
            Entries{"text:x"});
}

TEST(WebSocketReader, closes_within_a_fragmented_message) {
  EXPECT_EQ(read(write({.opcode = 1, .payload = "x", .is_final = false}) +
                 write({.opcode = 8, .payload = close_payload(1000)})),
            Entries{"close:1000"});
}

TEST(WebSocketReader, refuses_frames_without_a_mask) {
  for (const unsigned opcode : {1u, 2u, 8u, 9u, 10u}) {
    EXPECT_EQ(read(write({.opcode = opcode, .payload = "", .is_masked = false})),
              Entries{protocol_error});
  }
}

TEST(WebSocketReader, refuses_reserved_bits) {
  for (unsigned reserved = 1; reserved < 8; ++reserved) {
    EXPECT_EQ(read(write({.payload = "x", .reserved = reserved})), Entries{protocol_error});
    EXPECT_EQ(read(write({.opcode = 9, .reserved = reserved})), Entries{protocol_error});
  }
}

TEST(WebSocketReader, refuses_reserved_opcodes) {
  for (const unsigned opcode : {3u, 4u, 5u, 6u, 7u, 11u, 12u, 13u, 14u, 15u}) {
    EXPECT_EQ(read(write({.opcode = opcode})), Entries{protocol_error}) << opcode;
  }
}

TEST(WebSocketReader, refuses_fragments_out_of_order) {
  EXPECT_EQ(read(write({.opcode = 0, .payload = "x"})), Entries{protocol_error});
  EXPECT_EQ(read(write({.opcode = 0, .payload = "x", .is_final = false})), Entries{protocol_error});
  EXPECT_EQ(read(text_frame("a") + write({.opcode = 0})), (Entries{"text:a", protocol_error}));
  for (const unsigned opcode : {1u, 2u}) {
    EXPECT_EQ(read(write({.opcode = 1, .payload = "x", .is_final = false}) +
                   write({.opcode = opcode, .payload = "y"})),
              Entries{protocol_error});
  }
}

TEST(WebSocketReader, refuses_control_frames_that_are_split_or_long) {
  const std::string most(125, 'x');
  EXPECT_EQ(read(write({.opcode = 9, .payload = most})), Entries{"ping:" + most});
  for (const unsigned opcode : {8u, 9u, 10u}) {
    EXPECT_EQ(read(write({.opcode = opcode, .is_final = false})), Entries{protocol_error});
    EXPECT_EQ(read(write({.opcode = opcode, .payload = most + "x"})), Entries{protocol_error});
    EXPECT_EQ(read(write({.opcode = opcode, .payload = "", .length_bytes = 3})),
              Entries{protocol_error});
  }
}

TEST(WebSocketReader, refuses_lengths_that_are_written_longer_than_need_be) {
  const std::string shorter(125, 'x');
  const std::string longer(65'535, 'x');
  EXPECT_EQ(read(write({.payload = "", .length_bytes = 3})), Entries{protocol_error});
  EXPECT_EQ(read(write({.payload = shorter, .length_bytes = 3})), Entries{protocol_error});
  EXPECT_EQ(read(write({.payload = shorter, .length_bytes = 9})), Entries{protocol_error});
  EXPECT_EQ(read(write({.payload = longer, .length_bytes = 9})), Entries{protocol_error});
}

TEST(WebSocketReader, refuses_a_length_with_the_top_bit) {
  EXPECT_EQ(read(frame_header({}, std::uint64_t{1} << 63)), Entries{protocol_error});
  EXPECT_EQ(read(frame_header({}, ~std::uint64_t{0})), Entries{protocol_error});
}

TEST(WebSocketReader, refuses_what_is_too_big_on_the_header_alone) {
  EXPECT_EQ(read(text_frame(std::string(1000, 'x')), 1000).size(), 1u);
  EXPECT_EQ(read(frame_header({}, 1001), 1000), Entries{too_big});
  EXPECT_EQ(read(frame_header({.opcode = 2}, std::uint64_t{1} << 40), 1000), Entries{too_big});
  EXPECT_EQ(read(frame_header({}, (std::uint64_t{1} << 63) - 1), 1000), Entries{too_big});
  EXPECT_EQ(read(frame_header({}, 1), 0), Entries{too_big});
  EXPECT_EQ(read(text_frame(""), 0), Entries{"text:"});
}

TEST(WebSocketReader, bounds_all_fragments_together) {
  const std::string half(500, 'x');
  const std::string first = write({.payload = half, .is_final = false});
  EXPECT_EQ(read(first + write({.opcode = 0, .payload = half}), 1000).size(), 1u);
  EXPECT_EQ(read(first + frame_header({.opcode = 0}, 501), 1000), Entries{too_big});
  EXPECT_EQ(read(first + write({.opcode = 0, .payload = half, .is_final = false}) +
                     frame_header({.opcode = 0}, 1),
                 1000),
            Entries{too_big});
}

TEST(WebSocketReader, bounds_how_many_fragments_a_message_has) {
  const auto message = [](int fragments) {
    std::string bytes = write({.opcode = 2, .is_final = false});
    for (int i = 2; i < fragments; ++i) bytes += write({.opcode = 0, .is_final = false});
    return bytes + write({.opcode = 0, .payload = "x"});
  };
  EXPECT_EQ(read(message(16'384), 1'000'000, 1000), Entries{"binary:x"});
  EXPECT_EQ(read(message(16'385), 1'000'000, 1000), Entries{too_big});
  EXPECT_EQ(read(message(16'384) + message(16'384), 1'000'000, 1000).size(), 2u);
}

TEST(WebSocketReader, reads_close_frames_with_a_code_that_may_be_sent) {
  EXPECT_EQ(read(write({.opcode = 8})), Entries{"close:1005"});
  for (const unsigned code : {1000u, 1001u, 1002u, 1003u, 1007u, 1008u, 1009u, 1010u, 1011u, 1012u,
                              1013u, 1014u, 3000u, 3999u, 4000u, 4999u}) {
    EXPECT_EQ(read(write({.opcode = 8, .payload = close_payload(code, "why")})),
              Entries{"close:" + std::to_string(code)});
  }
}

TEST(WebSocketReader, refuses_close_frames_with_a_code_that_may_not_be_sent) {
  for (const unsigned code :
       {0u, 1u, 999u, 1004u, 1005u, 1006u, 1015u, 1016u, 1100u, 2000u, 2999u, 5000u, 65'535u}) {
    EXPECT_EQ(read(write({.opcode = 8, .payload = close_payload(code)})), Entries{protocol_error})
        << code;
  }
  EXPECT_EQ(read(write({.opcode = 8, .payload = "\x03"})), Entries{protocol_error});
}

TEST(WebSocketReader, refuses_a_reason_to_close_that_is_not_utf8) {
  EXPECT_EQ(read(write({.opcode = 8, .payload = close_payload(1000, "\xFF")})), Entries{bad_data});
  EXPECT_EQ(read(write({.opcode = 8, .payload = close_payload(1000, "\xC3")})), Entries{bad_data});
  EXPECT_EQ(read(write({.opcode = 8, .payload = close_payload(1000, std::string(123, 'x'))})),
            Entries{"close:1000"});
}

TEST(WebSocketReader, reads_nothing_behind_a_close_frame) {
  EXPECT_EQ(read(write({.opcode = 8}) + text_frame("late")), Entries{"close:1005"});
}

TEST(WebSocketReader, validates_text_as_utf8) {
  EXPECT_EQ(read(text_frame("\xE6\xBC\xA2\xF0\x9F\x98\x80")),
            Entries{"text:\xE6\xBC\xA2\xF0\x9F\x98\x80"});
  for (const std::string_view payload :
       {"\xFF", "a\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "12345678\x80", "\xE6\xBC"}) {
    EXPECT_EQ(read(text_frame(payload)), Entries{bad_data});
    EXPECT_EQ(read(binary_frame(payload)), Entries{"binary:" + std::string(payload)});
  }
}

TEST(WebSocketReader, validates_text_across_fragments) {
  EXPECT_EQ(
      read(write({.payload = "\xF0\x9F", .is_final = false}) +
           write({.opcode = 9, .payload = "\xFF"}) + write({.opcode = 0, .payload = "\x98\x80"})),
      (Entries{"ping:\xFF", "text:\xF0\x9F\x98\x80"}));
  EXPECT_EQ(read(write({.payload = "\xF0\x9F", .is_final = false}) +
                 write({.opcode = 0, .payload = "x"})),
            Entries{bad_data});
  EXPECT_EQ(
      read(write({.payload = "\xF0\x9F", .is_final = false}) + write({.opcode = 0, .payload = ""})),
      Entries{bad_data});
}

TEST(WebSocketReader, refuses_bad_text_before_its_end_has_come) {
  EXPECT_EQ(read(frame_header({.mask = 0}, 1000) + "ab\xFF"), Entries{bad_data});
}

TEST(WebSocketReader, stops_when_its_handler_has_had_enough) {
  WebSocketReader reader(1000);
  ReaderLog log;
  log.messages_wanted = 2;
  std::string bytes = text_frame("1") + text_frame("2") + text_frame("3");
  EXPECT_FALSE(reader.feed(bytes, log));
  EXPECT_EQ(log.entries, (Entries{"text:1", "text:2"}));
}

TEST(WebSocketReader, reads_a_flood_of_small_fragments_in_linear_time) {
  std::string bytes = write({.opcode = 2, .payload = "x", .is_final = false});
  const std::string payload(100, 'x');
  const std::string fragment = write({.opcode = 0, .payload = payload, .is_final = false});
  for (int i = 0; i < 4000; ++i) bytes += fragment;
  bytes += write({.opcode = 0});
  EXPECT_EQ(read(bytes, 4096, 1'000'000).at(0).size(), 7u + 400'001u);
}

TEST(FrameHeader, has_the_shortest_form) {
  const auto header = [](std::uint64_t size) {
    char at[frame_header_bytes_max];
    const std::size_t length = write_frame_header(at, Opcode::text, size);
    EXPECT_EQ(length, frame_header_bytes(size));
    return std::string(at, length);
  };
  EXPECT_EQ(header(0), std::string("\x81\0", 2));
  EXPECT_EQ(header(125), "\x81\x7D");
  EXPECT_EQ(header(126), std::string("\x81\x7E\0\x7E", 4));
  EXPECT_EQ(header(65'535), "\x81\x7E\xFF\xFF");
  EXPECT_EQ(header(65'536), std::string("\x81\x7F\0\0\0\0\0\1\0\0", 10));
}

TEST(ControlFrame, carries_its_payload) {
  EXPECT_EQ(control_frame(Opcode::pong, "abc"),
            "\x8A\x03"
            "abc");
  EXPECT_EQ(close_frame(std::nullopt), std::string("\x88\0", 2));
  EXPECT_EQ(close_frame(CloseCode::too_big), "\x88\x02\x03\xF1");
}

TEST(ControlFrameDeathTest, must_not_be_longer_than_125_bytes) {
  EXPECT_DEATH(control_frame(Opcode::ping, std::string(126, 'x')), "CHECK failed");
}

Request handshake() {
  Request request;
  request.method = "GET";
  request.target = "/";
  request.fields = {{"Host", "a"},
                    {"Upgrade", "WebSocket"},
                    {"Connection", "Upgrade"},
                    {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
                    {"Sec-WebSocket-Version", "13"}};
  return request;
}

Request handshake_with(std::string_view name, std::string_view value) {
  Request request = handshake();
  Fields fields;
  for (const auto& field : request.fields) {
    fields.add(field.name, field.name == name ? std::string(value) : field.value);
  }
  request.fields = std::move(fields);
  return request;
}

TEST(WebSocketHandshake, is_accepted_as_rfc_6455_shows) {
  EXPECT_FALSE(websocket_objection(handshake()));
  const Fields fields = websocket_accept(handshake());
  EXPECT_EQ(fields.get("Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_EQ(fields.get("Upgrade"), "websocket");
  EXPECT_EQ(fields.get("Connection"), "Upgrade");
}

TEST(WebSocketHandshake, names_no_extension_or_protocol_that_was_offered) {
  Request request = handshake();
  request.fields.add("Sec-WebSocket-Extensions", "permessage-deflate, constructor");
  request.fields.add("Sec-WebSocket-Protocol", "b" + std::string(12'000, ' ') + "x");
  EXPECT_FALSE(websocket_objection(request));
  EXPECT_EQ(websocket_accept(request).size(), 3u);
}

TEST(WebSocketHandshake, is_refused_with_words) {
  Request post = handshake();
  post.method = "POST";
  EXPECT_EQ(websocket_objection(post)->body, "Bad handshake method");
  EXPECT_EQ(websocket_objection(handshake_with("Upgrade", "h2c"))->body, "Invalid Upgrade header");
  const auto version = websocket_objection(handshake_with("Sec-WebSocket-Version", "8"));
  EXPECT_EQ(version->status, 400);
  EXPECT_EQ(version->fields.get("Sec-WebSocket-Version"), "13");
  EXPECT_TRUE(version->close);
}

TEST(WebSocketHandshake, wants_a_key_of_sixteen_bytes) {
  for (const char* key :
       {"", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ", "!!!!",
        "dGhlIHNhbXBsZSBub25jZQ==x", "dGhlIHNhbXBsZSBub25jZ!==", "dGhlIHNhbXBsZSBub25jZQAAAAAA"}) {
    const auto objection = websocket_objection(handshake_with("Sec-WebSocket-Key", key));
    ASSERT_TRUE(objection) << key;
    EXPECT_EQ(objection->body, "Missing or invalid Sec-WebSocket-Key header");
  }
}

}  // namespace
}  // namespace coterie::net
