// Heads of pictures, whole and byte by byte: the same size, or none.
// SPDX-License-Identifier: MIT
#include "storage/image_size.hpp"

#include <cstdint>
#include <string_view>

#include "base/check.hpp"
#include "storage/media_type.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view picture(reinterpret_cast<const char*>(data), size);
  coterie::storage::ImageSizeReader reader;
  for (const char& byte : picture) reader.feed({&byte, 1});
  COTERIE_CHECK(reader.size() == coterie::storage::image_size(picture));
  COTERIE_CHECK(!reader.size() ||
                coterie::storage::is_picture(coterie::storage::media_type_of(picture)));
  return 0;
}
