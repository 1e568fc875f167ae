// SPDX-License-Identifier: MIT
#include "engineio/refusal.hpp"

#include <fmt/format.h>

#include "base/json.hpp"

namespace coterie::engineio {

namespace {

const char* message_of(Refusal::Code code) {
  switch (code) {
    case Refusal::Code::unknown_transport:
      return "Transport unknown";
    case Refusal::Code::unknown_session:
      return "Session ID unknown";
    case Refusal::Code::bad_method:
      return "Bad handshake method";
    case Refusal::Code::bad_request:
      return "Bad request";
    case Refusal::Code::forbidden:
      return "Forbidden";
    case Refusal::Code::unsupported_version:
      return "Unsupported protocol version";
  }
  return "";
}

}  // namespace

Refusal::Refusal(Code code) : Refusal(code, message_of(code)) {}

net::Response Refusal::of_request() const {
  return net::text_response(code_ == Code::forbidden ? 403 : 400,
                            fmt::format(R"({{"code":{},"message":{}}})", static_cast<int>(code_),
                                        to_text(Json(message_))),
                            "application/json");
}

net::Response Refusal::of_upgrade() const {
  return net::text_response(400, message_, "text/html");
}

}  // namespace coterie::engineio
