// SPDX-License-Identifier: MIT
#include "net/multipart.hpp"

#include <algorithm>
#include <cctype>

namespace coterie::net {

namespace {

Error bad(std::string detail) {
  return Error{"bad_multipart", std::move(detail)};
}

bool equal_without_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) {
    text.remove_prefix(1);
  }
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) {
    text.remove_suffix(1);
  }
  return text;
}

// The value of `; name=value` or `; name="value"` in a header's value.
std::optional<std::string> parameter(std::string_view value, std::string_view name) {
  std::size_t at = value.find(';');
  while (at != std::string_view::npos && at < value.size()) {
    value = trimmed(value.substr(at + 1));
    const std::size_t equals = value.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string_view key = trimmed(value.substr(0, equals));
    value = value.substr(equals + 1);
    std::string result;
    if (!value.empty() && value.front() == '"') {
      at = 1;
      for (; at < value.size() && value[at] != '"'; ++at) {
        if (value[at] == '\\' && at + 1 < value.size()) ++at;
        result.push_back(value[at]);
      }
      at = value.find(';', std::min(at, value.size()));
    } else {
      at = value.find(';');
      result = trimmed(value.substr(0, at));
    }
    if (equal_without_case(key, name)) return result;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> multipart_boundary(std::string_view content_type) {
  if (!equal_without_case(trimmed(content_type.substr(0, content_type.find(';'))),
                          "multipart/form-data")) {
    return std::nullopt;
  }
  std::string boundary = parameter(content_type, "boundary").value_or("");
  if (boundary.size() > 70) boundary.clear();  // RFC 2046 5.1.1
  return boundary;
}

MultipartParser::MultipartParser(std::string boundary, Handlers handlers)
    : MultipartParser(std::move(boundary), std::move(handlers), Limits()) {}

MultipartParser::MultipartParser(std::string boundary, Handlers handlers, Limits limits)
    : delimiter_("\r\n--" + boundary),
      handlers_(std::move(handlers)),
      limits_(limits),
      pending_("\r\n") {}  // So that a delimiter at the very beginning looks like all others.

Result<void> MultipartParser::feed(std::string_view piece) {
  pending_.append(piece);
  for (bool progressed = true; progressed;) {
    progressed = false;
    if (auto stepped = step(progressed); !stepped) return stepped;
  }
  return {};
}

Result<void> MultipartParser::finish() {
  if (state_ == State::epilogue) return {};
  return bad("Unexpected end of form");
}

Result<void> MultipartParser::step(bool& progressed) {
  switch (state_) {
    case State::preamble:
      return find_delimiter(progressed);
    case State::after_boundary:
      return after_boundary(progressed);
    case State::head:
      return find_head(progressed);
    case State::content_start:
      return start_content(progressed);
    case State::content:
      return find_delimiter(progressed);
    case State::epilogue:
      pending_.clear();
      return {};
  }
  return {};
}

// Hands on content up to the next delimiter, or as much as cannot be the beginning of one.
Result<void> MultipartParser::find_delimiter(bool& progressed) {
  const std::size_t found = pending_.find(delimiter_);
  const bool is_found = found != std::string::npos;
  const std::size_t sure =
      is_found ? found : pending_.size() - std::min(pending_.size(), delimiter_.size() - 1);
  const bool is_content = state_ == State::content;
  if (is_content && sure > 0 && !handlers_.on_content(std::string_view(pending_).substr(0, sure))) {
    return Error{"stopped", ""};
  }
  pending_.erase(0, sure + (is_found ? delimiter_.size() : 0));
  if (!is_found) return {};
  state_ = State::after_boundary;
  progressed = true;
  if (is_content && !handlers_.on_part_end()) return Error{"stopped", ""};
  return {};
}

Result<void> MultipartParser::after_boundary(bool& progressed) {
  const std::size_t padding = pending_.find_first_not_of(" \t");
  pending_.erase(0, std::min(padding, pending_.size()));
  if (pending_.size() < 2) return {};
  if (pending_.starts_with("--")) {
    state_ = State::epilogue;
  } else if (pending_.starts_with("\r\n")) {
    if (++parts_ > limits_.parts_max) return bad("Too many parts");
    pending_.erase(0, 2);
    state_ = State::head;
  } else {
    return bad("Malformed part header");
  }
  progressed = true;
  return {};
}

Result<void> MultipartParser::find_head(bool& progressed) {
  const std::size_t end = pending_.starts_with("\r\n") ? 0 : pending_.find("\r\n\r\n");
  if (end == std::string::npos) {
    // The empty line that ends the head may lie here in part.
    if (pending_.size() > limits_.head_bytes_max + 3) return bad("Part header too large");
    return {};
  }
  if (end > limits_.head_bytes_max) return bad("Part header too large");
  PartHead head = read_head(std::string_view(pending_).substr(0, end));
  // The last CRLF of the head stays: with an empty content it may be the delimiter's own.
  pending_.erase(0, end == 0 ? 0 : end + 2);
  state_ = State::content_start;
  progressed = true;
  if (!handlers_.on_part(head)) return Error{"stopped", ""};
  return {};
}

Result<void> MultipartParser::start_content(bool& progressed) {
  const std::size_t known = std::min(pending_.size(), delimiter_.size());
  if (pending_.compare(0, known, delimiter_, 0, known) == 0) {
    if (known < delimiter_.size()) return {};  // Could still be either.
  } else {
    pending_.erase(0, 2);
  }
  state_ = State::content;
  progressed = true;
  return {};
}

PartHead MultipartParser::read_head(std::string_view head) {
  PartHead part;
  while (!head.empty()) {
    const std::size_t end = head.find("\r\n");
    const std::string_view line = head.substr(0, end);
    head = end == std::string_view::npos ? std::string_view() : head.substr(end + 2);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view name = trimmed(line.substr(0, colon));
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (equal_without_case(name, "Content-Disposition")) {
      part.name = parameter(value, "name").value_or("");
      part.filename = parameter(value, "filename");
    } else if (equal_without_case(name, "Content-Type")) {
      part.content_type = value;
    }
  }
  return part;
}

}  // namespace coterie::net
