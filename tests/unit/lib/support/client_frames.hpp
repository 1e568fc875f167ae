// WebSocket frames as clients write them: masked, and wrong in any way a test asks for.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace coterie::test {

struct ClientFrame {
  unsigned opcode = 1;
  std::string_view payload = {};
  bool is_final = true;
  unsigned reserved = 0;  // The three RSV bits.
  bool is_masked = true;
  unsigned length_bytes = 0;  // 1, 3 or 9 for a length longer than need be; 0: the shortest.
  std::uint32_t mask = 0x37FA213D;
};

// The header for `length` bytes of payload, whether or not so many follow.
inline std::string frame_header(const ClientFrame& frame, std::uint64_t length) {
  std::string header;
  header.push_back(
      static_cast<char>((frame.is_final ? 0x80 : 0) | frame.reserved << 4 | frame.opcode));
  const unsigned shortest = length < 126 ? 1 : length < 65536 ? 3 : 9;
  const unsigned form = frame.length_bytes == 0 ? shortest : frame.length_bytes;
  const unsigned mask_bit = frame.is_masked ? 0x80 : 0;
  if (form == 1) {
    header.push_back(static_cast<char>(mask_bit | length));
  } else {
    header.push_back(static_cast<char>(mask_bit | (form == 3 ? 126 : 127)));
    for (unsigned i = form - 1; i > 0; --i) {
      header.push_back(static_cast<char>(length >> (8 * (i - 1)) & 0xFF));
    }
  }
  if (frame.is_masked) {
    for (int i = 3; i >= 0; --i) header.push_back(static_cast<char>(frame.mask >> (8 * i) & 0xFF));
  }
  return header;
}

inline std::string write(const ClientFrame& frame) {
  std::string bytes = frame_header(frame, frame.payload.size());
  const std::size_t begin = bytes.size();
  bytes.append(frame.payload);
  if (frame.is_masked) {
    for (std::size_t i = begin; i < bytes.size(); ++i) {
      const auto key = static_cast<unsigned char>(frame.mask >> (8 * (3 - (i - begin) % 4)));
      bytes[i] = static_cast<char>(static_cast<unsigned char>(bytes[i]) ^ key);
    }
  }
  return bytes;
}

inline std::string text_frame(std::string_view payload) {
  return write({.payload = payload});
}
inline std::string binary_frame(std::string_view payload) {
  return write({.opcode = 2, .payload = payload});
}
inline std::string close_payload(unsigned code, std::string_view reason = {}) {
  return std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)}.append(reason);
}

}  // namespace coterie::test
