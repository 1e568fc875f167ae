// SEAM: one question to an S3 server and its answer. libcurl carries them; tests script them.
//
// ask() is how everyone asks: what fails for a moment is tried again, a bounded number of times.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "storage/s3_signature.hpp"

namespace coterie::storage {

// Where the bucket is, and who we are there.
struct S3Place {
  std::string endpoint;    // "https://s3.example.org:9000": without a slash, nor the usual port.
  std::string public_url;  // The same for clients, where they reach it by another name.
  std::string bucket;
  S3Key key;
  bool has_path_style = true;  // <endpoint>/<bucket>/<path>; else https://<bucket>.<host>/<path>.
};

// The URL that allows anyone to call `method` on `path` in the bucket; "" is the bucket itself.
std::string s3_url(const S3Place& place, std::string_view base, std::string_view method,
                   std::string_view path, const NamedTexts& query, const NamedTexts& headers,
                   WallTime now, std::chrono::seconds life);

// What is sent along: read again from its beginning for each attempt.
struct S3Body {
  std::uint64_t size = 0;
  // Fills `target` from `offset` on, at most `size` bytes; 0 when that failed.
  std::function<std::size_t(std::uint64_t offset, char* target, std::size_t size)> read;
};
S3Body text_body(std::string text);

struct S3Question {
  std::string_view method;
  std::string path = {};  // In the bucket; empty for the bucket itself.
  NamedTexts query = {};
  std::string media_type = {};  // Of the body.
  std::optional<S3Body> body = {};
  std::string range = {};                      // "0-99": only these bytes of a file.
  std::size_t answer_bytes_max = 1024 * 1024;  // A page of a list has some 300 KiB.
};

struct S3Answer {
  int status = 0;
  std::string body;
  std::string entity_tag;
  std::string media_type;
  std::uint64_t size = 0;  // Content-Length.
  WallTime modified;
};

class S3Wire {
 public:
  virtual ~S3Wire() = default;
  // Error "files_unavailable": no whole answer came. Any status is an answer.
  virtual Result<S3Answer> exchange(const S3Question& question) = 0;
  virtual void pause(std::chrono::milliseconds time) = 0;
  // From here on every exchange fails, also what is under way. From any thread.
  virtual void stop() {}
};

// Asks up to three times, until there is an answer that is not the server's own failure (5xx, 429).
// Error "files_unavailable", logged.
Result<S3Answer> ask(S3Wire& wire, const S3Question& question);
// What an answer that nobody expected says, as "files_unavailable", logged.
Error refusal(const S3Question& question, const S3Answer& answer);

// Through libcurl. Any number of threads that may block; connections are kept.
std::unique_ptr<S3Wire> make_curl_wire(S3Place place, const Clock& clock);

}  // namespace coterie::storage
