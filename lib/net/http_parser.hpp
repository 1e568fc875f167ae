// HTTP/1.1 requests out of a stream of bytes (RFC 9112): Boost.Beast's parser behind our own words.
//
// Sans-I/O and incremental: feed() takes what has come and says how much of it is used up. It is
// strict where requests could be smuggled: Content-Length together with Transfer-Encoding, two
// different lengths and bare line feeds are refused.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/result.hpp"
#include "net/http.hpp"
#include "net/http_limits.hpp"

namespace coterie::net {

// One request. Make a new one for the next.
class HttpParser {
 public:
  explicit HttpParser(const HttpLimits& limits);
  ~HttpParser();

  struct Failure {
    Failure() = default;
    Failure(int failure_status, std::string_view failure_reason)
        : status(failure_status), reason(failure_reason) {}
    int status = 0;  // 400, 431 or 501.
    std::string_view reason;
  };
  using Progress = boost::system::result<std::size_t, Failure>;

  // Feeds bytes of the head until has_head(); then of the body until is_done(). Pieces of the body
  // go to on_body, which may be empty to throw them away.
  Progress feed_head(std::string_view bytes);
  Progress feed_body(std::string_view bytes, const std::function<void(std::string_view)>& on_body);

  bool has_head() const;
  bool is_done() const;

  // Once has_head():
  Request take_request();  // Without body, remote and params.
  bool keep_alive() const;
  bool has_body() const;                                // As announced; a length of 0 is none.
  std::optional<std::uint64_t> content_length() const;  // nullopt: chunked, or none.

 private:
  class Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace coterie::net
