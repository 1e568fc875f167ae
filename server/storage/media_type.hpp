// What a file is, told from its first bytes: the types that the chat shows inline, and no others.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string_view>

namespace coterie::storage {

inline constexpr std::size_t media_type_bytes = 16;  // As many as are looked at.

// "image/png", "image/jpeg", "image/gif", "image/webp", "video/mp4", "video/webm",
// "video/quicktime"; "application/octet-stream" for everything else.
std::string_view media_type_of(std::string_view first_bytes);

}  // namespace coterie::storage
