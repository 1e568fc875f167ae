// SPDX-License-Identifier: MIT
#include "net/deflate.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/client_frames.hpp"
#include "support/reader_log.hpp"
#include "support/seeded_random.hpp"

namespace coterie::net {
namespace {

using test::ClientFrame;
using test::read_deflated;
using test::write;
using Entries = std::vector<std::string>;

constexpr std::size_t no_bound = 0xFFFFFFFF;
const std::string protocol_error = "fail:1002";
const std::string bad_data = "fail:1007";
const std::string too_big = "fail:1009";

std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) text.push_back(static_cast<char>(value));
  return text;
}

std::string noise(std::size_t size) {
  test::SeededRandom random;
  std::string text;
  while (text.size() < size) text.push_back(static_cast<char>(random.below(256)));
  return text;
}

std::string deflated(std::string_view message, const PerMessageDeflate& options = {}) {
  return deflate(message, DeflateFormat::message, options).value();
}

std::string deflated_frame(std::string_view payload, unsigned opcode = 1) {
  return write({.opcode = opcode, .payload = payload, .reserved = 4});
}

// -- agreement ------------------------------------------------------------------------------------

// Our answer to a list of offers, without what is in every answer; "-": none.
std::string answer_to(const std::string& offers, int window_bits = 15) {
  const auto agreed =
      agree_on_deflate({{"Sec-WebSocket-Extensions", offers}}, {.window_bits = window_bits});
  if (!agreed) return "-";
  const std::string always =
      "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
  EXPECT_EQ(agreed->answer.substr(0, always.size()), always);
  return agreed->answer.substr(always.size());
}

TEST(DeflateAgreement, takes_every_well_formed_offer) {
  const std::string name = "permessage-deflate";
  const std::vector<std::pair<std::string, std::string>> cases{
      {name, ""},
      {"  " + name + "  ", ""},
      {name + "; client_max_window_bits", "; client_max_window_bits=15"},
      {name + ";client_max_window_bits", "; client_max_window_bits=15"},
      {name + " ; \t client_max_window_bits=10", "; client_max_window_bits=10"},
      {name + "; client_max_window_bits=8", "; client_max_window_bits=8"},
      {name + "; client_max_window_bits=\"12\"", "; client_max_window_bits=12"},
      {name + R"(; client_max_window_bits="1\2")", "; client_max_window_bits=12"},
      {name + "; server_max_window_bits=15", "; server_max_window_bits=15"},
      {name + "; server_max_window_bits=9", "; server_max_window_bits=9"},
      {name + "; server_max_window_bits=8", "; server_max_window_bits=8"},
      {name + "; server_no_context_takeover", ""},
      {name + "; client_no_context_takeover; server_no_context_takeover", ""},
      {name + "; client_max_window_bits; server_max_window_bits=11; client_no_context_takeover",
       "; server_max_window_bits=11; client_max_window_bits=15"},
  };
  for (const auto& [offers, answer] : cases) EXPECT_EQ(answer_to(offers), answer) << offers;
}

