// SPDX-License-Identifier: MIT
#include "api/schema.hpp"

#include <gtest/gtest.h>

#include "support/together.hpp"

namespace coterie::tests {
namespace {

net::Request request_with(std::string body, const std::string& type,
                          const std::string& encoding = "") {
  net::Request request;
  request.method = "POST";
  if (!type.empty()) request.fields.add("Content-Type", type);
  if (!encoding.empty()) request.fields.add("Content-Encoding", encoding);
  request.body = std::move(body);
  return request;
}

// The body as the endpoints see it, or the code of what is wrong with it.
std::string parsed(const net::Request& request) {
  const auto object = api::parse_body(request);
  return object ? to_text(*object) : std::string(object.error().code);
}

constexpr const char* json = "application/json";

TEST(Body, of_json_is_an_object_in_its_order) {
  EXPECT_EQ(parsed(request_with(R"({"b":1,"a":"x","c":null})", json)),
            R"({"b":1,"a":"x","c":null})");
  EXPECT_EQ(parsed(request_with(R"({"a":1})", "Application/JSON; charset=UTF-8")), R"({"a":1})");
  EXPECT_EQ(parsed(request_with(R"({"a":1})", "application/json;charset=utf8")), R"({"a":1})");
}

TEST(Body, of_a_json_array_is_an_object_of_its_places) {
  EXPECT_EQ(parsed(request_with(R"(["x",{"a":1}])", json)), R"({"0":"x","1":{"a":1}})");
  EXPECT_EQ(parsed(request_with("[]", json)), "{}");
}

TEST(Body, that_is_empty_is_an_empty_object) {
  EXPECT_EQ(parsed(request_with("", json)), "{}");
}

TEST(Body, that_is_no_json_object_is_a_bad_body) {
  for (const char* text : {"{", "}", "{\"a\":}", "{\"a\":1}x", "nothing", "1", "\"text\"", "true",
                           "null", "{\"a\":\"\xFF\"}", "\xEF\xBB\xBF"}) {
    EXPECT_EQ(parsed(request_with(text, json)), "bad_body") << text;
  }
  EXPECT_EQ(parsed(request_with(std::string(1000, '[') + std::string(1000, ']'), json)),
            "bad_body");
}

TEST(Body, that_is_bad_says_what_is_wrong) {
  const auto refused = api::parse_body(request_with("{\"a\":}", json));
  ASSERT_FALSE(refused);
  EXPECT_FALSE(refused.error().detail.empty());
}

TEST(Body, of_a_form_is_an_object_of_texts) {
  EXPECT_EQ(parsed(request_with("a=1&b=x+y%21", "application/x-www-form-urlencoded")),
            R"({"a":"1","b":"x y!"})");
  EXPECT_EQ(parsed(request_with("", "application/x-www-form-urlencoded")), "{}");
}

TEST(Body, of_another_type_or_of_none_is_an_empty_object) {
  EXPECT_EQ(parsed(request_with(R"({"a":1})", "text/plain")), "{}");
  EXPECT_EQ(parsed(request_with(R"({"a":1})", "")), "{}");
  EXPECT_EQ(parsed(request_with("<a>1</a>", "application/xml")), "{}");
}

TEST(Body, in_a_charset_or_an_encoding_that_we_do_not_read_is_unsupported) {
  EXPECT_EQ(parsed(request_with("{}", "application/json; charset=iso-8859-1")),
            "unsupported_media_type");
  EXPECT_EQ(parsed(request_with("{}", "application/json; charset=utf-16")),
            "unsupported_media_type");
  EXPECT_EQ(parsed(request_with("{}", json, "gzip")), "unsupported_media_type");
  EXPECT_EQ(parsed(request_with("{}", json, "br")), "unsupported_media_type");
  EXPECT_EQ(parsed(request_with("{}", json, "identity")), "{}");
}

TEST(Query, of_plain_names_is_an_object_of_texts) {
  EXPECT_EQ(to_text(api::parse_query("")), "{}");
  EXPECT_EQ(to_text(api::parse_query("a=1&b=x%20y+z&c")), R"({"a":"1","b":"x y z","c":""})");
}

TEST(Query, with_a_name_that_comes_twice_is_an_array) {
  EXPECT_EQ(to_text(api::parse_query("a=1&a=2")), R"({"a":["1","2"]})");
  EXPECT_EQ(to_text(api::parse_query("a=1&b=0&a=2&a=3")), R"({"a":["1","2","3"],"b":"0"})");
}

TEST(Query, with_brackets_is_an_object_and_never_a_value) {
  for (const char* query :
       {"groupId[groupId]=1", "groupId%5Bx%5D=1", "groupId[]=1", "groupId[x][y]=1",
        "groupId=7&groupId[x]=1", "groupId[x]=1&groupId=7", "groupId=1&groupId=2"}) {
    const JsonObject object = api::parse_query(query);
    const Json* value = object.if_contains("groupId");
    ASSERT_TRUE(value) << query;
    EXPECT_TRUE(value->is_object() || value->is_array()) << query << ": " << to_text(*value);
    EXPECT_EQ(api::integer_of(*value), std::nullopt) << query;
  }
  EXPECT_EQ(to_text(api::parse_query("a[b]=1")), R"({"a":{"b":"1"}})");
  EXPECT_EQ(to_text(api::parse_query("a[b=1")), R"({"a":{"b":"1"}})");
}

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
            R"({"type":"object","properties":{"name":{"type":"string","maxLength":32,)"
            R"("minLength":2},"coverId":{"type":"integer"},"size":{"type":"integer",)"
            R"("minimum":0}},"required":["name","coverId"],"additionalProperties":false})");
}

}  // namespace
}  // namespace coterie::tests
