// What S3 answers: elements lie within the text, one after another, and what is made of them is no
// longer than they were.
// SPDX-License-Identifier: MIT
#include "storage/s3_xml.hpp"

#include <cstdint>
#include <string_view>

#include "base/check.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view xml(reinterpret_cast<const char*>(data), size);
  const char* end = xml.data();
  for (const std::string_view name : {"Contents", "Key", "A"}) {
    end = xml.data();
    for (const std::string_view element : coterie::storage::xml_elements(xml, name)) {
      COTERIE_CHECK(element.data() >= end && element.data() + element.size() <= xml.data() + size);
      end = element.data() + element.size();
    }
    COTERIE_CHECK(coterie::storage::xml_text(xml, name).size() <= size);
  }
  return 0;
}
