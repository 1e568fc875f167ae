// SPDX-License-Identifier: MIT
#include "redis/place.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace coterie::redis {

namespace {

constexpr std::size_t places_max = 32;  // Some of them are there; nobody writes down more.

Error bad_place(std::string_view place) {
  return Error("bad_redis_places", fmt::format("'{}' is no HOST or HOST:PORT", place));
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

Result<Place> parse_place(std::string_view text, std::uint16_t default_port) {
  const bool is_bracketed = text.starts_with('[');
  const std::size_t host_end = is_bracketed ? text.find(']') : text.find(':');
  if (is_bracketed && host_end == std::string_view::npos) return bad_place(text);
  Place place{std::string(text.substr(is_bracketed, host_end - is_bracketed)), default_port};
  if (place.host.empty() || place.host.find(' ') != std::string::npos) return bad_place(text);
  if (host_end == std::string_view::npos) return place;
  const std::string_view rest = text.substr(host_end + is_bracketed);
  if (rest.empty()) return place;
  const auto port = rest.starts_with(':') ? parse_port(rest.substr(1)) : Error("bad_redis_places");
  if (!port) return bad_place(text);
  place.port = *port;
  return place;
}

}  // namespace

std::string name_of(const Place& place) {
  return fmt::format("{}:{}", place.host, place.port);
}

Result<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (problem != std::errc() || end != text.data() + text.size() || port == 0) {
    return Error("bad_redis_places");
  }
  return port;
}

Result<std::vector<Place>> parse_places(std::string_view text, std::uint16_t port) {
  std::vector<Place> places;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const auto place = parse_place(trimmed(text.substr(begin, end - begin)), port);
    if (!place) return place.error();
    if (places.size() == places_max) return bad_place(text.substr(begin));
    places.push_back(*place);
    begin = end + 1;
  }
  return places;
}

}  // namespace coterie::redis
