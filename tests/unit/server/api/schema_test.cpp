// SPDX-License-Identifier: MIT
#include "api/schema.hpp"

#include <gtest/gtest.h>

#include "support/together.hpp"

namespace coterie::tests {
namespace {

TEST(Integer, is_a_whole_number_or_the_text_of_one) {
  EXPECT_EQ(api::integer_of(Json(7)), 7);
  EXPECT_EQ(api::integer_of(Json(-7)), -7);
  EXPECT_EQ(api::integer_of(Json(7.0)), 7);
  EXPECT_EQ(api::integer_of(Json("7")), 7);
  EXPECT_EQ(api::integer_of(Json("-7")), -7);
  EXPECT_EQ(api::integer_of(Json("9223372036854775807")), 9223372036854775807);
}

TEST(Integer, is_nothing_else) {
  for (const Json& value :
       {Json(), Json(true), Json(7.5), Json(1e300), Json(""), Json("7x"), Json(" 7"), Json("7.0"),
        Json("+7"), Json("0x7"), Json("9223372036854775808"), Json(JsonArray{7}),
        Json(JsonObject{{"a", 7}}), Json(std::uint64_t{9223372036854775808U})}) {
    EXPECT_EQ(api::integer_of(value), std::nullopt) << to_text(value);
  }
}

TEST(Integer, of_an_object_is_the_one_under_that_name) {
  const JsonObject input{{"id", "7"}, {"bad", "x"}};
  EXPECT_EQ(api::integer_of(input, "id"), 7);
  EXPECT_EQ(api::integer_of(input, "bad"), std::nullopt);
  EXPECT_EQ(api::integer_of(input, "missing"), std::nullopt);
}

TEST(Text, of_a_checked_field_is_its_text_or_the_text_of_its_number) {
  const JsonObject input{{"text", "x"}, {"number", 17}, {"null", nullptr}};
  EXPECT_EQ(api::text_of(input, "text"), "x");
  EXPECT_EQ(api::text_of(input, "number"), "17");
  EXPECT_EQ(api::text_of(input, "null"), "");
  EXPECT_EQ(api::text_of(input, "missing"), "");
  EXPECT_EQ(api::maybe_text_of(input, "null"), std::nullopt);
  EXPECT_EQ(api::maybe_text_of(input, "missing"), std::nullopt);
}

TEST(Shape, is_described_as_a_json_schema) {
  using enum api::RuleKind;
  const api::Shape shape{{{"name", {{not_empty}, {max_length, 32}, {min_length, 2}}},
                          {"coverId", {{not_empty}, {number}}},
                          {"size", {{natural}}, true}}};
  EXPECT_EQ(to_text(api::describe(shape)),
            R"({"type":"object","properties":{"name":{"type":"string","minLength":2,)"
            R"("maxLength":32},"coverId":{"type":"integer"},"size":{"type":"integer",)"
            R"("minimum":0}},"required":["name","coverId"],"additionalProperties":false})");
}

}  // namespace
}  // namespace coterie::tests
