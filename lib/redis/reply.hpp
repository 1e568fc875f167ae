// What Redis answers to a command: nothing, a number, a text, or a list of these.
//
// A reader asks for the kind that the command's documentation promises; another one is the Error
// "redis_refused", so that a server (or a proxy) that answers nonsense is a failure and no crash.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.hpp"

namespace coterie::redis {

class Reply {
 public:
  using List = std::vector<Reply>;
  using Value = std::variant<std::monostate, std::int64_t, std::string, List>;

  Reply() = default;
  explicit Reply(Value value) : value_(std::move(value)) {}

  bool is_nil() const { return std::holds_alternative<std::monostate>(value_); }
  Result<std::int64_t> integer() const { return as<std::int64_t>("a number"); }
  Result<std::string> text() const { return as<std::string>("a text"); }
  Result<std::optional<std::string>> maybe_text() const {
    if (is_nil()) return std::optional<std::string>();
    auto found = text();
    if (!found) return found.error();
    return std::optional(std::move(*found));
  }
  Result<List> list() const { return as<List>("a list"); }

 private:
  template <class T>
  Result<T> as(const char* wanted) const {
    if (const T* value = std::get_if<T>(&value_)) return *value;
    return Error("redis_refused", std::string("the answer is not ") + wanted);
  }

  Value value_;
};

}  // namespace coterie::redis
