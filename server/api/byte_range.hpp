// The Range header of a request (RFC 9110 14): one range of bytes, or none.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace coterie::api {

struct ByteRange {
  std::uint64_t first;
  std::uint64_t length;
  bool operator==(const ByteRange&) const = default;
};

enum class RangeKind : std::uint8_t {
  whole,          // No Range, one we do not understand, or several: the whole file (200).
  part,           // 206
  unsatisfiable,  // 416
};

struct RangeAnswer {
  RangeKind kind;
  ByteRange range;
};

RangeAnswer read_range(std::string_view header, std::uint64_t size);

}  // namespace coterie::api
