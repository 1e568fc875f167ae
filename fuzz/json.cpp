// JSON: what is read and written again is the same text from then on.
// SPDX-License-Identifier: MIT
#include "base/json.hpp"

#include <cstdint>
#include <string_view>

#include "base/check.hpp"
#include "base/utf8.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto value = coterie::parse_json({reinterpret_cast<const char*>(data), size});
  if (!value) return 0;
  const std::string text = coterie::to_text(*value);
  COTERIE_CHECK(coterie::is_utf8(text));
  const auto again = coterie::parse_json(text);
  COTERIE_CHECK(again && coterie::to_text(*again) == text);
  return 0;
}
