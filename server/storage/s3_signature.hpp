// AWS Signature Version 4 in the query of a URL: whoever has it may do one thing for a while.
//
//   <path>?<query>&X-Amz-Signature=<hex HMAC-SHA256 of the string to sign>
//   string to sign     AWS4-HMAC-SHA256 \n <time> \n <scope> \n <hex SHA-256 of canonical request>
//   scope              <yyyymmdd>/<region>/s3/aws4_request
//   canonical request  <method> \n <path> \n <query, sorted> \n <name>:<value> \n …  \n \n
//                      <names of the signed headers> \n UNSIGNED-PAYLOAD
//
// Amazon S3 API Reference, "Authenticating Requests: Using Query Parameters". No I/O.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"

namespace coterie::storage {

struct S3Key {
  std::string access_key;
  std::string secret_key;
  std::string region;
};

using NamedTexts = std::vector<std::pair<std::string, std::string>>;

// What is to be allowed. Nothing is encoded yet.
struct S3Permit {
  std::string_view method;
  std::string_view host;  // With its port, as the Host header will have it.
  std::string_view path;  // "/" and what follows.
  NamedTexts query;
  NamedTexts headers;  // Those that must come along as they are, beside Host; names in lower case.
};

// The path and query that `permit` allows from `now` on for `life`, encoded.
std::string presign(const S3Permit& permit, const S3Key& key, WallTime now,
                    std::chrono::seconds life);

// Everything but RFC 3986's unreserved characters as "%XX"; of a path the slashes stay.
std::string percent_encode(std::string_view text, bool is_path = false);

}  // namespace coterie::storage
