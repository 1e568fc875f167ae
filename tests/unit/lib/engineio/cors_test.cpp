// SPDX-License-Identifier: MIT
#include "engineio/cors.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace coterie::engineio {
namespace {

using net::Fields;
using net::Request;

Request request_from(std::string origin, std::string wanted_headers = "") {
  Request request;
  if (!origin.empty()) request.fields.add("Origin", std::move(origin));
  if (!wanted_headers.empty()) {
    request.fields.add("Access-Control-Request-Headers", std::move(wanted_headers));
  }
  return request;
}

// The fields in one line, without what all their names begin with.
std::string in_short(const Fields& fields) {
  std::string text;
  for (const auto& [name, value] : fields) {
    const std::string_view prefix = "Access-Control-";
    text += name.starts_with(prefix) ? name.substr(prefix.size()) : name;
    text += ": " + value + "\n";
  }
  return text;
}

TEST(Cors, lets_everyone_in_by_default) {
  EXPECT_EQ(in_short(cors_fields({}, request_from("https://a.example"))), "Allow-Origin: *\n");
  EXPECT_EQ(in_short(cors_fields({}, request_from(""))), "Allow-Origin: *\n");
}

TEST(Cors, names_an_origin_that_is_allowed_and_no_other) {
  const CorsOrigin one = "https://a.example";
  const CorsOrigin list = {"https://b.example", "https://a.example"};
  const CorsOrigin some = [](std::string_view origin) { return origin.ends_with("a.example"); };
  for (const CorsOrigin& origin : {one, list, some, CorsOrigin::any()}) {
    const Cors cors{.origin = origin};
    EXPECT_EQ(in_short(cors_fields(cors, request_from("https://a.example"))),
              "Allow-Origin: https://a.example\nVary: Origin\n");
    EXPECT_EQ(in_short(cors_fields(cors, request_from(""))), "Vary: Origin\n");
  }
  for (const CorsOrigin& origin : {one, list, some}) {
    const Cors cors{.origin = origin};
    for (const char* other : {"https://a.example.org", "https://A.EXAMPLE", "null", "*"}) {
      EXPECT_EQ(in_short(cors_fields(cors, request_from(other))), "Vary: Origin\n") << other;
    }
  }
}

TEST(Cors, never_repeats_control_characters) {
  const Cors cors{.origin = CorsOrigin::any()};
  EXPECT_EQ(in_short(cors_fields(cors, request_from("https://a\x01"))), "Vary: Origin\n");
  const net::Response answer = preflight_answer(cors, request_from("https://a", "X-\x7F"));
  EXPECT_FALSE(answer.fields.has("Access-Control-Allow-Headers"));
}

TEST(Cors, says_what_else_it_is_told_to) {
  const Cors cors{.origin = "https://a",
                  .credentials = true,
                  .exposed_headers = {"X-One", "X-Two"},
                  .max_age = std::chrono::seconds(60)};
  EXPECT_EQ(in_short(cors_fields(cors, request_from("https://a"))),
            "Allow-Origin: https://a\nVary: Origin\nAllow-Credentials: true\n"
            "Expose-Headers: X-One,X-Two\n");
}

TEST(Cors, answers_a_preflight_with_what_it_asks_for) {
  const net::Response answer = preflight_answer({}, request_from("https://a", "X-One, X-Two"));
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(in_short(answer.fields),
            "Allow-Origin: *\nVary: Access-Control-Request-Headers\n"
            "Allow-Methods: GET,HEAD,PUT,PATCH,POST,DELETE\nAllow-Headers: X-One, X-Two\n");
}

TEST(Cors, answers_a_preflight_with_what_is_configured) {
  const Cors cors{.origin = CorsOrigin::any(),
                  .methods = {"GET"},
                  .allowed_headers = {"X-Three"},
                  .max_age = std::chrono::seconds(60),
                  .success_status = 200};
  const net::Response answer = preflight_answer(cors, request_from("https://a", "X-One"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(in_short(answer.fields),
            "Allow-Origin: https://a\nVary: Origin\nAllow-Methods: GET\n"
            "Allow-Headers: X-Three\nMax-Age: 60\n");
}

// The option that check() names; empty: it is content.
std::string objection(const Cors& cors) {
  try {
    check(cors);
    return "";
  } catch (const std::invalid_argument& error) {
    const std::string text = error.what();
    return text.substr(0, text.find(' '));
  }
}

TEST(Cors, refuses_options_that_would_break_a_header) {
  EXPECT_EQ(objection({}), "");
  EXPECT_EQ(objection({.origin = CorsOrigin::any(), .allowed_headers = {"*"}}), "");
  EXPECT_EQ(objection({.origin = "https://a\r\nX: y"}), "cors.origin");
  EXPECT_EQ(objection({.origin = {"https://a", ""}}), "cors.origin");
  EXPECT_EQ(objection({.methods = {"GET POST"}}), "cors.methods");
  EXPECT_EQ(objection({.allowed_headers = {"X\r\nY"}}), "cors.allowed_headers");
  EXPECT_EQ(objection({.exposed_headers = {""}}), "cors.exposed_headers");
  EXPECT_EQ(objection({.max_age = std::chrono::seconds(-1)}), "cors.max_age");
  EXPECT_EQ(objection({.success_status = 302}), "cors.success_status");
}

}  // namespace
}  // namespace coterie::engineio
