// SPDX-License-Identifier: MIT
#include "storage/image_size.hpp"

#include <algorithm>

namespace coterie::storage {

namespace {

using std::string_view_literals::operator""sv;

constexpr std::size_t head_bytes = 30;    // Of the longest head, that of WebP.
constexpr std::size_t exif_bytes = 1024;  // Of an APP1, as many as may name the orientation.

std::uint32_t big_endian(std::string_view bytes, std::size_t at, std::size_t count) {
  std::uint32_t value = 0;
  for (const char byte : bytes.substr(at, count)) {
    value = value << 8 | static_cast<unsigned char>(byte);
  }
  return value;
}

std::uint32_t little_endian(std::string_view bytes, std::size_t at, std::size_t count) {
  std::uint32_t value = 0;
  for (std::size_t i = count; i-- > 0;) {
    value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  }
  return value;
}

std::optional<ImageSize> png_size(std::string_view head) {
  if (head.substr(12, 4) != "IHDR") return std::nullopt;
  return ImageSize{big_endian(head, 16, 4), big_endian(head, 20, 4)};
}

std::optional<ImageSize> webp_size(std::string_view head) {
  const std::string_view chunk = head.substr(12, 4);
  if (chunk == "VP8 " && head.substr(23, 3) == "\x9D\x01\x2A"sv) {
    return ImageSize{little_endian(head, 26, 2) & 0x3FFF, little_endian(head, 28, 2) & 0x3FFF};
  }
  if (chunk == "VP8L" && head[20] == '\x2F') {
    const std::uint32_t bits = little_endian(head, 21, 4);
    return ImageSize{(bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1};
  }
  if (chunk == "VP8X") {
    return ImageSize{little_endian(head, 24, 3) + 1, little_endian(head, 27, 3) + 1};
  }
  return std::nullopt;
}

// SOF0 to SOF15, but for the three numbers among them that are DHT, JPG and DAC.
bool is_frame(std::uint32_t marker) {
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

// Markers without a length: TEM and the restarts.
bool stands_alone(std::uint32_t marker) {
  return marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8);
}

// Does this APP1 say that rows are columns? Its content is "Exif" 0 0, then a TIFF whose first
// directory has 12 bytes an entry: tag:2 type:2 count:4 value:4.
bool lies_on_its_side(std::string_view segment) {
  constexpr std::uint32_t orientation = 0x0112;
  if (!segment.starts_with("Exif\0\0"sv)) return false;
  const std::string_view tiff = segment.substr(6);
  if (tiff.size() < 8) return false;
  const bool is_big = tiff.starts_with("MM");
  const auto number = [&](std::size_t at, std::size_t count) {
    return is_big ? big_endian(tiff, at, count) : little_endian(tiff, at, count);
  };
  const std::size_t directory = number(4, 4);
  if (directory > tiff.size() || tiff.size() - directory < 2) return false;
  const std::size_t count = number(directory, 2);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t entry = directory + 2 + i * 12;
    if (entry + 12 > tiff.size()) return false;
    if (number(entry, 2) == orientation) return number(entry + 8, 2) >= 5;
  }
  return false;
}

}  // namespace

void ImageSizeReader::feed(std::string_view bytes) {
  while (state_ != State::done && !bytes.empty()) {
    const auto skipped = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, bytes.size()));
    bytes.remove_prefix(skipped);
    skip_ -= skipped;
    // As much at a time as any one step can want.
    const std::string_view some = bytes.substr(0, exif_bytes);
    pending_.append(some);
    bytes.remove_prefix(some.size());
    for (bool progressed = true; progressed;) {
      progressed = false;
      step(progressed);
    }
  }
  if (state_ == State::done) pending_ = std::string();
}

void ImageSizeReader::step(bool& progressed) {
  if (skip_ > 0) {
    const auto skipped = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, pending_.size()));
    pending_.erase(0, skipped);
    skip_ -= skipped;
  }
  if (state_ == State::start && pending_.starts_with("\xFF\xD8"sv)) {
    pending_.erase(0, 2);
    state_ = State::segments;
  }
  if (state_ == State::segments) return read_segment(progressed);
  if (state_ == State::start) start();
}

void ImageSizeReader::start() {
  const bool is_gif = pending_.starts_with("GIF87a") || pending_.starts_with("GIF89a");
  if (is_gif && pending_.size() >= 10) {
    return finish(little_endian(pending_, 6, 2), little_endian(pending_, 8, 2));
  }
  if (is_gif || pending_.size() < head_bytes) return;
  std::optional<ImageSize> found;
  if (pending_.starts_with("\x89PNG\r\n\x1A\n"sv)) found = png_size(pending_);
  if (pending_.starts_with("RIFF") && pending_.compare(8, 4, "WEBP") == 0) {
    found = webp_size(pending_);
  }
  finish(found ? found->width : 0, found ? found->height : 0);
}

void ImageSizeReader::read_segment(bool& progressed) {
  if (pending_.size() < 2) return;
  const std::uint32_t marker = big_endian(pending_, 1, 1);
  if (pending_[0] != '\xFF' || marker == 0xDA || marker == 0xD9) return finish(0, 0);
  if (marker == 0xFF || stands_alone(marker)) {  // Before a marker any number of FF may stand.
    pending_.erase(0, marker == 0xFF ? 1 : 2);
    progressed = true;
    return;
  }
  if (pending_.size() < 4) return;
  const std::size_t length = big_endian(pending_, 2, 2);
  if (length < 2) return finish(0, 0);
  if (is_frame(marker)) {
    if (pending_.size() >= 9) read_frame();
    return;
  }
  if (marker == 0xE1) {
    if (pending_.size() < std::min(2 + length, exif_bytes)) return;
    is_on_its_side_ |= lies_on_its_side(std::string_view(pending_).substr(4, length - 2));
  }
  skip_ = 2 + length;
  progressed = true;
}

void ImageSizeReader::read_frame() {
  const std::uint32_t height = big_endian(pending_, 5, 2);
  const std::uint32_t width = big_endian(pending_, 7, 2);
  if (is_on_its_side_) return finish(height, width);
  finish(width, height);
}

// No picture has no pixels, and none that can be shown has more than 2^31 in a row.
void ImageSizeReader::finish(std::uint32_t width, std::uint32_t height) {
  constexpr std::uint32_t side_max = 0x7FFFFFFF;
  if (width > 0 && height > 0 && width <= side_max && height <= side_max) {
    size_ = ImageSize{width, height};
  }
  state_ = State::done;
}

std::optional<ImageSize> image_size(std::string_view picture) {
  ImageSizeReader reader;
  reader.feed(picture);
  return reader.size();
}

}  // namespace coterie::storage
