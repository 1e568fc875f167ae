// SPDX-License-Identifier: MIT
#include "base/utf8.hpp"

#include <algorithm>
#include <cstring>

namespace coterie {

bool Utf8Validator::feed(std::string_view piece) {
  const auto* at = reinterpret_cast<const unsigned char*>(piece.data());
  const auto* const end = at + piece.size();
  while (at != end) {
    if (expected_ == 0) {
      // Most text is ASCII: eight bytes at a time.
      while (end - at >= 8) {
        std::uint64_t word;
        std::memcpy(&word, at, sizeof word);
        if (word & 0x8080808080808080ULL) break;
        at += 8;
      }
      if (at == end) return true;
    }
    const unsigned char byte = *at++;
    if (expected_ > 0) {
      if (byte < low_ || byte > high_) return false;
      --expected_;
      low_ = 0x80;
      high_ = 0xBF;
    } else if (byte < 0x80) {
      continue;
    } else if (byte >= 0xC2 && byte <= 0xDF) {
      expected_ = 1;
    } else if (byte >= 0xE0 && byte <= 0xEF) {
      expected_ = 2;
      if (byte == 0xE0) low_ = 0xA0;   // Else overlong.
      if (byte == 0xED) high_ = 0x9F;  // Else a surrogate.
    } else if (byte >= 0xF0 && byte <= 0xF4) {
      expected_ = 3;
      if (byte == 0xF0) low_ = 0x90;   // Else overlong.
      if (byte == 0xF4) high_ = 0x8F;  // Else beyond U+10FFFF.
    } else {
      return false;
    }
  }
  return true;
}

std::string to_utf8(std::string_view text) {
  constexpr std::size_t character_bytes_max = 4;
  if (is_utf8(text)) return std::string(text);
  std::string result;
  while (!text.empty()) {
    std::size_t size = std::min(text.size(), character_bytes_max);
    while (size > 0 && !is_utf8(text.substr(0, size))) --size;
    result.append(size > 0 ? text.substr(0, size) : "\xEF\xBF\xBD");
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return result;
}

}  // namespace coterie
