// SPDX-License-Identifier: MIT
#include "net/router.hpp"

#include <algorithm>
#include <cctype>

#include "base/check.hpp"

namespace coterie::net {

namespace {

bool equal_without_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

// The next segment of a path; `path` becomes the rest, without its leading slash.
std::string_view next_segment(std::string_view& path) {
  const std::size_t slash = path.find('/');
  const std::string_view segment = path.substr(0, slash);
  path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
  return segment;
}

std::string_view without_slashes(std::string_view path) {
  if (!path.empty() && path.front() == '/') path.remove_prefix(1);
  if (!path.empty() && path.back() == '/') path.remove_suffix(1);
  return path;
}

// Literal segments before named ones, named ones before open ends, prefixes first of all.
int rank(const Route& route) {
  if (route.prefix) return 0;
  if (route.pattern.ends_with("/*")) return 3;
  return route.pattern.find("/:") == std::string::npos ? 1 : 2;
}

}  // namespace

Route Router::default_fallback() {
  Route route;
  route.handler = [](Request request, Reply reply) {
    reply(text_response(404, "Cannot " + request.method + " " + std::string(request.path())));
  };
  return route;
}

void Router::add(Route route) {
  COTERIE_CHECK(!route.pattern.empty() && route.pattern.front() == '/');
  COTERIE_CHECK(route.handler || route.sink || route.upgrade);
  const auto behind = std::ranges::upper_bound(routes_, rank(route), {}, rank);
  routes_.insert(behind, std::move(route));
}

void Router::add(std::vector<Route> routes) {
  for (Route& route : routes) add(std::move(route));
}

void Router::set_fallback(Handler handler) {
  fallback_.handler = std::move(handler);
}

Response Router::refuse(const Request& request, int status, std::string_view reason) const {
  Response response =
      refusal_ ? refusal_(request, status, reason) : text_response(status, std::string(reason));
  response.close = true;
  return response;
}

const Route* Router::find(Request& request) const {
  for (const Route& route : routes_) {
    if (matches(route, request)) return &route;
  }
  return &fallback_;
}

bool Router::matches(const Route& route, Request& request) const {
  const bool is_head = request.method == "HEAD" && route.method == "GET";
  if (!route.method.empty() && route.method != request.method && !is_head) return false;
  if (route.prefix) return request.target.starts_with(route.pattern);

  std::string_view pattern = without_slashes(route.pattern);
  std::string_view path = without_slashes(request.path());
  const bool ends_with_nothing = path.ends_with('/');  // A second trailing slash.
  request.params.clear();
  while (!pattern.empty()) {
    const std::string_view wanted = next_segment(pattern);
    if (wanted == "*") return true;
    if (path.empty()) return false;
    const std::string_view segment = next_segment(path);
    if (wanted.front() == ':') {
      if (segment.empty()) return false;
      // An escape that cannot be decoded stays as it was asked: the handler will not know it.
      auto value = percent_decode(segment);
      request.params.emplace_back(wanted.substr(1),
                                  value ? std::move(*value) : std::string(segment));
    } else if (!equal_without_case(wanted, segment)) {
      return false;
    }
  }
  return path.empty() && !ends_with_nothing;
}

}  // namespace coterie::net
