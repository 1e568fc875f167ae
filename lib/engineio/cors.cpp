// SPDX-License-Identifier: MIT
#include "engineio/cors.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <stdexcept>

#include "base/log.hpp"

namespace coterie::engineio {

namespace {

void check_tokens(const std::vector<std::string>& words, const char* option) {
  for (const std::string& word : words) {
    if (!net::is_token(word)) throw std::invalid_argument(std::string(option) + " has no token");
  }
}

// Origin and credentials, which preflights and others carry alike.
net::Fields common_fields(const Cors& cors, const net::Request& request, std::string vary) {
  net::Fields fields;
  if (cors.origin.is_wildcard()) {
    fields.add("Access-Control-Allow-Origin", "*");
  } else {
    const std::string_view origin = request.fields.get("Origin");
    if (!origin.empty() && net::is_field_value(origin) && cors.origin.allows(origin)) {
      fields.add("Access-Control-Allow-Origin", std::string(origin));
    }
    vary = vary.empty() ? "Origin" : "Origin, " + vary;
  }
  if (!vary.empty()) fields.add("Vary", std::move(vary));
  if (cors.credentials) fields.add("Access-Control-Allow-Credentials", "true");
  if (!cors.exposed_headers.empty()) {
    fields.add("Access-Control-Expose-Headers",
               fmt::format("{}", fmt::join(cors.exposed_headers, ",")));
  }
  return fields;
}

}  // namespace

bool CorsOrigin::is_wildcard() const {
  return !allows_ && std::ranges::find(list_, "*") != list_.end();
}

bool CorsOrigin::allows(std::string_view origin) const {
  return allows_ ? allows_(origin) : std::ranges::find(list_, origin) != list_.end();
}

void check(const Cors& cors) {
  for (const std::string& origin : cors.origin.list()) {
    if (origin.empty() || !net::is_field_value(origin)) {
      throw std::invalid_argument("cors.origin has a forbidden character");
    }
  }
  check_tokens(cors.methods, "cors.methods");
  check_tokens(cors.allowed_headers, "cors.allowed_headers");
  check_tokens(cors.exposed_headers, "cors.exposed_headers");
  if (cors.max_age && cors.max_age->count() < 0) {
    throw std::invalid_argument("cors.max_age is negative");
  }
  if (cors.success_status < 200 || cors.success_status > 299) {
    throw std::invalid_argument("cors.success_status is no success");
  }
  if (cors.credentials && cors.origin.is_wildcard()) {
    log::warn("cors: browsers refuse credentials together with the origin \"*\"");
  }
}

net::Fields cors_fields(const Cors& cors, const net::Request& request) {
  return common_fields(cors, request, {});
}

net::Response preflight_answer(const Cors& cors, const net::Request& request) {
  std::string headers = fmt::format("{}", fmt::join(cors.allowed_headers, ","));
  const bool is_echo = headers.empty();
  if (is_echo) headers = request.fields.get("Access-Control-Request-Headers");
  net::Response response;
  response.status = cors.success_status;
  response.fields = common_fields(cors, request, is_echo ? "Access-Control-Request-Headers" : "");
  response.fields.add("Access-Control-Allow-Methods",
                      fmt::format("{}", fmt::join(cors.methods, ",")));
  if (!headers.empty() && net::is_field_value(headers)) {
    response.fields.add("Access-Control-Allow-Headers", std::move(headers));
  }
  if (cors.max_age) {
    response.fields.add("Access-Control-Max-Age", std::to_string(cors.max_age->count()));
  }
  return response;
}

}  // namespace coterie::engineio
