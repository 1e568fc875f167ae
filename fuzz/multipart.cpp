// Forms, whole and byte by byte: the same parts with the same content.
// SPDX-License-Identifier: MIT
#include "net/multipart.hpp"

#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.hpp"

namespace {

std::string read(std::string_view form, std::size_t step) {
  std::string heard;
  coterie::net::MultipartParser parser("b", {[&](const coterie::net::PartHead& head) {
                                               heard += "<" + head.name + "|" +
                                                        head.filename.value_or("-") + "|" +
                                                        head.content_type + ">";
                                               return true;
                                             },
                                             [&](std::string_view piece) {
                                               heard.append(piece);
                                               return true;
                                             },
                                             [&] {
                                               heard += "</>";
                                               return true;
                                             }});
  for (std::size_t at = 0; at < form.size(); at += step) {
    if (!parser.feed(form.substr(at, step))) return "refused";
  }
  return parser.finish() ? heard : "unfinished";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view form(reinterpret_cast<const char*>(data), size);
  COTERIE_CHECK(read(form, form.size() + 1) == read(form, 1));
  return 0;
}
