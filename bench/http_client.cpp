// SPDX-License-Identifier: MIT
#include "http_client.hpp"

#include <strings.h>

#include <charconv>
#include <optional>
#include <utility>

namespace coterie::bench {

namespace {

// How long the body is: both kinds of server that are measured say so in their heads.
std::optional<std::size_t> content_length(std::string_view head) {
  constexpr std::string_view name = "\r\ncontent-length: ";
  for (std::size_t at = 0; (at = head.find("\r\n", at)) != std::string_view::npos; at += 2) {
    const std::string_view line = head.substr(at);
    if (line.size() <= name.size()) return std::nullopt;
    if (::strncasecmp(line.data(), name.data(), name.size()) != 0) continue;
    std::size_t length = 0;
    std::from_chars(line.data() + name.size(), line.data() + line.size(), length);
    return length;
  }
  return std::nullopt;
}

}  // namespace

void HttpClient::on_bytes(std::string_view bytes) {
  in_.append(bytes);
  const std::size_t end = in_.find("\r\n\r\n");
  if (end == std::string::npos) return;
  const auto length = content_length(std::string_view(in_).substr(0, end + 2));
  if (!length || in_.size() < 12) return fail();
  if (in_.size() < end + 4 + *length) return;
  int status = 0;
  std::from_chars(in_.data() + 9, in_.data() + 12, status);
  const std::string answer = std::exchange(in_, {});
  on_answer_(*this, status, std::string_view(answer).substr(end + 4));
}

}  // namespace coterie::bench
