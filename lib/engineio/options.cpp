// SPDX-License-Identifier: MIT
#include "engineio/options.hpp"

#include <stdexcept>

namespace coterie::engineio {

namespace {

void check_positive(std::chrono::milliseconds time, const char* option) {
  if (time.count() <= 0) throw std::invalid_argument(std::string(option) + " is not positive");
}

}  // namespace

void check(const Options& options) {
  if (!options.path.starts_with('/')) {
    throw std::invalid_argument("path does not begin with a slash");
  }
  if (!options.transports.polling && !options.transports.websocket) {
    throw std::invalid_argument("transports has none");
  }
  check_positive(options.ping_interval, "ping_interval");
  check_positive(options.ping_timeout, "ping_timeout");
  check_positive(options.upgrade_timeout, "upgrade_timeout");
  check_positive(options.close_timeout, "close_timeout");
  if (options.max_payload == 0) throw std::invalid_argument("max_payload is zero");
  if (options.per_message_deflate) net::require_valid(*options.per_message_deflate);
  if (options.cookie) check(*options.cookie);
  if (options.cors) check(*options.cors);
}

std::string path_prefix(const Options& options) {
  std::string prefix = options.path;
  if (prefix.ends_with('/')) prefix.pop_back();
  // The prefix of the path "/" stays a slash in any case.
  if (options.add_trailing_slash || prefix.empty()) prefix.push_back('/');
  return prefix;
}

}  // namespace coterie::engineio
