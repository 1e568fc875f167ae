// What can go wrong, in one table: stable code, HTTP status, English. Feeds REST, sockets, OpenAPI.
//
// Codes are Error::code. Some rows leave their wording to Error::detail; too_many_attempts keeps
// the seconds to wait there.
// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace coterie::chat {

struct ErrorFact {
  std::string_view code;
  int status;
  std::string_view message;
  bool detail_is_message = false;
};

std::span<const ErrorFact> error_facts();

// The row of an error's code; an unknown code (a driver's, a bug's) is an internal_error.
const ErrorFact& fact_of(const Error& error);
std::string message_of(const Error& error);
// How long to wait, for those of status 429: their detail is the number of seconds.
std::optional<int> retry_after_seconds(const Error& error);

}  // namespace coterie::chat
