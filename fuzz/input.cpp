// What comes with a request to the chat: whatever it is, what is made of it is JSON in UTF-8.
//
// Input: the first byte says which type and coding the rest claims to have.
// SPDX-License-Identifier: MIT
#include "api/input.hpp"

#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.hpp"
#include "base/utf8.hpp"

namespace {

constexpr std::string_view types[] = {"application/json", "application/x-www-form-urlencoded",
                                      "application/json; charset=latin1", "text/plain"};
constexpr std::string_view codings[] = {"", "gzip", "deflate", "identity"};

void check(const coterie::JsonObject& input) {
  const std::string text = coterie::to_text(coterie::Json(input));
  COTERIE_CHECK(coterie::is_utf8(text));
  const auto again = coterie::parse_json(text);
  COTERIE_CHECK(again && coterie::to_text(*again) == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  check(coterie::api::parse_query(rest));
  coterie::net::Request request;
  request.method = "POST";
  request.fields.add("Content-Type", std::string(types[data[0] % 4]));
  const std::string_view coding = codings[data[0] / 4 % 4];
  if (!coding.empty()) request.fields.add("Content-Encoding", std::string(coding));
  request.body = rest;
  if (const auto input = coterie::api::parse_body(request)) check(*input);
  return 0;
}