TEST(DeflateAgreement, declines_an_offer_that_is_not_right) {
  for (const char* offer :
       {"",
        " ",
        ",",
        ", ,",
        ";",
        "=",
        "\"",
        "\"permessage-deflate\"",
        "constructor",
        "__proto__",
        "permessage-deflate; constructor",
        "permessage-deflate; hasOwnProperty=1",
        "permessage-deflate;",
        "permessage-deflate;;client_max_window_bits",
        "permessage-deflate=1",
        "PerMessage-Deflate",
        "permessage-deflat",
        "x-webkit-deflate-frame",
        "permessage-bzip2",
        "permessage-deflate; unknown",
        "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; client_no_context_takeover=\"\"",
        "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
        "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
        "permessage-deflate; server_max_window_bits=9; server_max_window_bits=9",
        "permessage-deflate; client_max_window_bits; client_max_window_bits=15",
        "permessage-deflate; server_max_window_bits",
        "permessage-deflate; server_max_window_bits=",
        "permessage-deflate; server_max_window_bits=7",
        "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; server_max_window_bits=010",
        "permessage-deflate; server_max_window_bits=+9",
        "permessage-deflate; server_max_window_bits=-9",
        "permessage-deflate; server_max_window_bits=9.0",
        "permessage-deflate; server_max_window_bits=1e1",
        "permessage-deflate; server_max_window_bits=99999999999999999999",
        "permessage-deflate; server_max_window_bits = 9",
        "permessage-deflate; server_max_window_bits=\"9",
        "permessage-deflate; server_max_window_bits=9\"",
        "permessage-deflate; server_max_window_bits=\"\"",
        "permessage-deflate; server_max_window_bits=\"",
        R"(permessage-deflate; server_max_window_bits="9\")",
        "permessage-deflate; client_max_window_bits=",
        "permessage-deflate; client_max_window_bits=x",
        "permessage-deflate; client_max_window_bits=\"15 \"",
        "permessage-deflate client_max_window_bits"}) {
    EXPECT_EQ(answer_to(offer), "-") << offer;
  }
}

