// SPDX-License-Identifier: MIT
#include "storage/media_type.hpp"

#include <gtest/gtest.h>

#include <string_view>
#include <utility>
#include <vector>

namespace coterie::tests {
namespace {

using namespace std::string_view_literals;
using storage::media_type_of;

TEST(MediaType, is_told_from_the_first_bytes) {
  const std::vector<std::pair<std::string_view, std::string_view>> table{
      {"\x89PNG\r\n\x1A\n\0\0\0\rIHDR"sv, "image/png"},
      {"\xFF\xD8\xFF\xE0\0\x10JFIF"sv, "image/jpeg"},
      {"\xFF\xD8\xFF\xE1\0\x10"sv, "image/jpeg"},
      {"GIF87a......."sv, "image/gif"},
      {"GIF89a......."sv, "image/gif"},
      {"RIFF\x10\0\0\0WEBPVP8 "sv, "image/webp"},
      {"\0\0\0\x18"
       "ftypmp42"sv,
       "video/mp4"},
      {"\0\0\0\x18"
       "ftypisom"sv,
       "video/mp4"},
      {"\0\0\0\x14"
       "ftypqt  "sv,
       "video/quicktime"},
      {"\x1A\x45\xDF\xA3\x01"sv, "video/webm"},
  };
  for (const auto& [bytes, type] : table) EXPECT_EQ(media_type_of(bytes), type);
}

TEST(MediaType, of_everything_else_is_octets) {
  for (const std::string_view bytes :
       {""sv, "\x89PNG"sv, "PNG"sv, " \x89PNG\r\n\x1A\n"sv, "<svg xmlns="sv, "<!DOCTYPE html>"sv,
        "GIF88a"sv, "\xFF\xD8"sv, "%PDF-1.7"sv, "RIFF\x10\0\0\0WAVEfmt "sv}) {
    EXPECT_EQ(media_type_of(bytes), "application/octet-stream") << bytes;
  }
}

}  // namespace
}  // namespace coterie::tests
