// A cookie that holds the session's id, for load balancers that must send a client to one server.
//
//   Set-Cookie: io=<sid>; Max-Age=…; Domain=…; Path=/; HttpOnly; Secure; SameSite=Lax
//
// Source: RFC 6265 4.1, and SameSite as browsers implement it (RFC 6265bis).
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace coterie::engineio {

enum class SameSite : unsigned char { lax, strict, none };

struct Cookie {
  std::string name = "io";
  std::string path = "/";  // Empty: left out.
  bool http_only = true;
  SameSite same_site = SameSite::lax;
  bool secure = false;
  std::optional<std::chrono::seconds> max_age = {};
  std::string domain = {};  // Empty: left out.
};

// Throws std::invalid_argument, naming the option, for what would not be one cookie: whoever could
// write into a name, a path or a domain could otherwise add attributes (CVE-2024-47764).
void check(const Cookie& cookie);

// The value of the field Set-Cookie; `value` is of the characters that a sid has.
std::string set_cookie(const Cookie& cookie, std::string_view value);

}  // namespace coterie::engineio
