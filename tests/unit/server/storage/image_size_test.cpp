// SPDX-License-Identifier: MIT
#include "storage/image_size.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/plain_cover.hpp"

namespace coterie::tests {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;
using storage::image_size;
using storage::ImageSize;

std::string two_bytes(std::size_t value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value)};
}

std::string segment(char marker, std::string_view content) {
  return std::string{'\xFF', marker} + two_bytes(content.size() + 2) + std::string(content);
}

// A frame of a JPEG, 300 wide and 200 high.
std::string frame(char marker) {
  return segment(marker, "\x08\x00\xC8\x01\x2C\x03..."sv);
}

std::string exif(std::string_view byte_order, std::string_view tiff) {
  return segment('\xE1', "Exif\0\0"s + std::string(byte_order) + std::string(tiff));
}

const std::string jpeg = "\xFF\xD8";
constexpr ImageSize lying{300, 200};
constexpr ImageSize standing{200, 300};

TEST(ImageSize, of_png_gif_and_webp_is_in_their_heads) {
  const std::string rest(20, '\0');
  const std::vector<std::pair<std::string, ImageSize>> table{
      {"\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\x01\x2C\0\0\0\xC8"s + rest, lying},
      {"GIF89a\x2C\x01\xC8\0"s, lying},
      {"GIF87a\x2C\x01\xC8\0"s + rest, lying},
      {"RIFF....WEBPVP8 ....\x30\x01\0\x9D\x01\x2A\x2C\x01\xC8\x40"s + rest, lying},
      {"RIFF....WEBPVP8L....\x2F\x2B\xC1\x31\0"s + rest, lying},
      {"RIFF....WEBPVP8X....\0\0\0\0\x2B\x01\0\xC7\0\0"s + rest, lying},
  };
  for (const auto& [bytes, size] : table) {
    const auto found = image_size(bytes);
    ASSERT_TRUE(found) << bytes;
    EXPECT_EQ(*found, size) << bytes << found->width << "x" << found->height;
  }
}

TEST(ImageSize, of_a_jpeg_is_in_its_frame_wherever_that_stands) {
  for (const std::string& before :
       {std::string(), segment('\xE0', "JFIF\0"), segment('\xE2', std::string(65'533, 'x')),
        segment('\xC4', "tables") + segment('\xDB', "more"), "\xFF\xFF\xFF"s, "\xFF\x01"s,
        segment('\xE1', "http://ns.adobe.com/xap/1.0/") + segment('\xFE', "")}) {
    for (const char marker : {'\xC0', '\xC1', '\xC2', '\xC9'}) {
      EXPECT_EQ(image_size(jpeg + before + frame(marker)), lying) << before.substr(0, 10);
    }
  }
}

TEST(ImageSize, of_a_jpeg_that_lies_on_its_side_is_as_it_is_shown) {
  const auto entry = [](char orientation) {
    return std::vector<std::string>{
        exif("MM", "\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0"s + orientation + "\0\0"s),
        exif("II", "\x2A\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0"s + orientation + "\0\0\0"s)};
  };
  for (const char orientation : {'\1', '\3', '\4', '\5', '\6', '\7', '\x08'}) {
    for (const std::string& each : entry(orientation)) {
      EXPECT_EQ(image_size(jpeg + each + frame('\xC0')), orientation < 5 ? lying : standing);
    }
  }
}

TEST(ImageSize, of_exif_that_is_cut_short_or_points_elsewhere_is_that_of_the_frame) {
  for (const std::string& each :
       {exif("MM", ""), exif("MM", "\0\x2A\xFF\xFF\xFF\xFF"s), exif("II", "\x2A\0\xFF\0\0\0"s),
        exif("MM", "\0\x2A\0\0\0\x08\xFF\xFF"s), exif("MM", "\0\x2A\0\0\0\x08\0\x01\x01\x12"s)}) {
    EXPECT_EQ(image_size(jpeg + each + frame('\xC0')), lying);
  }
}

TEST(ImageSize, is_the_same_when_the_bytes_come_one_by_one) {
  const std::string picture =
      jpeg + segment('\xE2', std::string(3000, 'x')) +
      exif("II", "\x2A\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0"s) + frame('\xC2');
  storage::ImageSizeReader reader;
  for (const char byte : picture) {
    EXPECT_FALSE(reader.size());
    reader.feed({&byte, 1});
    if (reader.size()) break;
  }
  EXPECT_EQ(reader.size(), standing);
}

TEST(ImageSize, is_not_known_of_anything_else) {
  const std::string rest(40, '\0');
  for (const std::string& bytes : {
           ""s,
           "\x89PNG"s,
           "GIF89a"s,
           jpeg,
           jpeg + "\xFF\xC0"s,
           "<svg width='3'>" + rest,
           "\x89PNG\r\n\x1A\n\0\0\0\rIDAT"s + rest,
           "\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\0\0\0\0\0\xC8"s + rest,
           "\x89PNG\r\n\x1A\n\0\0\0\rIHDR\xFF\0\0\0\0\0\0\xC8"s + rest,
           "RIFF....WEBPVP9 "s + rest,
           "RIFF....WEBPVP8 "s + rest,
           "RIFF....WAVE"s + rest,
           jpeg + segment('\xDA', "scan") + frame('\xC0'),
           jpeg + "\xFF\xD9"s + frame('\xC0'),
           jpeg + "x" + frame('\xC0'),
           jpeg + "\xFF\xE0\0\1"s + frame('\xC0'),
       }) {
    EXPECT_FALSE(image_size(bytes)) << bytes.substr(0, 20);
  }
}

TEST(ImageSize, of_the_plain_cover_is_known) {
  EXPECT_EQ(image_size(storage::plain_cover()), (ImageSize{320, 180}));
  EXPECT_LT(storage::plain_cover().size(), 2000U);
  EXPECT_TRUE(storage::plain_cover().ends_with("\0\0\0\0IEND\xAE\x42\x60\x82"sv));
}

}  // namespace
}  // namespace coterie::tests
