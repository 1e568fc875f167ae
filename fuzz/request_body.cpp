// Bodies of requests: whatever comes, coded or not, what is read of it is text and JSON.
// SPDX-License-Identifier: MIT
#include <cstdint>
#include <string>
#include <string_view>

#include "api/input.hpp"
#include "base/check.hpp"
#include "base/utf8.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  coterie::net::Request request;
  request.method = "POST";
  const bool is_form = (data[0] & 1) != 0;
  const bool is_coded = (data[0] & 2) != 0;
  request.fields.add("Content-Type",
                     is_form ? "application/x-www-form-urlencoded" : "application/json");
  if (is_coded) request.fields.add("Content-Encoding", "gzip");
  request.body = std::string(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto object = coterie::api::parse_body(request);
  if (!object) return 0;
  const std::string text = coterie::to_text(*object);
  COTERIE_CHECK(coterie::is_utf8(text));
  const auto again = coterie::parse_json(text);
  COTERIE_CHECK(again && coterie::to_text(*again) == text);
  return 0;
}
