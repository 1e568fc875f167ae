// SPDX-License-Identifier: MIT
#include "storage/media_type.hpp"

#include <array>

namespace coterie::storage {

namespace {

using std::string_view_literals::operator""sv;

constexpr std::string_view unknown = "application/octet-stream";

struct Magic {
  std::string_view bytes;
  std::size_t offset;
  std::string_view type;
};

// The first that matches wins. ISO media files ("ftyp" at 4) are told apart by their brand: some
// are pictures or sound, which the chat does not show. QuickTime's older files begin with any atom.
constexpr std::array table{
    Magic{"\x89PNG\r\n\x1A\n"sv, 0, "image/png"},
    Magic{"\xFF\xD8\xFF"sv, 0, "image/jpeg"},
    Magic{"GIF87a"sv, 0, "image/gif"},
    Magic{"GIF89a"sv, 0, "image/gif"},
    Magic{"WEBP"sv, 8, "image/webp"},
    Magic{"ftypqt  "sv, 4, "video/quicktime"},
    Magic{"ftyp3g"sv, 4, "video/3gpp"},
    Magic{"ftypavi"sv, 4, unknown},
    Magic{"ftyphei"sv, 4, unknown},
    Magic{"ftyphev"sv, 4, unknown},
    Magic{"ftypmif1"sv, 4, unknown},
    Magic{"ftypmsf1"sv, 4, unknown},
    Magic{"ftypM4A"sv, 4, unknown},
    Magic{"ftypM4B"sv, 4, unknown},
    Magic{"ftyp"sv, 4, "video/mp4"},
    Magic{"moov"sv, 4, "video/quicktime"},
    Magic{"mdat"sv, 4, "video/quicktime"},
    Magic{"wide"sv, 4, "video/quicktime"},
    Magic{"AVI "sv, 8, "video/x-msvideo"},
    Magic{"\x00\x00\x01\xBA"sv, 0, "video/mpeg"},
    Magic{"FLV\x01"sv, 0, "video/x-flv"},
    Magic{"\x30\x26\xB2\x75\x8E\x66\xCF\x11"sv, 0, "video/x-ms-wmv"},
};

// Of EBML the document's type decides (RFC 8794 11.2.6); a head without one is taken for WebM's.
std::string_view matroska_type(std::string_view first_bytes) {
  return first_bytes.find("matroska") == std::string_view::npos ? "video/webm" : "video/x-matroska";
}

// Of Ogg the first packet decides, which stands in a page of its own (RFC 5334 6.1): Theora's
// head, or that of a skeleton, which comes before films.
std::string_view ogg_type(std::string_view first_bytes) {
  const std::string_view packet = first_bytes.substr(first_bytes.size() < 28 ? 0 : 28);
  return packet.starts_with("\x80theora") || packet.starts_with("fishead") ? "video/ogg" : unknown;
}

}  // namespace

std::string_view media_type_of(std::string_view first_bytes) {
  first_bytes = first_bytes.substr(0, media_type_bytes);
  if (first_bytes.starts_with("\x1A\x45\xDF\xA3"sv)) return matroska_type(first_bytes);
  if (first_bytes.starts_with("OggS"sv)) return ogg_type(first_bytes);
  for (const Magic& magic : table) {
    if (first_bytes.size() < magic.offset + magic.bytes.size()) continue;
    if (first_bytes.substr(magic.offset, magic.bytes.size()) == magic.bytes) return magic.type;
  }
  return unknown;
}

}  // namespace coterie::storage
