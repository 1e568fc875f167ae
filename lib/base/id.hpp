// Id: 20 URL-safe characters, stored in place. What names a session or a socket.
//
// 120 bits; compared and hashed as bytes. The empty Id (all zero) names nothing.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "base/random.hpp"

namespace coterie {

class Id {
 public:
  static constexpr std::size_t length = 20;

  Id() = default;

  static Id random(Random& source) { return *parse(random_id(source, length)); }

  // The same, and where the named thing lives: `home` (below 4096) is in its first two characters.
  static Id random_at(unsigned home, Random& source) {
    Id id = random(source);
    id.text_[0] = alphabet[home / 64 % 64];
    id.text_[1] = alphabet[home % 64];
    return id;
  }
  std::optional<unsigned> home() const {
    const std::size_t high = alphabet.find(text_[0]);
    const std::size_t low = alphabet.find(text_[1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    return static_cast<unsigned>(high * 64 + low);
  }

  // nullopt when `text` is not exactly 20 characters long.
  static std::optional<Id> parse(std::string_view text) {
    if (text.size() != length) return std::nullopt;
    Id id;
    std::memcpy(id.text_.data(), text.data(), length);
    return id;
  }

  std::string_view view() const { return {text_.data(), length}; }
  bool operator==(const Id&) const = default;

  struct Hash {
    std::size_t operator()(const Id& id) const {
      // Drawn at random already: any eight bytes behind the first two (the shard) are a hash.
      std::uint64_t hash;
      std::memcpy(&hash, id.text_.data() + 2, sizeof hash);
      return static_cast<std::size_t>(hash * 0x9E3779B97F4A7C15ULL);
    }
  };

 private:
  static constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

  std::array<char, length> text_{};
};

}  // namespace coterie
