// SPDX-License-Identifier: MIT
#include "engineio/packet.hpp"

#include <openssl/evp.h>

#include <algorithm>

namespace coterie::engineio {

std::optional<Packet> decode_packet(std::string_view text) {
  if (text.empty() || text.front() < '0' || text.front() > '6') return std::nullopt;
  return Packet{static_cast<PacketType>(text.front()), text.substr(1)};
}

std::optional<Packet> PayloadReader::next() {
  const std::size_t end = rest_.find(payload_separator);
  const std::string_view item = rest_.substr(0, end);
  if (end == std::string_view::npos) {
    is_done_ = true;
  } else {
    rest_.remove_prefix(end + 1);
  }
  if (!item.starts_with('b')) return decode_packet(item);
  auto bytes = decode_base64(item.substr(1));
  if (!bytes) return std::nullopt;
  binary_ = std::move(*bytes);
  return Packet{PacketType::message, binary_, true};
}

void append_base64(std::string_view bytes, std::string& target) {
  const std::size_t before = target.size();
  // EVP_EncodeBlock writes a terminating zero, too.
  target.resize(before + (bytes.size() + 2) / 3 * 4 + 1);
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(target.data() + before),
                  reinterpret_cast<const unsigned char*>(bytes.data()),
                  static_cast<int>(bytes.size()));
  target.pop_back();
}

std::optional<std::string> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  const auto is_digit = [](unsigned char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/';
  };
  std::string_view digits = text;
  while (!digits.empty() && digits.back() == '=' && text.size() - digits.size() < 2) {
    digits.remove_suffix(1);
  }
  if (!std::ranges::all_of(digits, is_digit)) return std::nullopt;
  std::string bytes(text.size() / 4 * 3, '\0');
  if (EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                      reinterpret_cast<const unsigned char*>(text.data()),
                      static_cast<int>(text.size())) < 0) {
    return std::nullopt;
  }
  bytes.resize(bytes.size() - (text.size() - digits.size()));
  return bytes;
}

}  // namespace coterie::engineio
