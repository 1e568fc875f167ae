// SPDX-License-Identifier: MIT
#include "base/json.hpp"

#include <fmt/format.h>

#include <array>

namespace coterie {

Result<Json> parse_json(std::string_view text) {
  boost::json::parse_options options;
  options.max_depth = json_depth_max;
  // The parser's own stack lives in this buffer for ordinary messages: no allocation of its own.
  std::array<unsigned char, 2048> buffer;
  boost::json::parser parser({}, options, buffer.data(), buffer.size());
  boost::system::error_code failure;
  const std::size_t read = parser.write(text.data(), text.size(), failure);
  if (failure == boost::json::error::incomplete) {
    return Error{"bad_json", "Unexpected end of JSON input"};
  }
  if (failure) {
    return Error{"bad_json", fmt::format("{} in JSON at position {}", failure.message(), read)};
  }
  return parser.release();
}

void write_json(const Json& value, std::string& target) {
  thread_local boost::json::serializer serializer;
  serializer.reset(&value);
  std::array<char, 4096> buffer;
  while (!serializer.done()) target.append(serializer.read(buffer.data(), buffer.size()));
}

std::string to_text(const Json& value) {
  std::string text;
  write_json(value, text);
  return text;
}

}  // namespace coterie
