// SPDX-License-Identifier: MIT
#include "net/content_coding.hpp"

#include <algorithm>
#include <cctype>
#include <optional>
#include <string>
#include <utility>

#include "net/deflate.hpp"

namespace coterie::net {

namespace {

// "0.25" in thousandths; nullopt when it is no weight (RFC 9110 12.4.2).
std::optional<int> parse_weight(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return std::nullopt;
  if (text.size() > 1 && text[1] != '.') return std::nullopt;
  int weight = (text[0] - '0') * 1000;
  int scale = 100;
  for (std::size_t i = 2; i < text.size(); ++i, scale /= 10) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    weight += (text[i] - '0') * scale;
  }
  return weight <= 1000 ? std::optional(weight) : std::nullopt;
}

// What a list has said of each coding, in thousandths.
struct Weights {
  std::optional<int> gzip;
  std::optional<int> deflate;
  std::optional<int> identity;
  std::optional<int> others;

  void add(std::string_view item) {
    const std::string_view name = next_part(item, ';');
    int weight = 1000;
    if (!item.empty()) {
      const std::string_view parameter = next_part(item, ';');
      const auto parsed =
          parameter.starts_with("q=") ? parse_weight(parameter.substr(2)) : std::nullopt;
      if (!parsed || !item.empty()) return;
      weight = *parsed;
    }
    if (name == "gzip" || name == "x-gzip") gzip = weight;
    if (name == "deflate") deflate = weight;
    if (name == "identity") identity = weight;
    if (name == "*") others = weight;
  }
};

}  // namespace

ContentCoding preferred_coding(const Fields& request) {
  std::string list = request.joined("Accept-Encoding");
  std::ranges::transform(list, list.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  Weights weights;
  for (std::string_view rest = list; !rest.empty();) weights.add(next_part(rest, ','));
  const int others = weights.others.value_or(0);
  const int gzip = weights.gzip.value_or(others);
  const int deflate = weights.deflate.value_or(others);
  const int identity = weights.identity.value_or(0);
  if (std::max(gzip, deflate) == 0 || identity > std::max(gzip, deflate)) {
    return ContentCoding::identity;
  }
  return gzip >= deflate ? ContentCoding::gzip : ContentCoding::deflate;
}

void encode_body(Response& response, ContentCoding coding) {
  response.fields.add("Vary", "Accept-Encoding");
  if (coding == ContentCoding::identity) return;
  const bool is_gzip = coding == ContentCoding::gzip;
  // What HTTP calls deflate is the format of zlib (RFC 9110 8.4.1.2).
  auto coded = deflate(response.body, is_gzip ? DeflateFormat::gzip : DeflateFormat::zlib, {});
  if (!coded) return;
  response.body = std::move(*coded);
  response.fields.add("Content-Encoding", is_gzip ? "gzip" : "deflate");
}

}  // namespace coterie::net
