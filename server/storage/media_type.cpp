// SPDX-License-Identifier: MIT
#include "storage/media_type.hpp"

#include <array>

namespace coterie::storage {

namespace {

using std::string_view_literals::operator""sv;

struct Magic {
  std::string_view bytes;
  std::size_t offset;
  std::string_view type;
};

// The first that matches wins. ISO media files ("ftyp" at 4) are told apart by their brand.
constexpr std::array table{
    Magic{"\x89PNG\r\n\x1A\n"sv, 0, "image/png"},
    Magic{"\xFF\xD8\xFF"sv, 0, "image/jpeg"},
    Magic{"GIF87a"sv, 0, "image/gif"},
    Magic{"GIF89a"sv, 0, "image/gif"},
    Magic{"WEBP"sv, 8, "image/webp"},
    Magic{"ftypqt  "sv, 4, "video/quicktime"},
    Magic{"ftyp"sv, 4, "video/mp4"},
    Magic{"\x1A\x45\xDF\xA3"sv, 0, "video/webm"},
};

}  // namespace

std::string_view media_type_of(std::string_view first_bytes) {
  for (const Magic& magic : table) {
    if (first_bytes.size() < magic.offset + magic.bytes.size()) continue;
    if (first_bytes.substr(magic.offset, magic.bytes.size()) == magic.bytes) return magic.type;
  }
  return "application/octet-stream";
}

}  // namespace coterie::storage
