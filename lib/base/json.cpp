// SPDX-License-Identifier: MIT
#include "base/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/basic_parser_impl.hpp>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "base/json_text.hpp"

namespace coterie {

namespace {

// As JavaScript writes numbers (ECMA-262 Number::toString): the fewest digits that read back as the
// same number, an exponent only beyond 1e21 and below 1e-6. What JSON has no number for is null.
void write_double(double value, std::string& target) {
  if (!std::isfinite(value)) return void(target.append("null"));
  if (value == 0) return target.push_back('0');
  const double size = std::abs(value);
  const bool is_plain = size >= 1e-6 && size < 1e21;
  std::array<char, 40> text;
  char* const end =
      std::to_chars(text.data(), text.data() + text.size(), value,
                    is_plain ? std::chars_format::fixed : std::chars_format::scientific)
          .ptr;
  std::string_view number(text.data(), static_cast<std::size_t>(end - text.data()));
  const std::size_t exponent = number.find('e');
  if (exponent == std::string_view::npos) return void(target.append(number));
  // "e-07" is written "e-7".
  target.append(number.substr(0, exponent + 2));
  number.remove_prefix(exponent + 2);
  number.remove_prefix(std::min(number.find_first_not_of('0'), number.size() - 1));
  target.append(number);
}

void write_array(const JsonArray& array, std::string& target) {
  target.push_back('[');
  bool is_first = true;
  for (const Json& value : array) {
    if (!is_first) target.push_back(',');
    is_first = false;
    write_json(value, target);
  }
  target.push_back(']');
}

void write_object(const JsonObject& object, std::string& target) {
  target.push_back('{');
  bool is_first = true;
  for (const auto& [key, value] : object) {
    if (!is_first) target.push_back(',');
    is_first = false;
    write_string(key, target);
    target.push_back(':');
    write_json(value, target);
  }
  target.push_back('}');
}

}  // namespace

namespace {

// Builds values as Boost.JSON's own parser does, but reads fractions exactly: its conversion is off
// by one unit in the last place for one number in ten, and a server that relays numbers must not
// change them.
struct Builder {
  static constexpr std::size_t max_object_size = boost::json::object::max_size();
  static constexpr std::size_t max_array_size = boost::json::array::max_size();
  static constexpr std::size_t max_key_size = boost::json::string::max_size();
  static constexpr std::size_t max_string_size = boost::json::string::max_size();

  using Failure = boost::json::error_code;
  using View = boost::json::string_view;

  boost::json::value_stack stack;

  bool on_document_begin(Failure&) { return true; }
  bool on_document_end(Failure&) { return true; }
  bool on_object_begin(Failure&) { return true; }
  bool on_object_end(std::size_t size, Failure&) { return stack.push_object(size), true; }
  bool on_array_begin(Failure&) { return true; }
  bool on_array_end(std::size_t size, Failure&) { return stack.push_array(size), true; }
  bool on_key_part(View part, std::size_t, Failure&) { return stack.push_chars(part), true; }
  bool on_key(View last, std::size_t, Failure&) { return stack.push_key(last), true; }
  bool on_string_part(View part, std::size_t, Failure&) { return stack.push_chars(part), true; }
  bool on_string(View last, std::size_t, Failure&) { return stack.push_string(last), true; }
  bool on_number_part(View, Failure&) { return true; }  // The text comes in one piece.
  bool on_int64(std::int64_t value, View, Failure&) { return stack.push_int64(value), true; }
  bool on_uint64(std::uint64_t value, View, Failure&) { return stack.push_uint64(value), true; }
  bool on_double(double rounded, View text, Failure&) {
    double exact = rounded;
    std::from_chars(text.data(), text.data() + text.size(), exact);
    return stack.push_double(exact), true;
  }
  bool on_bool(bool value, Failure&) { return stack.push_bool(value), true; }
  bool on_null(Failure&) { return stack.push_null(), true; }
  bool on_comment_part(View, Failure&) { return true; }
  bool on_comment(View, Failure&) { return true; }
};

}  // namespace

Result<Json> parse_json(std::string_view text, std::size_t depth_max) {
  boost::json::parse_options options;
  options.max_depth = depth_max;
  boost::json::basic_parser<Builder> parser(options);
  parser.handler().stack.reset();
  boost::json::error_code failure;
  const std::size_t read = parser.write_some(false, text.data(), text.size(), failure);
  if (!failure && read < text.size()) failure = boost::json::error::extra_data;
  if (failure == boost::json::error::incomplete) {
    return Error{"bad_json", "Unexpected end of JSON input"};
  }
  if (failure) {
    return Error{"bad_json", fmt::format("{} in JSON at position {}", failure.message(), read)};
  }
  return parser.handler().stack.release();
}

void write_json(const Json& value, std::string& target) {
  switch (value.kind()) {
    case boost::json::kind::null:
      target.append("null");
      return;
    case boost::json::kind::bool_:
      target.append(value.get_bool() ? "true" : "false");
      return;
    case boost::json::kind::int64:
      write_integer(value.get_int64(), target);
      return;
    case boost::json::kind::uint64:
      write_integer(value.get_uint64(), target);
      return;
    case boost::json::kind::double_:
      write_double(value.get_double(), target);
      return;
    case boost::json::kind::string:
      write_string(value.get_string(), target);
      return;
    case boost::json::kind::array:
      write_array(value.get_array(), target);
      return;
    case boost::json::kind::object:
      write_object(value.get_object(), target);
      return;
  }
}

std::string to_text(const Json& value) {
  std::string text;
  write_json(value, text);
  return text;
}

}  // namespace coterie
