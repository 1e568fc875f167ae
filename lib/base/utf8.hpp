// UTF-8 (RFC 3629) validated piece by piece: overlong forms, surrogates and what lies beyond
// U+10FFFF are refused at the first byte that gives them away.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace coterie {

class Utf8Validator {
 public:
  // False when what has come so far cannot be the beginning of valid text.
  bool feed(std::string_view piece);
  // Is what has come a whole text, not one that ends within a character?
  bool is_complete() const { return expected_ == 0; }
  void reset() { *this = Utf8Validator(); }

 private:
  std::uint8_t expected_ = 0;  // Continuation bytes still to come.
  std::uint8_t low_ = 0x80;    // Bounds of the next one.
  std::uint8_t high_ = 0xBF;
};

inline bool is_utf8(std::string_view text) {
  Utf8Validator validator;
  return validator.feed(text) && validator.is_complete();
}

// The same text with U+FFFD in place of each byte that belongs to no character.
std::string to_utf8(std::string_view text);

}  // namespace coterie
