// SPDX-License-Identifier: MIT
#include "storage/plain_cover.hpp"

#include <zlib.h>

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/check.hpp"

namespace coterie::storage {

namespace {

constexpr int width = 320;
constexpr int height = 180;
constexpr char dark = '\x26';
constexpr char light = '\xD8';

void append_number(std::string& bytes, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(value >> shift));
}

std::uint32_t checksum(std::string_view bytes) {
  return static_cast<std::uint32_t>(
      ::crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

// length:4 type:4 content checksum:4 (PNG 3rd edition, 5.3)
void append_chunk(std::string& png, std::string_view type, std::string_view content) {
  append_number(png, static_cast<std::uint32_t>(content.size()));
  const std::size_t checked = png.size();
  png.append(type).append(content);
  append_number(png, checksum(std::string_view(png).substr(checked)));
}

// A triangle that points to the right, 40 wide and 60 high, in the middle.
bool is_in_sign(int x, int y) {
  const int from_left = x - (width / 2 - 20);
  return from_left >= 0 && 4 * std::abs(y - height / 2) <= 3 * (40 - from_left);
}

// Grey rows of pixels, each behind the number of its filter: none.
std::string pixels() {
  std::string rows;
  for (int y = 0; y < height; ++y) {
    rows.push_back('\0');
    for (int x = 0; x < width; ++x) rows.push_back(is_in_sign(x, y) ? light : dark);
  }
  return rows;
}

std::string compressed(const std::string& bytes) {
  uLongf size = ::compressBound(bytes.size());
  std::string result(size, '\0');
  COTERIE_CHECK(::compress2(reinterpret_cast<Bytef*>(result.data()), &size,
                            reinterpret_cast<const Bytef*>(bytes.data()), bytes.size(),
                            Z_BEST_COMPRESSION) == Z_OK);
  result.resize(size);
  return result;
}

std::string draw() {
  std::string head;
  append_number(head, width);
  append_number(head, height);
  head.append({8, 0, 0, 0, 0});  // Bits a pixel; grey; deflate, filters by row, not interlaced.
  std::string png("\x89PNG\r\n\x1A\n");
  append_chunk(png, "IHDR", head);
  append_chunk(png, "IDAT", compressed(pixels()));
  append_chunk(png, "IEND", "");
  return png;
}

}  // namespace

const std::string& plain_cover() {
  static const std::string png = draw();
  return png;
}

}  // namespace coterie::storage
