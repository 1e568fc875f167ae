// What a file is, told from its first bytes: the types that the chat shows inline, and no others.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string_view>

namespace coterie::storage {

inline constexpr std::size_t media_type_bytes = 64;  // As many as are looked at.

// Pictures: "image/png", "image/jpeg", "image/gif", "image/webp". Films: "video/mp4",
// "video/quicktime", "video/3gpp", "video/webm", "video/x-matroska", "video/ogg",
// "video/x-msvideo", "video/mpeg", "video/x-flv", "video/x-ms-wmv". Everything else is
// "application/octet-stream".
std::string_view media_type_of(std::string_view first_bytes);

inline bool is_picture(std::string_view media_type) {
  return media_type.starts_with("image/");
}
inline bool is_film(std::string_view media_type) {
  return media_type.starts_with("video/");
}

}  // namespace coterie::storage
