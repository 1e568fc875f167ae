// RFC 6455 by generated tables: every close code, every length at its bounds, every way in which
// text can be wrong, each cut at every position.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "net/websocket.hpp"
#include "support/client_frames.hpp"
#include "support/pieces.hpp"

namespace coterie::net {
namespace {

using test::close_payload;
using test::frame_header;
using test::text_frame;
using test::write;

// What a reader says, in one line: "text(…) ping(…) close(CODE) fail(CODE)".
class Line final : public WebSocketReader::Handler {
 public:
  bool on_message(std::string_view message, bool is_text) override {
    return add(is_text ? "text" : "binary", message);
  }
  bool on_ping(std::string_view payload) override { return add("ping", payload); }
  void on_close(std::uint16_t code) override { add("close", std::to_string(code)); }

  bool add(std::string_view what, std::string_view value) {
    if (!text.empty()) text += " ";
    text.append(what).append("(").append(value).append(")");
    return true;
  }

  std::string text;
};

std::string read(std::string_view bytes, std::size_t piece_size) {
  WebSocketReader reader(1'000'000);
  Line line;
  for (const std::string_view view : test::pieces(bytes, piece_size)) {
    std::vector<char> piece(view.begin(), view.end());
    const auto failure = reader.feed(piece, line);
    if (failure) line.add("fail", std::to_string(static_cast<int>(*failure)));
    if (failure || line.text.find("close(") != std::string::npos) break;
  }
  return line.text;
}

// Whole, and byte by byte.
std::string read(std::string_view bytes) {
  std::string whole = read(bytes, bytes.size() + 1);
  EXPECT_EQ(read(bytes, 1), whole);
  return whole;
}

// A text message of fragments that end at these positions.
std::string fragments(std::string_view text, const std::vector<std::size_t>& cuts,
                      std::string_view between = {}) {
  std::string bytes;
  std::size_t begin = 0;
  for (const std::size_t cut : cuts) {
    bytes += write({.opcode = begin == 0 && bytes.empty() ? 1u : 0u,
                    .payload = text.substr(begin, cut - begin),
                    .is_final = false});
    bytes += between;
    begin = cut;
  }
  return bytes + write({.opcode = bytes.empty() ? 1u : 0u, .payload = text.substr(begin)});
}

// RFC 3629, by arithmetic: text that a decoder of whole characters reads to its end.
bool is_text(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size();) {
    const auto at = [&](std::size_t offset) -> unsigned {
      return i + offset < bytes.size() ? static_cast<unsigned char>(bytes[i + offset]) : 0u;
    };
    const unsigned first = at(0);
    const std::size_t more = first < 0x80 ? 0 : first >> 5 == 6 ? 1 : first >> 4 == 14 ? 2 : 3;
    if (more == 3 && first >> 3 != 30) return false;
    unsigned point = more == 0 ? first : first & (0x3Fu >> more);
    for (std::size_t offset = 1; offset <= more; ++offset) {
      if (at(offset) >> 6 != 2) return false;
      point = point << 6 | (at(offset) & 0x3Fu);
    }
    constexpr unsigned least[] = {0, 0x80, 0x800, 0x10000};
    if (point < least[more] || point > 0x10FFFF || point >> 11 == 27) return false;
    i += more + 1;
  }
  return true;
}

// Characters at every bound of RFC 3629, what lies right beyond, and forms too long.
std::vector<std::string> sequences() {
  std::vector<std::string> all;
  const std::vector<unsigned> edges{0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF};
  const std::vector<unsigned> firsts{0x00, 0x41, 0x7F, 0x80, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF,
                                     0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3,
                                     0xF4, 0xF5, 0xF7, 0xF8, 0xFB, 0xFC, 0xFD, 0xFE, 0xFF};
  for (const unsigned first : firsts) {
    const std::string one(1, static_cast<char>(first));
    all.push_back(one);
    for (const unsigned second : edges) {
      const std::string two = one + static_cast<char>(second);
      all.push_back(two);
      for (const unsigned rest : {0x7Fu, 0x80u, 0xBFu, 0xC0u}) {
        for (const std::size_t count : {1u, 2u, 3u, 4u}) {
          all.push_back(two + std::string(count, static_cast<char>(rest)));
        }
      }
    }
  }
  return all;
}

TEST(WebSocketTable, judges_text_as_rfc_3629_does_wherever_it_is_cut) {
  std::size_t valid = 0;
  for (const std::string& sequence : sequences()) {
    const std::string text = "a" + sequence + "b";
    const bool is_valid = is_text(text);
    valid += is_valid ? 1 : 0;
    const std::string wanted = is_valid ? "text(" + text + ")" : "fail(1007)";
    ASSERT_EQ(read(text_frame(text)), wanted) << ::testing::PrintToString(sequence);
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
      ASSERT_EQ(read(fragments(text, {cut})), wanted) << ::testing::PrintToString(sequence);
    }
  }
  EXPECT_GT(valid, 100u);
}

TEST(WebSocketTable, refuses_text_that_ends_within_a_character) {
  for (const std::string_view character :
       {"\xC2\x80", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEF\xBF\xBF", "\xF0\x90\x80\x80",
        "\xF4\x8F\xBF\xBF"}) {
    for (std::size_t size = 1; size < character.size(); ++size) {
      const std::string cut = "a" + std::string(character.substr(0, size));
      EXPECT_EQ(read(text_frame(cut)), "fail(1007)");
      EXPECT_EQ(read(fragments(cut, {1})), "fail(1007)");
      EXPECT_EQ(read(fragments(cut, {cut.size()})), "fail(1007)");
      // What is right so far is not refused before the end is known.
      EXPECT_EQ(read(write({.payload = cut, .is_final = false})), "");
    }
  }
}

