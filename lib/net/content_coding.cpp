// SPDX-License-Identifier: MIT
#include "net/content_coding.hpp"

#include <zlib.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <string>
#include <utility>

#include "base/check.hpp"
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

class Inflating {
 public:
  // 32: which of the two formats it is, is found from the first bytes.
  Inflating() { COTERIE_CHECK(inflateInit2(&stream_, 15 + 32) == Z_OK); }
  ~Inflating() { inflateEnd(&stream_); }
  Inflating(const Inflating&) = delete;
  Inflating& operator=(const Inflating&) = delete;

  z_stream* operator->() { return &stream_; }
  z_stream* get() { return &stream_; }

 private:
  z_stream stream_{};
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

Result<std::string> decode_body(std::string_view coded, std::size_t bytes_max) {
  Inflating inflating;
  inflating->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(coded.data()));
  inflating->avail_in = static_cast<uInt>(coded.size());
  std::string plain;
  for (;;) {
    // One byte more than the bound, which must not come.
    const std::size_t size = std::min(std::max<std::size_t>(plain.size() * 2, 1024), bytes_max + 1);
    const std::size_t before = plain.size();
    plain.resize(size);
    inflating->next_out = reinterpret_cast<Bytef*>(plain.data() + before);
    inflating->avail_out = static_cast<uInt>(size - before);
    const int result = inflate(inflating.get(), Z_NO_FLUSH);
    plain.resize(size - inflating->avail_out);
    if (plain.size() > bytes_max) return Error("too_big");
    if (result == Z_STREAM_END && inflating->avail_in == 0) return plain;
    if (result != Z_OK || plain.size() < size) return Error("bad_data");
  }
}

}  // namespace coterie::net