TEST(DeflateAgreement, takes_the_first_offer_that_it_can) {
  EXPECT_EQ(answer_to("constructor, permessage-deflate"), "");
  EXPECT_EQ(answer_to("permessage-deflate; x, permessage-deflate; server_max_window_bits=10"),
            "; server_max_window_bits=10");
  EXPECT_EQ(answer_to("permessage-deflate; server_max_window_bits=10, permessage-deflate"),
            "; server_max_window_bits=10");
  EXPECT_EQ(answer_to(R"(a; b="c, permessage-deflate\", d", permessage-deflate)"), "");
  EXPECT_EQ(answer_to(R"(a; b="c, permessage-deflate)"), "-");
  EXPECT_EQ(answer_to(",, ,permessage-deflate,"), "");
}

TEST(DeflateAgreement, reads_offers_from_several_fields) {
  const Fields fields{{"Sec-WebSocket-Extensions", "foo"},
                      {"Host", "permessage-deflate"},
                      {"sec-websocket-extensions", "permessage-deflate; client_max_window_bits"}};
  EXPECT_TRUE(agree_on_deflate(fields, {}));
  EXPECT_FALSE(agree_on_deflate({{"Host", "permessage-deflate"}}, {}));
}

TEST(DeflateAgreement, says_our_window_when_it_is_smaller_than_the_largest) {
  EXPECT_EQ(answer_to("permessage-deflate", 10), "; server_max_window_bits=10");
  EXPECT_EQ(answer_to("permessage-deflate; server_max_window_bits=12", 10),
            "; server_max_window_bits=10");
  EXPECT_EQ(answer_to("permessage-deflate; server_max_window_bits=9", 10),
            "; server_max_window_bits=9");
  EXPECT_EQ(answer_to("permessage-deflate; client_max_window_bits", 10),
            "; server_max_window_bits=10; client_max_window_bits=10");
  EXPECT_EQ(answer_to("permessage-deflate; client_max_window_bits=9", 10),
            "; server_max_window_bits=10; client_max_window_bits=9");
}

TEST(DeflateAgreement, deflates_for_a_smaller_window_what_fits_into_it) {
  const auto longest = [](const std::string& offer, int window_bits) {
    return agree_on_deflate({{"Sec-WebSocket-Extensions", offer}}, {.window_bits = window_bits})
        ->message_bytes_max;
  };
  EXPECT_EQ(longest("permessage-deflate", 15), no_bound);
  EXPECT_EQ(longest("permessage-deflate; server_max_window_bits=15", 15), no_bound);
  EXPECT_EQ(longest("permessage-deflate; server_max_window_bits=14", 15), 16'384u);
  EXPECT_EQ(longest("permessage-deflate; server_max_window_bits=9", 15), 512u);
  EXPECT_EQ(longest("permessage-deflate; server_max_window_bits=8", 9), 256u);
  EXPECT_EQ(longest("permessage-deflate; server_max_window_bits=9", 9), no_bound);
}

TEST(DeflateAgreement, reads_long_garbage_in_linear_time) {
  for (const std::string unit : {",", ";", "\"", "=", "a,", "a;", "permessage-deflate;", "\\", " ",
                                 "\"\\\"\",", "permessage-deflate; x,"}) {
    std::string offers;
    while (offers.size() < 1'000'000) offers += unit;
    EXPECT_EQ(answer_to(offers), "-") << unit;
  }
}

TEST(PerMessageDeflate, is_refused_with_the_name_of_what_is_out_of_range) {
  const auto objection = [](const PerMessageDeflate& options) -> std::string {
    try {
      require_valid(options);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(objection({}), "");
  EXPECT_EQ(objection({.threshold = 0, .window_bits = 9, .level = 1, .memory_level = 1}), "");
  EXPECT_EQ(objection({.window_bits = 15, .level = 9, .memory_level = 9}), "");
  EXPECT_EQ(objection({.window_bits = 8}),
            "per_message_deflate.window_bits is 8, which is not from 9 to 15");
  EXPECT_EQ(objection({.window_bits = 16}),
            "per_message_deflate.window_bits is 16, which is not from 9 to 15");
  EXPECT_EQ(objection({.level = 0}), "per_message_deflate.level is 0, which is not from 1 to 9");
  EXPECT_EQ(objection({.memory_level = 10}),
            "per_message_deflate.memory_level is 10, which is not from 1 to 9");
}

// -- the codec ------------------------------------------------------------------------------------

TEST(Deflate, gives_back_what_it_was_given_with_every_setting) {
  std::string message;
  for (int i = 0; message.size() < 100'000; ++i) message += "line " + std::to_string(i * i) + ",";
  for (int window_bits = 9; window_bits <= 15; ++window_bits) {
    for (const int level : {1, 3, 6, 9}) {
      for (const int memory_level : {1, 8, 9}) {
        std::string inflated;
        const auto shorter = deflated(
            message, {.window_bits = window_bits, .level = level, .memory_level = memory_level});
        EXPECT_LT(shorter.size(), message.size() / 2);
        EXPECT_FALSE(inflate_message(shorter, message.size(), inflated));
        EXPECT_EQ(inflated, message);
      }
    }
  }
}

TEST(Deflate, remembers_no_earlier_message) {
  const std::string message = noise(500) + std::string(500, 'x');
  EXPECT_EQ(deflated(message), deflated(message));
}

TEST(Deflate, leaves_alone_what_would_get_no_shorter) {
  EXPECT_FALSE(deflate("", DeflateFormat::message, {}));
  EXPECT_FALSE(deflate("a", DeflateFormat::message, {}));
  EXPECT_FALSE(deflate(noise(5000), DeflateFormat::message, {}));
  EXPECT_FALSE(deflate(noise(5000), DeflateFormat::gzip, {}));
  EXPECT_FALSE(deflate("", DeflateFormat::zlib, {}));
  // The shortest that gets shorter by a byte, and the longest that does not.
  bool was_shorter = false;
  for (std::size_t size = 1; size < 64; ++size) {
    const std::string text(size, 'x');
    const auto shorter = deflate(text, DeflateFormat::message, {});
    EXPECT_TRUE(shorter || !was_shorter) << size;
    if (shorter) EXPECT_LT(shorter->size(), size);
    was_shorter = shorter.has_value();
  }
  EXPECT_TRUE(was_shorter);
}

TEST(Deflate, leaves_alone_what_would_hold_up_its_thread) {
  EXPECT_TRUE(deflate(std::string(deflate_bytes_max, 'x'), DeflateFormat::message, {}));
  EXPECT_FALSE(deflate(std::string(deflate_bytes_max + 1, 'x'), DeflateFormat::message, {}));
}

TEST(Deflate, has_streams_of_its_own_on_every_thread) {
  const std::string message = noise(200) + std::string(3000, 'y');
  const std::string wanted = deflated(message);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 50; ++round) {
        std::string inflated;
        EXPECT_EQ(deflated(message), wanted);
        EXPECT_FALSE(inflate_message(wanted, 4000, inflated));
        EXPECT_EQ(inflated, message);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// The examples of RFC 7692 7.2.3.
TEST(Inflate, reads_what_the_standard_shows) {
  for (const std::string& hello :
       {bytes({0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00}),
        bytes({0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x00}),
        bytes({0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00}),
        bytes({0xF2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xCA, 0xC9, 0xC9, 0x07, 0x00})}) {
    EXPECT_EQ(read_deflated(deflated_frame(hello)), Entries{"text:Hello"});
  }
  // An empty message, flushed and as a last block.
  EXPECT_EQ(read_deflated(deflated_frame(bytes({0x00}))), Entries{"text:"});
  EXPECT_EQ(read_deflated(deflated_frame(bytes({0x02, 0x00}))), Entries{"text:"});
  EXPECT_EQ(read_deflated(deflated_frame(bytes({0x01}))), Entries{"text:"});
}

TEST(Inflate, refuses_what_is_no_whole_stream) {
  const std::string whole = deflated("4" + std::string(300, 'a') + std::string(300, 'b'));
  std::string message;
  EXPECT_FALSE(inflate_message(whole, 1000, message));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(inflate_message(whole.substr(0, size), 1000, message), CloseCode::bad_data) << size;
  }
  // A block of the reserved type, a stored block with a wrong check, a reference to before it all.
  for (const std::string& broken : {bytes({0x06}), bytes({0x00, 0x05, 0x00, 0xFA, 0xFE, 0x48}),
                                    bytes({0x02, 0x0F}), bytes({0xFF, 0xFF, 0xFF, 0xFF})}) {
    EXPECT_EQ(inflate_message(broken, 1000, message), CloseCode::bad_data);
  }
}

TEST(Inflate, stops_at_its_bound_and_allocates_no_more) {
  for (const std::size_t size : {1u, 15u, 1000u, 1024u, 4096u, 65'536u, 1'000'000u}) {
    const std::string bomb = deflate(std::string(size + 10, '\0'), DeflateFormat::message, {})
                                 .value_or(bytes({0x62, 0x80, 0x83, 0x00}));
    std::string message;
    EXPECT_EQ(inflate_message(bomb, size, message), CloseCode::too_big) << size;
    EXPECT_LE(message.capacity(), std::max<std::size_t>(size, 15));
  }
  for (const std::size_t size : {100u, 1023u, 1024u, 1025u, 4095u, 4096u, 1'000'000u}) {
    const std::string most = deflated(std::string(size, 'x'));
    std::string message;
    EXPECT_FALSE(inflate_message(most, size, message)) << size;
    EXPECT_EQ(message.size(), size);
    EXPECT_EQ(message.capacity(), size);
    EXPECT_EQ(inflate_message(most, size - 1, message), CloseCode::too_big) << size;
  }
  std::string nothing;
  EXPECT_FALSE(inflate_message(bytes({0x00}), 0, nothing));
}

TEST(Inflate, reads_a_full_message_and_many_empty_blocks_in_linear_time) {
  std::string stream = deflated(std::string(1'000'000, 'x'));
  stream += bytes({0x00, 0x00, 0xFF, 0xFF});
  for (int i = 0; i < 400'000; ++i) stream += bytes({0x03, 0x00});  // Each says it is the last.
  stream += bytes({0x00});
  std::string message;
  EXPECT_FALSE(inflate_message(stream, 1'000'000, message));
  EXPECT_EQ(message.size(), 1'000'000u);
}

// -- deflated frames ------------------------------------------------------------------------------

TEST(WebSocketReader, inflates_messages_of_both_kinds) {
  const std::string text = "4 h€llo " + std::string(5000, 'x');
  EXPECT_EQ(read_deflated(deflated_frame(deflated(text))), Entries{"text:" + text});
  const std::string binary = std::string(3000, '\xFF') + noise(200);
  EXPECT_EQ(read_deflated(deflated_frame(deflated(binary), 2)), Entries{"binary:" + binary});
}

TEST(WebSocketReader, reads_plain_and_deflated_messages_by_turns) {
  const std::string text(2000, 'x');
  EXPECT_EQ(read_deflated(test::text_frame("a") + deflated_frame(deflated(text)) +
                          test::binary_frame("\xFF") + deflated_frame(deflated(text), 2) +
                          test::text_frame("b")),
            (Entries{"text:a", "text:" + text, "binary:\xFF", "binary:" + text, "text:b"}));
}

TEST(WebSocketReader, inflates_fragments_with_control_frames_between_them) {
  const std::string text = "h€llo " + std::string(2000, 'y') + noise(0);
  const std::string stream = deflated(text);
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    const std::string frames =
        write({.opcode = 1, .payload = stream.substr(0, cut), .is_final = false, .reserved = 4}) +
        write({.opcode = 9, .payload = "p"}) + write({.opcode = 0, .is_final = false}) +
        write({.opcode = 0, .payload = stream.substr(cut)});
    EXPECT_EQ(read_deflated(frames), (Entries{"ping:p", "text:" + text})) << cut;
  }
}

TEST(WebSocketReader, refuses_deflated_messages_without_an_agreement) {
  EXPECT_EQ(test::read(deflated_frame(deflated("aaaaaaaaaaaaaaaaaaaa"))), Entries{protocol_error});
}

TEST(WebSocketReader, takes_the_deflated_bit_only_where_a_message_begins) {
  for (const unsigned reserved : {1u, 2u, 3u, 5u, 6u, 7u}) {
    EXPECT_EQ(read_deflated(write({.payload = "x", .reserved = reserved})),
              Entries{protocol_error});
  }
  for (const unsigned opcode : {8u, 9u, 10u}) {
    EXPECT_EQ(read_deflated(write({.opcode = opcode, .reserved = 4})), Entries{protocol_error});
  }
  for (const unsigned first : {0u, 4u}) {
    EXPECT_EQ(read_deflated(write({.payload = "", .is_final = false, .reserved = first}) +
                            write({.opcode = 0, .payload = "x", .reserved = 4})),
              Entries{protocol_error});
  }
}

TEST(WebSocketReader, refuses_broken_deflated_messages) {
  EXPECT_EQ(read_deflated(deflated_frame("")), Entries{bad_data});
  EXPECT_EQ(read_deflated(deflated_frame("garbage")), Entries{bad_data});
  const std::string stream = deflated(std::string(2000, 'x'));
  EXPECT_EQ(read_deflated(deflated_frame(stream.substr(0, stream.size() - 1))), Entries{bad_data});
}

TEST(WebSocketReader, validates_inflated_text_as_utf8) {
  const std::string broken = deflated(std::string(100, 'x') + "\xC3");
  EXPECT_EQ(read_deflated(deflated_frame(broken)), Entries{bad_data});
  EXPECT_EQ(read_deflated(deflated_frame(broken, 2)),
            Entries{"binary:" + std::string(100, 'x') + "\xC3"});
}

TEST(WebSocketReader, bounds_deflated_messages_before_and_after) {
  const std::string bomb = deflated(std::string(1'000'000, '\0'));
  ASSERT_LT(bomb.size(), 10'000u);
  EXPECT_EQ(read_deflated(deflated_frame(bomb), 999'999), Entries{too_big});
  EXPECT_EQ(read_deflated(deflated_frame(bomb)).size(), 1u);
  EXPECT_NE(read_deflated(deflated_frame(bomb)), Entries{too_big});
  // As it came, on the header alone; and over all fragments.
  EXPECT_EQ(read_deflated(test::frame_header({.reserved = 4}, 1001), 1000), Entries{too_big});
  EXPECT_EQ(read_deflated(write({.payload = noise(600), .is_final = false, .reserved = 4}) +
                              test::frame_header({.opcode = 0}, 401),
                          1000),
            Entries{too_big});
}

}  // namespace
}  // namespace coterie::net
