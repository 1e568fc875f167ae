// multipart/form-data (RFC 7578) as a push parser: feed() bytes as they come, get parts as events.
//
// Constant memory: part headers are bounded, content is handed on as it arrives. Sans-I/O, one
// thread at a time.
//
//   body      = *( "--" boundary CRLF headers CRLF content CRLF ) "--" boundary "--" epilogue
// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace coterie::net {

// The boundary named by a Content-Type such as `multipart/form-data; boundary=abc`; nullopt when it
// is another type. An empty string means multipart without a (usable) boundary.
std::optional<std::string> multipart_boundary(std::string_view content_type);

struct PartHead {
  std::string name;                     // Of Content-Disposition.
  std::optional<std::string> filename;  // Present: the part is a file.
  std::string content_type;             // As claimed; empty when absent.
};

class MultipartParser {
 public:
  // Each handler returns false to stop: feed() then returns Error "stopped".
  struct Handlers {
    std::function<bool(const PartHead&)> on_part;
    std::function<bool(std::string_view)> on_content;  // A piece of the current part.
    std::function<bool()> on_part_end;
  };
  struct Limits {
    std::size_t head_bytes_max = 16 * 1024;
    std::size_t parts_max = 64;
  };

  MultipartParser(std::string boundary, Handlers handlers, Limits limits);
  MultipartParser(std::string boundary, Handlers handlers);

  // Error "bad_multipart" names what is wrong; after an error feed() must not be called again.
  Result<void> feed(std::string_view piece);
  // The body has ended: Error "bad_multipart" ("Unexpected end of form") when it should not have.
  Result<void> finish();

 private:
  enum class State { preamble, after_boundary, head, content_start, content, epilogue };

  // One step of the machine; `progressed` says that another may be possible.
  Result<void> step(bool& progressed);
  Result<void> find_delimiter(bool& progressed);
  Result<void> after_boundary(bool& progressed);
  Result<void> find_head(bool& progressed);
  Result<void> start_content(bool& progressed);
  static PartHead read_head(std::string_view head);

  const std::string delimiter_;  // CRLF "--" boundary
  const Handlers handlers_;
  const Limits limits_;
  State state_ = State::preamble;
  std::string pending_;  // Bytes not yet understood: less than a head or a delimiter.
  std::size_t parts_ = 0;
};

}  // namespace coterie::net
