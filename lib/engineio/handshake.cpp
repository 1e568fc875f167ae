// SPDX-License-Identifier: MIT
#include "engineio/handshake.hpp"

#include <algorithm>
#include <cctype>

namespace coterie::engineio {

namespace {

// The next line of `text`, which becomes the rest.
std::string_view next_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  return line;
}

}  // namespace

Handshake::Handshake(const net::Request& request, WallTime issued) : issued_(issued) {
  std::size_t size = request.remote.size() + request.target.size() + 3;
  for (const auto& field : request.fields) size += field.name.size() + field.value.size() + 2;
  text_.reserve(size);
  if (request.is_secure) text_.append("*");
  text_.append(request.remote).append("\n").append(request.target).append("\n");
  for (const auto& field : request.fields) {
    text_.append(field.name).append(":").append(field.value).append("\n");
  }
}

std::string_view Handshake::address() const {
  std::string_view text = text_;
  if (secure()) text.remove_prefix(1);
  return next_line(text);
}

bool Handshake::secure() const {
  return text_.starts_with('*');
}

std::string_view Handshake::url() const {
  std::string_view text = text_;
  next_line(text);
  return next_line(text);
}

net::Fields Handshake::headers() const {
  std::string_view text = text_;
  next_line(text);
  next_line(text);
  net::Fields fields;
  while (!text.empty()) {
    const std::string_view line = next_line(text);
    const std::size_t colon = line.find(':');
    fields.add(std::string(line.substr(0, colon)), std::string(line.substr(colon + 1)));
  }
  return fields;
}

std::string_view Handshake::header(std::string_view name) const {
  std::string_view text = text_;
  next_line(text);
  next_line(text);
  while (!text.empty()) {
    const std::string_view line = next_line(text);
    if (line.size() <= name.size() || line[name.size()] != ':') continue;
    const bool is_it = std::ranges::equal(
        line.substr(0, name.size()), name,
        [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
    if (is_it) return line.substr(name.size() + 1);
  }
  return {};
}

net::Query Handshake::query() const {
  const std::string_view target = url();
  const std::size_t mark = target.find('?');
  return mark == std::string_view::npos ? net::Query() : net::Query(target.substr(mark + 1));
}

}  // namespace coterie::engineio
