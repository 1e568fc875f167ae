// base64url (RFC 4648, 5) without padding: the alphabet of tokens.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace coterie::tests {

inline constexpr std::string_view base64url_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

inline std::string to_base64url(std::string_view bytes) {
  std::string text;
  unsigned bits = 0;
  int count = 0;
  for (const char byte : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(byte);
    for (count += 8; count >= 6;) {
      count -= 6;
      text += base64url_alphabet[bits >> count & 63];
    }
  }
  if (count > 0) text += base64url_alphabet[bits << (6 - count) & 63];
  return text;
}

// What is not in the alphabet is passed over.
inline std::string from_base64url(std::string_view text) {
  std::string bytes;
  unsigned bits = 0;
  int count = 0;
  for (const char c : text) {
    const std::size_t digit = base64url_alphabet.find(c);
    if (digit == std::string_view::npos) continue;
    bits = bits << 6 | static_cast<unsigned>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 0xFF);
  }
  return bytes;
}

}  // namespace coterie::tests
