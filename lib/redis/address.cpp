// SPDX-License-Identifier: MIT
#include "redis/address.hpp"

#include <charconv>

#include "net/http.hpp"

namespace coterie::redis {

namespace {

Error bad(const char* what) {
  return Error("bad_redis_url", what);
}

}  // namespace

Result<Address> parse_address(std::string_view url) {
  Address address;
  address.tls.is_on = url.starts_with("rediss://");
  if (!address.tls.is_on && !url.starts_with("redis://")) {
    return bad("it does not begin with redis:// or rediss://");
  }
  url.remove_prefix(url.find("//") + 2);
  if (url.ends_with('/')) url.remove_suffix(1);
  if (const std::size_t at = url.rfind('@'); at != std::string_view::npos) {
    const std::string_view user = url.substr(0, at);
    const std::size_t colon = user.find(':');
    if (colon == std::string_view::npos) return bad("there is a user without a password");
    const auto username = net::percent_decode(user.substr(0, colon));
    const auto password = net::percent_decode(user.substr(colon + 1));
    if (!username || !password) return bad("user or password have a malformed % escape");
    address.username = *username;
    address.password = *password;
    url.remove_prefix(at + 1);
  }
  std::string_view port;
  const bool is_bracketed = url.starts_with('[');
  const std::size_t host_end = is_bracketed ? url.find(']') : url.find(':');
  if (is_bracketed && host_end == std::string_view::npos) return bad("the host's bracket is open");
  address.host = is_bracketed ? url.substr(1, host_end - 1) : url.substr(0, host_end);
  if (address.host.empty()) return bad("there is no host");
  const std::size_t colon = is_bracketed ? host_end + 1 : host_end;
  if (colon == std::string_view::npos || colon == url.size()) return address;
  if (url[colon] != ':') return bad("there is something behind the host");
  port = url.substr(colon + 1);
  const auto read = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (read.ec != std::errc() || read.ptr != port.data() + port.size() || address.port == 0) {
    return bad("the port is none");
  }
  return address;
}

}  // namespace coterie::redis
