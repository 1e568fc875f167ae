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
      {"\0\0\0\x14"
       "ftyp3gp4"sv,
       "video/3gpp"},
      {"\0\0\x0F\x10moov\0\0\0\x6Cmvhd"sv, "video/quicktime"},
      {"\x1A\x45\xDF\xA3\x01"sv, "video/webm"},
      {"\x1A\x45\xDF\xA3\x9F\x42\x86\x81\x01\x42\x82\x84webm"sv, "video/webm"},
      {"\x1A\x45\xDF\xA3\xA3\x42\x86\x81\x01\x42\x82\x88matroska"sv, "video/x-matroska"},
      {"OggS\0\x02............\0\0\0\0....\x01\x2A\x80theora"sv, "video/ogg"},
      {"OggS\0\x02............\0\0\0\0....\x01\x2A"
       "fishead\0"sv,
       "video/ogg"},
      {"RIFF\x10\0\0\0AVI LIST"sv, "video/x-msvideo"},
      {"\0\0\x01\xBA\x44\0\x04"sv, "video/mpeg"},
      {"FLV\x01\x05"sv, "video/x-flv"},
      {"\x30\x26\xB2\x75\x8E\x66\xCF\x11\xA6\xD9"sv, "video/x-ms-wmv"},
  };
  for (const auto& [bytes, type] : table) EXPECT_EQ(media_type_of(bytes), type);
}

TEST(MediaType, of_everything_else_is_octets) {
  for (const std::string_view bytes :
       {""sv, "\x89PNG"sv, "PNG"sv, " \x89PNG\r\n\x1A\n"sv, "<svg xmlns="sv, "<!DOCTYPE html>"sv,
        "GIF88a"sv, "\xFF\xD8"sv, "%PDF-1.7"sv, "RIFF\x10\0\0\0WAVEfmt "sv, "#EXTM3U\n"sv,
        "ffconcat version 1.0"sv, "OggS"sv, "OggS\0\x02............\0\0\0\0....\x01\x13OpusHead"sv,
        "\0\0\0\x18"
        "ftypM4A "sv,
        "\0\0\0\x18"
        "ftypheic"sv,
        "\0\0\0\x18"
        "ftypavif"sv}) {
    EXPECT_EQ(media_type_of(bytes), "application/octet-stream") << bytes;
  }
}

}  // namespace
}  // namespace coterie::tests
