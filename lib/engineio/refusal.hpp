// Why a request is refused: the protocol's codes 0 to 5, and the answers that tell them.
//
//   a plain request  400 (403 for code 4) and {"code":N,"message":"…"}
//   an upgrade       400 and the bare message; the connection is closed
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <utility>

#include "net/http.hpp"

namespace coterie::engineio {

class Refusal {
 public:
  enum class Code : unsigned char {
    unknown_transport = 0,
    unknown_session = 1,
    bad_method = 2,
    bad_request = 3,
    forbidden = 4,
    unsupported_version = 5,
  };

  Refusal(Code code);  // NOLINT: a code is a refusal in the protocol's own words
  static Refusal forbidden(std::string message) {
    return Refusal(Code::forbidden, std::move(message));
  }

  net::Response of_request() const;
  net::Response of_upgrade() const;

 private:
  Refusal(Code code, std::string message) : code_(code), message_(std::move(message)) {}

  Code code_;
  std::string message_;
};

}  // namespace coterie::engineio
