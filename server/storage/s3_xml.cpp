// SPDX-License-Identifier: MIT
#include "storage/s3_xml.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace coterie::storage {

namespace {

constexpr std::array<std::pair<std::string_view, char>, 6> entities{{{"&amp;", '&'},
                                                                     {"&lt;", '<'},
                                                                     {"&gt;", '>'},
                                                                     {"&quot;", '"'},
                                                                     {"&apos;", '\''},
                                                                     {"&#34;", '"'}}};

std::string unescape(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    const auto* entity = std::ranges::find_if(
        entities, [&](const auto& each) { return text.starts_with(each.first); });
    const bool is_entity = entity != entities.end();
    plain += is_entity ? entity->second : text.front();
    text.remove_prefix(is_entity ? entity->first.size() : 1);
  }
  return plain;
}

std::string escape(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    const auto* entity = std::ranges::find(entities, c, &std::pair<std::string_view, char>::second);
    if (entity == entities.end()) {
      escaped += c;
    } else {
      escaped += entity->first;
    }
  }
  return escaped;
}

}  // namespace

std::vector<std::string_view> xml_elements(std::string_view xml, std::string_view name) {
  const std::string opening = fmt::format("<{}>", name);
  const std::string closing = fmt::format("</{}>", name);
  std::vector<std::string_view> elements;
  for (;;) {
    const std::size_t begin = xml.find(opening);
    if (begin == std::string_view::npos) return elements;
    xml.remove_prefix(begin + opening.size());
    const std::size_t end = xml.find(closing);
    if (end == std::string_view::npos) return elements;
    elements.push_back(xml.substr(0, end));
    xml.remove_prefix(end + closing.size());
  }
}

std::string xml_text(std::string_view xml, std::string_view name) {
  const auto elements = xml_elements(xml, name);
  return elements.empty() ? std::string() : unescape(elements.front());
}

std::string xml_of_parts(const std::vector<std::string>& tags) {
  std::string xml = "<CompleteMultipartUpload>";
  for (std::size_t index = 0; index < tags.size(); ++index) {
    xml += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>{}</ETag></Part>", index + 1,
                       escape(tags[index]));
  }
  return xml + "</CompleteMultipartUpload>";
}

std::string xml_of_location(std::string_view region) {
  return fmt::format(
      "<CreateBucketConfiguration><LocationConstraint>{}</LocationConstraint>"
      "</CreateBucketConfiguration>",
      escape(region));
}

}  // namespace coterie::storage
