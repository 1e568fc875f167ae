// SPDX-License-Identifier: MIT
#include "base/utf8.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "support/pieces.hpp"

namespace coterie {
namespace {

// The table of RFC 3629 section 4: the bounds of each byte of each well-formed sequence.
struct Row {
  std::vector<std::pair<unsigned, unsigned>> bytes;
};
const std::vector<Row>& well_formed() {
  static const std::vector<Row> rows{
      {{{0x00, 0x7F}}},
      {{{0xC2, 0xDF}, {0x80, 0xBF}}},
      {{{0xE0, 0xE0}, {0xA0, 0xBF}, {0x80, 0xBF}}},
      {{{0xE1, 0xEC}, {0x80, 0xBF}, {0x80, 0xBF}}},
      {{{0xED, 0xED}, {0x80, 0x9F}, {0x80, 0xBF}}},
      {{{0xEE, 0xEF}, {0x80, 0xBF}, {0x80, 0xBF}}},
      {{{0xF0, 0xF0}, {0x90, 0xBF}, {0x80, 0xBF}, {0x80, 0xBF}}},
      {{{0xF1, 0xF3}, {0x80, 0xBF}, {0x80, 0xBF}, {0x80, 0xBF}}},
      {{{0xF4, 0xF4}, {0x80, 0x8F}, {0x80, 0xBF}, {0x80, 0xBF}}},
  };
  return rows;
}

std::string text_of(const std::vector<unsigned>& bytes) {
  std::string text;
  for (const unsigned byte : bytes) text.push_back(static_cast<char>(byte));
  return text;
}

// What the table says of text that is one character.
bool is_in_table(const std::string& text) {
  for (const Row& row : well_formed()) {
    if (row.bytes.size() != text.size()) continue;
    bool fits = true;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const auto byte = static_cast<unsigned char>(text[i]);
      fits = fits && byte >= row.bytes[i].first && byte <= row.bytes[i].second;
    }
    if (fits) return true;
  }
  return false;
}

TEST(Utf8, accepts_the_bounds_of_every_row_of_the_table) {
  for (const Row& row : well_formed()) {
    std::vector<unsigned> low;
    std::vector<unsigned> high;
    for (const auto& [least, most] : row.bytes) {
      low.push_back(least);
      high.push_back(most);
    }
    EXPECT_TRUE(is_utf8(text_of(low)));
    EXPECT_TRUE(is_utf8(text_of(high)));
  }
}

TEST(Utf8, judges_every_sequence_of_one_and_two_bytes_as_the_table_does) {
  for (unsigned first = 0; first < 256; ++first) {
    const std::string one = text_of({first});
    EXPECT_EQ(is_utf8(one), is_in_table(one)) << first;
    for (unsigned second = 0; second < 256; ++second) {
      const std::string two = text_of({first, second});
      const bool expected = is_in_table(two) || (first < 0x80 && second < 0x80);
      ASSERT_EQ(is_utf8(two), expected) << first << " " << second;
    }
  }
}

TEST(Utf8, judges_three_and_four_bytes_at_every_bound_as_the_table_does) {
  const std::vector<unsigned> edges{0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF};
  for (unsigned first = 0xE0; first < 256; ++first) {
    for (const unsigned second : edges) {
      for (const unsigned third : edges) {
        const std::string three = text_of({first, second, third});
        ASSERT_EQ(is_utf8(three), is_in_table(three)) << first << " " << second << " " << third;
        for (const unsigned fourth : edges) {
          const std::string four = three + static_cast<char>(fourth);
          const bool expected = is_in_table(four) || (is_in_table(three) && fourth < 0x80);
          ASSERT_EQ(is_utf8(four), expected) << first << " " << second << " " << third;
        }
      }
    }
  }
}

TEST(Utf8, refuses_overlong_forms_surrogates_and_what_is_beyond_the_last_character) {
  for (const std::string& text :
       {text_of({0xC0, 0x80}), text_of({0xC1, 0xBF}), text_of({0xE0, 0x80, 0x80}),
        text_of({0xE0, 0x9F, 0xBF}), text_of({0xF0, 0x80, 0x80, 0x80}),
        text_of({0xF0, 0x8F, 0xBF, 0xBF}), text_of({0xED, 0xA0, 0x80}), text_of({0xED, 0xBF, 0xBF}),
        text_of({0xF4, 0x90, 0x80, 0x80}), text_of({0xF5, 0x80, 0x80, 0x80}), text_of({0xFE}),
        text_of({0xFF})}) {
    EXPECT_FALSE(is_utf8(text));
    EXPECT_FALSE(is_utf8("1234567" + text));
    EXPECT_FALSE(is_utf8("12345678" + text));
  }
}

TEST(Utf8, refuses_at_the_first_byte_that_gives_it_away) {
  Utf8Validator overlong;
  EXPECT_FALSE(overlong.feed(text_of({0xC0})));
  Utf8Validator surrogate;
  EXPECT_TRUE(surrogate.feed(text_of({0xED})));
  EXPECT_FALSE(surrogate.feed(text_of({0xA0})));
  Utf8Validator beyond;
  EXPECT_TRUE(beyond.feed(text_of({0xF4})));
  EXPECT_FALSE(beyond.feed(text_of({0x90})));
}

const std::string mixed =
    "plain ascii, \xC3\xA9t\xC3\xA9, \xE6\xBC\xA2\xE5\xAD\x97, \xF0\x9F\x98\x80 end";

TEST(Utf8, does_not_care_where_text_is_cut) {
  for (std::size_t size = 1; size <= mixed.size(); ++size) {
    Utf8Validator validator;
    for (const std::string_view piece : test::pieces(mixed, size)) {
      ASSERT_TRUE(validator.feed(piece)) << size;
    }
    EXPECT_TRUE(validator.is_complete()) << size;
  }
}

TEST(Utf8, knows_whether_text_ends_within_a_character) {
  for (std::size_t end = 0; end <= mixed.size(); ++end) {
    Utf8Validator validator;
    EXPECT_TRUE(validator.feed(std::string_view(mixed).substr(0, end)));
    const bool is_boundary =
        end == mixed.size() || (static_cast<unsigned char>(mixed[end]) & 0xC0) != 0x80;
    EXPECT_EQ(validator.is_complete(), is_boundary) << end;
    EXPECT_EQ(is_utf8(std::string_view(mixed).substr(0, end)), is_boundary) << end;
  }
}

TEST(Utf8, begins_anew_after_a_reset) {
  Utf8Validator validator;
  EXPECT_TRUE(validator.feed(text_of({0xF0})));
  validator.reset();
  EXPECT_TRUE(validator.is_complete());
  EXPECT_TRUE(validator.feed("a"));
}

TEST(ToUtf8, replaces_each_byte_that_belongs_to_no_character) {
  const std::string instead = "\xEF\xBF\xBD";
  for (const auto& [text, read] : std::vector<std::pair<std::string, std::string>>{
           {"", ""},
           {"plain \xE4\xBD\xA0\xF0\x9F\x98\x80", "plain \xE4\xBD\xA0\xF0\x9F\x98\x80"},
           {"\xFF", instead},
           {"a\xFF\xE4\xBD\xA0"
            "b",
            "a" + instead +
                "\xE4\xBD\xA0"
                "b"},
           {"\xED\xA0\x80", instead + instead + instead},
           {"\xF0\x9F\x98", instead + instead + instead},
           {"\x80\xC3\xA9\xC3", instead + "\xC3\xA9" + instead}}) {
    EXPECT_EQ(to_utf8(text), read);
    EXPECT_TRUE(is_utf8(to_utf8(text)));
  }
}

}  // namespace
}  // namespace coterie
