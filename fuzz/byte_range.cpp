// Range headers: a part is never empty and lies within the file.
//
// Input: eight bytes of the file's size, then the header.
// SPDX-License-Identifier: MIT
#include "api/byte_range.hpp"

#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/check.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::uint64_t bytes = 0;
  if (size < sizeof(bytes)) return 0;
  std::memcpy(&bytes, data, sizeof(bytes));
  bytes >>= 1;  // Sizes of files are signed numbers.
  const auto* text = reinterpret_cast<const char*>(data) + sizeof(bytes);
  const auto answer = coterie::api::read_range({text, size - sizeof(bytes)}, bytes);
  if (answer.kind != coterie::api::RangeKind::part) return 0;
  const auto [first, length] = answer.range;
  COTERIE_CHECK(length > 0 && first < bytes && length <= bytes - first);
  return 0;
}
