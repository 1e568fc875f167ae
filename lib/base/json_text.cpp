// SPDX-License-Identifier: MIT
#include "base/json_text.hpp"

#include <fmt/format.h>

#include <cstring>

namespace coterie {

namespace {

bool wants_escape(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
}

// Whether one of eight characters does. Subtracting n from a byte below n borrows its top bit; a
// byte whose own top bit is set is none of those. It may be mistaken about what stands above one
// that does, never about all eight.
bool one_wants_escape(const char* eight) {
  constexpr std::uint64_t each = 0x0101010101010101;
  std::uint64_t word;
  std::memcpy(&word, eight, sizeof word);
  const auto below = [](std::uint64_t bytes, std::uint64_t n) {
    return (bytes - each * n) & ~bytes & (each * 0x80);
  };
  const std::uint64_t quote = word ^ (each * '"');
  const std::uint64_t backslash = word ^ (each * '\\');
  return (below(word, 0x20) | below(quote, 1) | below(backslash, 1)) != 0;
}

// How many characters at the front of text need no escape: nearly always all of them.
std::size_t plain_length(std::string_view text) {
  std::size_t length = 0;
  while (text.size() - length >= 8 && !one_wants_escape(text.data() + length)) length += 8;
  while (length < text.size() && !wants_escape(text[length])) ++length;
  return length;
}

}  // namespace

void write_string(std::string_view text, std::string& target) {
  target.push_back('"');
  while (!text.empty()) {
    const std::size_t plain = plain_length(text);
    target.append(text.substr(0, plain));
    if (plain == text.size()) break;
    const char special = text[plain];
    switch (special) {
      case '"':
        target.append("\\\"");
        break;
      case '\\':
        target.append("\\\\");
        break;
      case '\b':
        target.append("\\b");
        break;
      case '\f':
        target.append("\\f");
        break;
      case '\n':
        target.append("\\n");
        break;
      case '\r':
        target.append("\\r");
        break;
      case '\t':
        target.append("\\t");
        break;
      default:
        target.append(fmt::format("\\u{:04x}", static_cast<unsigned char>(special)));
    }
    text.remove_prefix(plain + 1);
  }
  target.push_back('"');
}

}  // namespace coterie
