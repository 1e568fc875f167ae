// SPDX-License-Identifier: MIT
#include "engineio/cookie.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <stdexcept>

#include "net/http.hpp"

namespace coterie::engineio {

namespace {

bool is_letter_or_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Any character but controls and the semicolon.
bool is_path(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~' && c != ';'; });
}

// Labels of letters, digits and inner hyphens between dots (RFC 1034 3.5); one dot may lead.
bool is_domain(std::string_view text) {
  if (text.starts_with('.')) text.remove_prefix(1);
  for (;;) {
    const std::size_t end = std::min(text.find('.'), text.size());
    const std::string_view label = text.substr(0, end);
    if (label.empty() || label.size() > 63) return false;
    if (label.front() == '-' || label.back() == '-') return false;
    if (!std::ranges::all_of(label, [](char c) { return is_letter_or_digit(c) || c == '-'; })) {
      return false;
    }
    if (end == text.size()) return true;
    text.remove_prefix(end + 1);
  }
}

std::string_view name_of(SameSite same_site) {
  switch (same_site) {
    case SameSite::lax:
      return "Lax";
    case SameSite::strict:
      return "Strict";
    case SameSite::none:
      return "None";
  }
  return "";
}

}  // namespace

void check(const Cookie& cookie) {
  if (!net::is_token(cookie.name)) throw std::invalid_argument("cookie.name is no token");
  if (!is_path(cookie.path)) throw std::invalid_argument("cookie.path has a forbidden character");
  if (!cookie.domain.empty() && !is_domain(cookie.domain)) {
    throw std::invalid_argument("cookie.domain is no domain");
  }
}

std::string set_cookie(const Cookie& cookie, std::string_view value) {
  std::string text = fmt::format("{}={}", cookie.name, value);
  const auto out = std::back_inserter(text);
  if (cookie.max_age) fmt::format_to(out, "; Max-Age={}", cookie.max_age->count());
  if (!cookie.domain.empty()) fmt::format_to(out, "; Domain={}", cookie.domain);
  if (!cookie.path.empty()) fmt::format_to(out, "; Path={}", cookie.path);
  if (cookie.http_only) text += "; HttpOnly";
  if (cookie.secure) text += "; Secure";
  fmt::format_to(out, "; SameSite={}", name_of(cookie.same_site));
  return text;
}

}  // namespace coterie::engineio
