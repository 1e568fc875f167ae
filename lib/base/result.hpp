// How things fail: Result<T> holds a value or an Error; expected failure is never an exception.
//
// An Error names itself with a short stable code ("not_in_group", "busy") and may carry a detail
// for a person. Codes are string literals: an Error never owns its code. Which code becomes which
// HTTP status is decided on the floor that speaks HTTP.
// SPDX-License-Identifier: MIT
#pragma once

#include <boost/system/result.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace coterie {

struct Error {
  Error() = default;
  // No constructor takes one string: Result<std::string> could not tell a value from an error.
  Error(std::string_view error_code, std::string error_detail)
      : code(error_code), detail(std::move(error_detail)) {}
  template <std::size_t N>
  Error(const char (&error_code)[N]) : code(error_code) {}  // NOLINT: a literal is an error code

  std::string_view code;  // A string literal, stable: clients may compare it.
  std::string detail;     // For a person or a log; may be empty.

  bool operator==(const Error&) const = default;
};

template <class T>
using Result = boost::system::result<T, Error>;

// Found by argument-dependent look-up when value() is called on a failed Result: that is a bug.
[[noreturn]] inline void throw_exception_from_error(const Error& error,
                                                    const boost::source_location&) {
  throw std::logic_error("unchecked error " + std::string(error.code) + ": " + error.detail);
}

}  // namespace coterie