TEST(WebSocketTable, refuses_wrong_text_at_the_first_byte_that_gives_it_away) {
  for (const auto& [right, wrong] :
       std::vector<std::pair<std::string, std::string>>{{"", "\x80"},
                                                        {"", "\xC1"},
                                                        {"", "\xF5"},
                                                        {"", "\xFF"},
                                                        {"\xE0", "\x9F"},
                                                        {"\xED", "\xA0"},
                                                        {"\xF0", "\x8F"},
                                                        {"\xF4", "\x90"},
                                                        {"\xE2\x82", "a"},
                                                        {"\xF0\x9F\x98", "\xC2"}}) {
    const std::string start = "a" + right;
    // A message of a thousand bytes whose rest never comes.
    const std::string head = frame_header({.mask = 0}, 1000);
    EXPECT_EQ(read(head + start), "");
    EXPECT_EQ(read(head + start + wrong), "fail(1007)");
  }
}

TEST(WebSocketTable, lets_control_frames_come_between_any_two_fragments) {
  const std::string text = "a\xE2\x82\xAC\xF0\x9F\x98\x80z";
  const std::string between = write({.opcode = 9, .payload = "\xFF"}) +
                              write({.opcode = 10, .payload = "x"}) + write({.opcode = 9});
  for (std::size_t first = 0; first <= text.size(); ++first) {
    for (std::size_t second = first; second <= text.size(); ++second) {
      ASSERT_EQ(read(fragments(text, {first, second}, between)),
                "ping(\xFF) ping() ping(\xFF) ping() text(" + text + ")");
    }
  }
}

TEST(WebSocketTable, answers_every_close_code_as_the_registry_has_it) {
  for (unsigned code = 0; code <= 0xFFFF; ++code) {
    const bool may_be_sent = (code >= 3000 && code <= 4999) || (code >= 1000 && code <= 1003) ||
                             (code >= 1007 && code <= 1014);
    const std::string bytes = write({.opcode = 8, .payload = close_payload(code)});
    ASSERT_EQ(read(bytes, bytes.size()),
              may_be_sent ? "close(" + std::to_string(code) + ")" : "fail(1002)");
  }
}

TEST(WebSocketTable, reads_a_reason_to_close_as_text) {
  for (const std::string& sequence : sequences()) {
    const std::string reason = "a" + sequence;
    ASSERT_EQ(read(write({.opcode = 8, .payload = close_payload(1000, reason)})),
              is_text(reason) ? "close(1000)" : "fail(1007)")
        << ::testing::PrintToString(sequence);
  }
}

TEST(WebSocketTable, takes_control_frames_of_every_length_up_to_125) {
  for (std::size_t size = 0; size <= 130; ++size) {
    const std::string payload(size, 'x');
    EXPECT_EQ(read(write({.opcode = 9, .payload = payload})),
              size <= 125 ? "ping(" + payload + ")" : "fail(1002)");
    EXPECT_EQ(read(write({.opcode = 10, .payload = payload})), size <= 125 ? "" : "fail(1002)");
    if (size >= 2) continue;
    EXPECT_EQ(read(write({.opcode = 8, .payload = payload})),
              size == 0 ? "close(1005)" : "fail(1002)");
  }
}

TEST(WebSocketTable, takes_the_shortest_form_of_a_length_and_no_other) {
  for (const std::size_t size : {0u, 1u, 125u, 126u, 127u, 128u, 65'535u, 65'536u, 65'537u}) {
    const std::string payload(size, 'x');
    const unsigned shortest = size < 126 ? 1 : size < 65'536 ? 3 : 9;
    for (const unsigned form : {1u, 3u, 9u}) {
      if (form < shortest) continue;
      const std::string bytes = write({.payload = payload, .length_bytes = form});
      const std::string wanted = form == shortest ? "text(" + payload + ")" : "fail(1002)";
      EXPECT_EQ(read(bytes, bytes.size()), wanted) << size << " in " << form;
      EXPECT_EQ(read(bytes, 7), wanted) << size << " in " << form;
    }
  }
  for (unsigned bit = 63; bit >= 20; --bit) {
    EXPECT_EQ(read(frame_header({}, std::uint64_t{1} << bit)),
              bit == 63 ? "fail(1002)" : "fail(1009)")
        << bit;
  }
}

TEST(WebSocketTable, judges_every_first_byte) {
  for (unsigned byte = 0; byte < 256; ++byte) {
    const bool is_final = (byte & 0x80) != 0;
    const unsigned opcode = byte & 0x0F;
    std::string wanted = "fail(1002)";
    if ((byte & 0x70) == 0 && (opcode == 1 || opcode == 2)) {
      wanted = !is_final ? "" : opcode == 1 ? "text()" : "binary()";
    } else if ((byte & 0x70) == 0 && is_final && opcode >= 8 && opcode <= 10) {
      wanted = opcode == 8 ? "close(1005)" : opcode == 9 ? "ping()" : "";
    }
    std::string bytes = write({.payload = ""});
    bytes[0] = static_cast<char>(byte);
    EXPECT_EQ(read(bytes), wanted) << byte;
    bytes[1] = static_cast<char>(bytes[1] & 0x7F);  // Without a mask.
    EXPECT_EQ(read(bytes), "fail(1002)") << byte;
  }
}

}  // namespace
}  // namespace coterie::net
