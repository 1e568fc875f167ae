// The place of an event in the order of all events of its namespace.
//
//   text = number | time "-" number        as clients are told, and tell us when they come back
//
// Where a server is alone its events are counted from a number drawn at random: time is 0. Where a
// cluster has one order, the offset is what that order calls the event (an entry of a stream of
// Redis: milliseconds, and a number among those of the same).
// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace coterie::socketio {

struct Offset {
  std::uint64_t time = 0;
  std::uint64_t number = 0;

  auto operator<=>(const Offset&) const = default;

  Offset next() const { return {time, number + 1}; }
  std::string text() const {
    const std::string last = std::to_string(number);
    return time == 0 ? last : std::to_string(time) + "-" + last;
  }
  static std::optional<Offset> parse(std::string_view text) {
    Offset offset;
    const std::size_t dash = text.find('-');
    if (dash == std::string_view::npos) {
      return read(text, offset.number) ? std::optional(offset) : std::nullopt;
    }
    if (!read(text.substr(0, dash), offset.time)) return std::nullopt;
    return read(text.substr(dash + 1), offset.number) ? std::optional(offset) : std::nullopt;
  }

 private:
  static bool read(std::string_view digits, std::uint64_t& number) {
    const auto [end, failure] =
        std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return failure == std::errc() && end == digits.data() + digits.size();
  }
};

}  // namespace coterie::socketio
