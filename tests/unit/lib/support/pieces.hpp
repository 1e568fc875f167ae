// Cuts text into pieces of one size, to show that a parser does not care how its input arrives.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace coterie::test {

inline std::vector<std::string_view> pieces(std::string_view text, std::size_t size) {
  std::vector<std::string_view> result;
  for (std::size_t at = 0; at < text.size(); at += size) result.push_back(text.substr(at, size));
  return result;
}

}  // namespace coterie::test
