// SPDX-License-Identifier: MIT
#include "base/json.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

namespace coterie {
namespace {

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

std::string round_trip(std::string_view text) {
  return to_text(parse_json(text).value());
}

TEST(Json, reads_every_kind_of_value) {
  EXPECT_TRUE(parse_json("null")->is_null());
  EXPECT_EQ(parse_json("true")->as_bool(), true);
  EXPECT_EQ(parse_json("-7")->as_int64(), -7);
  EXPECT_EQ(parse_json("18446744073709551615")->as_uint64(), 18446744073709551615u);
  EXPECT_EQ(parse_json("0.5")->as_double(), 0.5);
  EXPECT_EQ(parse_json(R"("a\u00e9\n")")->as_string(), "a\xC3\xA9\n");
  EXPECT_EQ(parse_json("[1,[],{}]")->as_array().size(), 3u);
  EXPECT_EQ(parse_json(R"( {"a" : 1} )")->as_object().at("a").as_int64(), 1);
}

TEST(Json, refuses_what_is_no_json) {
  for (const std::string_view text :
       {"",         " ",       "nul",       "tru",         "[1",        "[1,",        "[1,]",
        "{",        R"({"a")", R"({"a":})", R"({"a":1,})", "{a:1}",     "'a'",        "01",
        "+1",       "1.",      ".5",        "1e",          "-",         "0x10",       "NaN",
        "Infinity", "\"a",     "\"\t\"",    R"("\x")",     R"("\u12")", "// note\n1", "[1]]"}) {
    const auto value = parse_json(text);
    ASSERT_FALSE(value) << text;
    EXPECT_EQ(value.error().code, "bad_json") << text;
    EXPECT_FALSE(value.error().detail.empty()) << text;
  }
}

TEST(Json, refuses_what_follows_a_whole_value) {
  EXPECT_FALSE(parse_json("1 2"));
  EXPECT_FALSE(parse_json("{}{}"));
  EXPECT_FALSE(parse_json("null,"));
  EXPECT_FALSE(parse_json(std::string_view("[]\0", 3)));
  EXPECT_TRUE(parse_json("[] \r\n\t"));
}

TEST(Json, says_where_a_text_is_wrong) {
  EXPECT_NE(parse_json(R"({"a":x})").error().detail.find("position 5"), std::string::npos);
  EXPECT_EQ(parse_json("[1,2").error().detail, "Unexpected end of JSON input");
}

TEST(Json, bounds_how_deep_values_nest) {
  EXPECT_TRUE(parse_json(nested(json_depth_max)));
  EXPECT_FALSE(parse_json(nested(json_depth_max + 1)));
  EXPECT_FALSE(parse_json(nested(400'000)));
  std::string objects;
  for (int i = 0; i < 400'000; ++i) objects += R"({"a":)";
  EXPECT_FALSE(parse_json(objects));
}

TEST(Json, takes_the_last_of_equal_keys) {
  const auto value = parse_json(R"({"a":1,"b":2,"a":3})");
  EXPECT_EQ(value->as_object().size(), 2u);
  EXPECT_EQ(value->as_object().at("a").as_int64(), 3);
}

TEST(Json, keeps_the_order_of_keys) {
  EXPECT_EQ(round_trip(R"({"z":1,"a":2,"m":{"y":[],"b":null}})"),
            R"({"z":1,"a":2,"m":{"y":[],"b":null}})");
}

TEST(Json, refuses_text_that_is_not_utf8) {
  EXPECT_FALSE(parse_json("\"\xFF\""));
  EXPECT_FALSE(parse_json("\"\xC0\x80\""));
  EXPECT_FALSE(parse_json("\"\xED\xA0\x80\""));
  EXPECT_FALSE(parse_json("{\"\xF5\":1}"));
}

TEST(Json, refuses_half_a_surrogate_pair) {
  EXPECT_EQ(parse_json(R"("\ud83d\ude00")")->as_string(), "\xF0\x9F\x98\x80");
  EXPECT_FALSE(parse_json(R"("\ud83d")"));
  EXPECT_FALSE(parse_json(R"("\ud83d\u0041")"));
  EXPECT_FALSE(parse_json(R"("\ude00")"));
}

TEST(Json, writes_without_spaces) {
  EXPECT_EQ(round_trip(R"( [ 1 , { "a" : [ true , null ] } , "x" ] )"),
            R"([1,{"a":[true,null]},"x"])");
}

TEST(Json, escapes_only_what_must_be) {
  EXPECT_EQ(to_text(Json("\"\\/\b\f\n\r\t\x01")), R"("\"\\/\b\f\n\r\t\u0001")");
  EXPECT_EQ(to_text(Json("\xE6\xBC\xA2\xE2\x80\xA8\x7F")), "\"\xE6\xBC\xA2\xE2\x80\xA8\x7F\"");
}

// Plain text is taken eight characters at a time: each character, at each place, among neighbours
// of all kinds.
TEST(Json, escapes_the_same_at_every_place) {
  const std::string_view must = "\"\\";
  for (const char around : {'a', ' ', '!', '#', '[', ']', '\x7F', '\xC3', '\xFF'}) {
    for (int code = 0; code < 256; ++code) {
      const char c = static_cast<char>(code);
      for (std::size_t place = 0; place < 20; ++place) {
        std::string text(20, around);
        text[place] = c;
        const std::string written = to_text(Json(text));
        if (code >= 0x20 && must.find(c) == std::string_view::npos) {
          ASSERT_EQ(written, '"' + text + '"') << code << " at " << place;
        } else {
          ASSERT_EQ(written[place + 1], '\\') << code << " at " << place;
          ASSERT_EQ(written.substr(0, place + 1), '"' + text.substr(0, place));
          ASSERT_TRUE(written.ends_with(text.substr(place + 1) + '"'));
        }
      }
    }
  }
}

TEST(Json, writes_whole_numbers_without_a_fraction) {
  EXPECT_EQ(round_trip("9007199254740993"), "9007199254740993");
  EXPECT_EQ(round_trip("-9223372036854775808"), "-9223372036854775808");
  EXPECT_EQ(round_trip("18446744073709551615"), "18446744073709551615");
  EXPECT_EQ(round_trip("0"), "0");
}

TEST(Json, writes_fractions_as_people_and_javascript_do) {
  EXPECT_EQ(round_trip("0.1"), "0.1");
  EXPECT_EQ(round_trip("2.50"), "2.5");
  EXPECT_EQ(round_trip("-1.5e3"), "-1500");
  EXPECT_EQ(round_trip("1.0"), "1");
  EXPECT_EQ(round_trip("-0.0"), "0");
}

TEST(Json, writes_doubles_that_read_back_the_same) {
  for (const double number :
       {0.1, -1.5, 1e21, 1e-7, 5e-324, 1.7976931348623157e308, 3.141592653589793, 1.0 / 3.0}) {
    const auto back = parse_json(to_text(Json(number)));
    ASSERT_TRUE(back) << to_text(Json(number));
    EXPECT_EQ(back->to_number<double>(), number);
  }
}

// A number that is too large for a double must not come out as something that breaks the text
// around it: one client could so break the payloads of all others.
TEST(Json, writes_only_what_can_be_read_back) {
  for (const std::string_view text : {"1e400", "-1e400", "[1e999]", "1e308", "-0.0"}) {
    const auto value = parse_json(text);
    if (value) EXPECT_TRUE(parse_json(to_text(*value))) << text << " became " << to_text(*value);
  }
  EXPECT_TRUE(parse_json(to_text(Json(std::numeric_limits<double>::infinity()))));
  EXPECT_TRUE(parse_json(to_text(Json(std::nan("")))));
}

TEST(Json, appends_to_what_is_there) {
  std::string target = "x=";
  write_json(Json(JsonArray{1, "two"}), target);
  EXPECT_EQ(target, R"(x=[1,"two"])");
}

TEST(Json, writes_texts_larger_than_its_buffer) {
  JsonArray array;
  for (int i = 0; i < 10'000; ++i) array.push_back(Json("value"));
  const std::string text = to_text(Json(array));
  EXPECT_EQ(text.size(), 10'000u * 8 + 1);
  EXPECT_EQ(round_trip(text), text);
}

}  // namespace
}  // namespace coterie
