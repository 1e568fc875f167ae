// How many pixels a picture has, read from its head while it passes by: PNG, JPEG, GIF and WebP.
//
//   PNG   signature, then IHDR: length type width:4 height:4, big endian  (PNG 3rd edition 11.2.1)
//   GIF   "GIF87a"/"GIF89a" width:2 height:2, little endian                (GIF89a, 18)
//   WebP  "RIFF" size "WEBP" and a chunk "VP8 ", "VP8L" or "VP8X"          (RFC 9649, 2.5 to 2.7)
//   JPEG  segments FF marker length:2, big endian, until one is a frame header (SOFn):
//         length:2 precision:1 height:2 width:2                            (ITU-T T.81, B.2.2)
//         On the way, Exif in APP1 may say that the picture lies on its side (Exif 2.32, 4.6).
//
// Sans-I/O and of constant memory: of a JPEG the segments before the frame are skipped, however
// large they are. Nothing is decoded, so a picture that expands to gigabytes costs nothing here.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace coterie::storage {

struct ImageSize {
  std::uint32_t width;
  std::uint32_t height;
  bool operator==(const ImageSize&) const = default;

  std::uint64_t pixels() const { return std::uint64_t{width} * height; }
};

class ImageSizeReader {
 public:
  // The next bytes of the picture. Quick once the size is known, or never will be.
  void feed(std::string_view bytes);
  // As it is shown: upright. nullopt: not known yet, or this is no such picture.
  std::optional<ImageSize> size() const { return size_; }

 private:
  enum class State : std::uint8_t { start, segments, done };

  void step(bool& progressed);
  void start();
  void read_segment(bool& progressed);
  void read_frame();
  void finish(std::uint32_t width, std::uint32_t height);

  State state_ = State::start;
  std::string pending_;     // Bytes not yet understood: less than a head.
  std::uint64_t skip_ = 0;  // Bytes still to come that mean nothing to us.
  bool is_on_its_side_ = false;
  std::optional<ImageSize> size_;
};

// Of a picture that is there as a whole.
std::optional<ImageSize> image_size(std::string_view picture);

}  // namespace coterie::storage
