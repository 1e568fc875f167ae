// SPDX-License-Identifier: MIT
#include "engineio/revision3.hpp"

#include <algorithm>

#include "base/utf8.hpp"

namespace coterie::engineio::revision3 {

namespace {

constexpr std::size_t digits_max = 10;
constexpr char end_of_length = '\xFF';
constexpr char binary_message = 4;

// How many UTF-16 code units the character that begins with this byte takes; none for the bytes
// that continue one.
std::size_t units_of(unsigned char first) {
  if ((first & 0xC0) == 0x80) return 0;
  return first >= 0xF0 ? 2 : 1;
}

std::size_t units_of(std::string_view text) {
  std::size_t units = 0;
  for (const char c : text) units += units_of(static_cast<unsigned char>(c));
  return units;
}

// The bytes that the first `units` code units of `text` take; nullopt when it has fewer, or when
// they end within a character.
std::optional<std::size_t> bytes_of_units(std::string_view text, std::size_t units) {
  std::size_t bytes = 0;
  while (units > 0) {
    if (bytes == text.size()) return std::nullopt;
    const std::size_t size = units_of(static_cast<unsigned char>(text[bytes]));
    if (size > units) return std::nullopt;
    units -= size;
    ++bytes;
  }
  while (bytes < text.size() && units_of(static_cast<unsigned char>(text[bytes])) == 0) ++bytes;
  return bytes;
}

// A length whose digits are counted from `zero`, and the mark behind it; both are taken from
// `text`.
std::optional<std::size_t> take_length(std::string_view& text, char zero, char mark) {
  const std::size_t digits = text.substr(0, digits_max + 1).find(mark);
  if (digits == std::string_view::npos || digits == 0) return std::nullopt;
  std::size_t length = 0;
  for (const char c : text.substr(0, digits)) {
    const int digit = c - zero;
    if (digit < 0 || digit > 9) return std::nullopt;
    length = length * 10 + static_cast<std::size_t>(digit);
  }
  text.remove_prefix(digits + 1);
  return length;
}

void append_text_item(const Frame& frame, std::string& payload) {
  std::string base64;
  std::string_view item = frame.text();
  if (frame.is_binary()) {
    base64 = "b4";
    append_base64(frame.text(), base64);
    item = base64;
  }
  payload.append(std::to_string(units_of(item))).push_back(':');
  payload.append(item);
}

void append_byte_item(const Frame& frame, std::string& payload) {
  payload.push_back(frame.is_binary() ? '\1' : '\0');
  const std::size_t size = frame.text().size() + (frame.is_binary() ? 1 : 0);
  for (const char digit : std::to_string(size)) payload.push_back(static_cast<char>(digit - '0'));
  payload.push_back(end_of_length);
  if (frame.is_binary()) payload.push_back(binary_message);
  payload.append(frame.text());
}

}  // namespace

Payload encode_payload(std::span<const Frame> frames, bool wants_base64) {
  Payload payload;
  payload.is_bytes = !wants_base64 && std::ranges::any_of(frames, &Frame::is_binary);
  for (const Frame& frame : frames) {
    if (payload.is_bytes) {
      append_byte_item(frame, payload.text);
    } else {
      append_text_item(frame, payload.text);
    }
  }
  return payload;
}

std::optional<Packet> PayloadReader::next() {
  if (is_bytes_) return next_bytes();
  const auto item = next_text();
  if (!item || !item->starts_with("b4")) return item ? decode_packet(*item) : std::nullopt;
  auto bytes = decode_base64(item->substr(2));
  if (!bytes) return std::nullopt;
  binary_ = std::move(*bytes);
  return Packet{PacketType::message, binary_, true};
}

std::optional<std::string_view> PayloadReader::next_text() {
  const auto units = take_length(rest_, '0', ':');
  const auto size = units ? bytes_of_units(rest_, *units) : std::nullopt;
  return size ? take(*size) : std::nullopt;
}

std::optional<Packet> PayloadReader::next_bytes() {
  const bool is_binary = rest_.starts_with('\1');
  if (!is_binary && !rest_.starts_with('\0')) return std::nullopt;
  rest_.remove_prefix(1);
  const auto size = take_length(rest_, '\0', end_of_length);
  const auto item = size && *size <= rest_.size() ? take(*size) : std::nullopt;
  if (!item) return std::nullopt;
  if (!is_binary) return is_utf8(*item) ? decode_packet(*item) : std::nullopt;
  if (item->empty() || item->front() != binary_message) return std::nullopt;
  return Packet{PacketType::message, item->substr(1), true};
}

std::optional<std::string_view> PayloadReader::take(std::size_t size) {
  const std::string_view item = rest_.substr(0, size);
  rest_.remove_prefix(size);
  is_done_ = rest_.empty();
  return item;
}

}  // namespace coterie::engineio::revision3
