// SPDX-License-Identifier: MIT
#include "api/input.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "api/schema.hpp"
#include "net/content_coding.hpp"

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
                           "null", "\xEF\xBB\xBF"}) {
    EXPECT_EQ(parsed(request_with(text, json)), "bad_body") << text;
  }
  EXPECT_EQ(parsed(request_with(std::string(1000, '[') + std::string(1000, ']'), json)),
            "bad_body");
}

TEST(Body, that_is_not_utf8_is_read_with_replacements) {
  EXPECT_EQ(parsed(request_with("{\"a\":\"b\xFF\"}", json)), "{\"a\":\"b\xEF\xBF\xBD\"}");
}

TEST(Body, passes_over_what_every_object_of_javascript_has) {
  EXPECT_EQ(
      parsed(request_with(R"({"b":1,"__proto__":{"a":1},"constructor":2,"c":3,"a":4})", json)),
      R"({"b":1,"c":3,"a":4})");
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
  EXPECT_EQ(parsed(request_with("{}", json, "br")), "unsupported_media_type");
  EXPECT_EQ(parsed(request_with("{}", json, "identity")), "{}");
}

// `text` coded as "gzip" or "deflate", as an answer of ours would be.
std::string coded(const std::string& text, net::ContentCoding coding) {
  net::Response response;
  response.body = text;
  net::encode_body(response, coding);
  EXPECT_TRUE(response.fields.has("Content-Encoding"));
  return response.body;
}

TEST(Body, may_be_gzip_or_deflate) {
  const std::string plain = R"({"a":")" + std::string(1000, 'x') + R"("})";
  EXPECT_EQ(parsed(request_with(coded(plain, net::ContentCoding::gzip), json, "gzip")), plain);
  EXPECT_EQ(parsed(request_with(coded(plain, net::ContentCoding::deflate), json, "Deflate")),
            plain);
  EXPECT_EQ(parsed(request_with("", json, "gzip")), "{}");
}

TEST(Body, that_is_not_in_the_coding_it_claims_is_a_bad_body) {
  const std::string whole = coded(std::string(2000, ' ') + "{}", net::ContentCoding::gzip);
  EXPECT_EQ(parsed(request_with(whole, json, "gzip")), "{}");
  EXPECT_EQ(parsed(request_with("{}", json, "gzip")), "bad_body");
  EXPECT_EQ(parsed(request_with(whole.substr(0, whole.size() - 1), json, "gzip")), "bad_body");
  EXPECT_EQ(parsed(request_with(whole + "x", json, "gzip")), "bad_body");
}

TEST(Body, that_is_larger_than_a_plain_one_may_be_is_too_large) {
  const auto of = [](std::size_t size) {
    return request_with(coded("{}" + std::string(size - 2, ' '), net::ContentCoding::gzip), json,
                        "gzip");
  };
  EXPECT_EQ(parsed(of(100 * 1024)), "{}");
  EXPECT_EQ(parsed(of(100 * 1024 + 1)), "body_too_large");
  EXPECT_EQ(parsed(of(1024 * 1024)), "body_too_large");
}

TEST(Body, has_the_replacement_character_where_json_escapes_half_of_a_pair) {
  const std::string instead = "\xEF\xBF\xBD";
  for (const auto& [text, read] : std::vector<std::pair<std::string, std::string>>{
           {R"(\ud800)", instead},
           {R"(\uDFFF!)", instead + "!"},
           {R"(\ud83d\ude00)", "\xF0\x9F\x98\x80"},
           {R"(\ud83d\ud83d\ude00)", instead + "\xF0\x9F\x98\x80"},
           {R"(\ude00\ud83d)", instead + instead},
           {R"(\ud83dx\ude00)", instead + "x" + instead},
           {R"(\ud83d\n)", instead + "\n"}}) {
    const auto object = api::parse_body(request_with(R"({"a":")" + text + R"("})", json));
    ASSERT_TRUE(object) << text;
    EXPECT_EQ(object->at("a").as_string(), read) << text;
  }
  // A backslash that is escaped begins no escape; broken ones stay broken.
  EXPECT_EQ(parsed(request_with(R"({"a":"\\ud800"})", json)), R"({"a":"\\ud800"})");
  for (const char* text :
       {R"({"a":"\ud8"})", R"({"a":"\ud800)", R"({"a":"\)", R"({"a":"\ud80g"})"}) {
    EXPECT_EQ(parsed(request_with(text, json)), "bad_body") << text;
  }
}

TEST(Query, of_plain_names_is_an_object_of_texts) {
  EXPECT_EQ(to_text(api::parse_query("")), "{}");
  EXPECT_EQ(to_text(api::parse_query("a=1&b=x%20y+z&c")), R"({"a":"1","b":"x y z","c":""})");
}

TEST(Query, has_the_replacement_character_for_what_is_no_text) {
  const std::string instead = "\xEF\xBF\xBD";
  for (const auto& [raw, read] : std::vector<std::pair<std::string, std::string>>{
           {"%ff", instead},
           {"a%ffb", "a" + instead + "b"},
           {"%ed%a0%80", instead + instead + instead},
           {"%f0%9f%98%80", "\xF0\x9F\x98\x80"},
           {"%f0%9f%98", instead + instead + instead},
           {"%e4%bd%a0%e4", "\xE4\xBD\xA0" + instead}}) {
    EXPECT_EQ(api::parse_query("a=" + raw).at("a").as_string(), read) << raw;
    EXPECT_TRUE(api::parse_query(raw + "=1").contains(read)) << raw;
  }
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

}  // namespace
}  // namespace coterie::tests
