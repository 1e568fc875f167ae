// SPDX-License-Identifier: MIT
#include "api/input.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <string>

#include "base/utf8.hpp"
#include "net/content_coding.hpp"
#include "net/router.hpp"

namespace coterie::api {

namespace {

constexpr std::size_t escape_size = 6;  // "\\uXXXX"

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return std::tolower(c); });
  return result;
}

// The number of the escape that `text` begins with; nullopt when it begins with none.
std::optional<unsigned> escape_at(std::string_view text) {
  if (text.size() < escape_size || !text.starts_with("\\u")) return std::nullopt;
  unsigned number = 0;
  const char* const end = text.data() + escape_size;
  const auto [read, problem] = std::from_chars(text.data() + 2, end, number, 16);
  if (problem != std::errc() || read != end) return std::nullopt;
  return number;
}

bool is_first_half(std::optional<unsigned> unit) {
  return unit && *unit >= 0xD800 && *unit < 0xDC00;
}
bool is_second_half(std::optional<unsigned> unit) {
  return unit && *unit >= 0xDC00 && *unit < 0xE000;
}

// The same JSON with each half of a pair that stands alone replaced.
std::string with_whole_pairs(std::string_view json) {
  std::string result;
  result.reserve(json.size());
  while (!json.empty()) {
    const std::size_t plain = std::min(json.find('\\'), json.size());
    result.append(json.substr(0, plain));
    json.remove_prefix(plain);
    const auto unit = escape_at(json);
    std::size_t size = std::min<std::size_t>(unit ? escape_size : 2, json.size());
    if (is_first_half(unit) && is_second_half(escape_at(json.substr(size)))) {
      size += escape_size;
    } else if (is_first_half(unit) || is_second_half(unit)) {
      result.append("\\uFFFD");
      json.remove_prefix(size);
      continue;
    }
    result.append(json.substr(0, size));
    json.remove_prefix(size);
  }
  return result;
}

// What JavaScript calls by these names is no input: the system before us passes them over.
JsonObject without_passed_over(JsonObject object) {
  for (const char* name : {"__proto__", "constructor"}) {
    object.stable_erase(name);
  }
  return object;
}

Result<JsonObject> parse_object(std::string_view text) {
  auto value = parse_json(with_whole_pairs(is_utf8(text) ? std::string(text) : to_utf8(text)));
  if (!value) return Error("bad_body", value.error().detail);
  if (value->is_object()) return without_passed_over(std::move(value->get_object()));
  if (!value->is_array()) return Error("bad_body", "the body must be a JSON object");
  JsonObject object;
  for (std::size_t i = 0; i < value->get_array().size(); ++i) {
    object[std::to_string(i)] = value->get_array()[i];
  }
  return object;
}

Result<JsonObject> parse_text(std::string_view type, std::string_view body) {
  if (type.starts_with("application/x-www-form-urlencoded")) return parse_query(body);
  if (!type.starts_with("application/json")) return JsonObject();
  const std::size_t charset = type.find("charset=");
  if (charset != std::string_view::npos && type.find("utf-8", charset) == std::string_view::npos &&
      type.find("utf8", charset) == std::string_view::npos) {
    return Error("unsupported_media_type", fmt::format("unsupported {}", type.substr(charset)));
  }
  if (body.empty()) return JsonObject();
  return parse_object(body);
}

}  // namespace

Result<JsonObject> parse_body(const net::Request& request) {
  const std::string type = lower(request.fields.get("Content-Type"));
  const std::string coding = lower(request.fields.get("Content-Encoding"));
  if (coding.empty() || coding == "identity" || request.body.empty()) {
    return parse_text(type, request.body);
  }
  if (coding != "gzip" && coding != "deflate") {
    return Error("unsupported_media_type",
                 fmt::format("unsupported content encoding \"{}\"", coding));
  }
  const auto plain = net::decode_body(request.body, net::Route().body_max);
  if (!plain && plain.error().code == "too_big") return Error("body_too_large");
  if (!plain) return Error("bad_body", "the body is not " + coding);
  return parse_text(type, *plain);
}

JsonObject parse_query(std::string_view raw) {
  JsonObject object;
  for (const auto& [raw_name, raw_value] : net::Query(raw)) {
    // What is percent-encoded may be anything, and must not reach those who are told it is text.
    const std::string name = to_utf8(raw_name);
    const std::string value = to_utf8(raw_value);
    const std::size_t bracket = name.find('[');
    if (bracket != std::string::npos && bracket > 0) {
      const std::size_t end = std::min(name.find(']', bracket), name.size());
      object[name.substr(0, bracket)] =
          JsonObject{{name.substr(bracket + 1, end - bracket - 1), value}};
    } else if (Json* before = object.if_contains(name)) {
      if (!before->is_array()) *before = JsonArray{*before};
      before->get_array().push_back(Json(value));
    } else {
      object[name] = value;
    }
  }
  return without_passed_over(std::move(object));
}

}  // namespace coterie::api
