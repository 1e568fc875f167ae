// Cross-origin resource sharing: which pages of other origins may read our answers.
//
//   preflight  OPTIONS, answered by itself: allow-origin, -credentials, -methods, -headers, max-age
//   any other  allow-origin, -credentials and expose-headers on the answer, whatever it is
//
// A page that is not allowed is served as any client; its browser keeps the answer from it.
// Source: the Fetch standard, "CORS protocol".
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <concepts>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http.hpp"

namespace coterie::engineio {

// Which origins are allowed: "*", one, a list, or whoever a function likes. The function is called
// on shards and must not block.
class CorsOrigin {
 public:
  using Allows = std::function<bool(std::string_view origin)>;

  CorsOrigin(const char* origin) : list_(1, origin) {}  // NOLINT: "*" is an origin, and so on
  CorsOrigin(std::string origin) : list_(1, std::move(origin)) {}  // NOLINT
  CorsOrigin(std::initializer_list<std::string> list) : list_(list) {}
  CorsOrigin(std::vector<std::string> list) : list_(std::move(list)) {}  // NOLINT
  template <class F>
    requires std::is_invocable_r_v<bool, F&, std::string_view>
  CorsOrigin(F allows) : allows_(std::move(allows)) {}  // NOLINT: a function decides
  // Everyone, each told its own name: what pages that send credentials need.
  static CorsOrigin any() {
    return CorsOrigin([](std::string_view) { return true; });
  }

  bool is_wildcard() const;
  bool allows(std::string_view origin) const;
  const std::vector<std::string>& list() const { return list_; }

 private:
  std::vector<std::string> list_;
  Allows allows_;  // Empty: the list decides.
};

struct Cors {
  CorsOrigin origin = "*";
  bool credentials = false;  // Browsers want an origin by name with it, not "*".
  std::vector<std::string> methods = {"GET", "HEAD", "PUT", "PATCH", "POST", "DELETE"};
  std::vector<std::string> allowed_headers = {};  // Empty: those that are asked for.
  std::vector<std::string> exposed_headers = {};
  std::optional<std::chrono::seconds> max_age = {};  // How long a preflight may be remembered.
  int success_status = 204;                          // Of preflights; some old browsers want 200.
};

// Throws std::invalid_argument, naming the option, for what would break a header.
void check(const Cors& cors);

// What the answer to `request` carries.
net::Fields cors_fields(const Cors& cors, const net::Request& request);
net::Response preflight_answer(const Cors& cors, const net::Request& request);

}  // namespace coterie::engineio
