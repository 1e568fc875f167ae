// What endpoints accept, as data: parse a body or a query, check it, describe it to OpenAPI.
//
// Complaints are the seed system's, word for word and in its order: unknown properties first, in
// the order of the input; then field by field, rule by rule. Lengths count Unicode code points.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"

namespace coterie::api {

enum class RuleKind : std::uint8_t {
  not_empty,    // Not missing, null or "".
  max_length,   // A string of at most `limit` characters.
  min_length,   // A string of at least `limit` characters.
  length_from,  // The same, with the seed's words for a number.
  email,        // A mail address.
  password,     // A digit, a lower and an upper case letter, and a special character.
  number,       // A JSON number.
  scalar,       // A string or a number: nothing with structure.
  natural,      // A whole number from 0 on, also as text.
};

struct Rule {
  RuleKind kind;
  std::size_t limit = 0;
};

struct Field {
  std::string_view name;
  std::vector<Rule> rules;
  bool is_optional = false;  // Missing and null are fine.
};

struct Shape {
  std::vector<Field> fields;
  bool allows_unknown = false;
};

// Error "validation_failed"; its detail is a JSON array of the complaints.
Result<void> check(const Shape& shape, const JsonObject& input);
Error validation_failed(const std::vector<std::string>& complaints);

// Readers for input that was checked.
std::string text_of(const JsonObject& input, std::string_view name);  // A number as its text.
std::optional<std::string> maybe_text_of(const JsonObject& input, std::string_view name);
// A whole number, also as text; nullopt for anything else.
std::optional<std::int64_t> integer_of(const Json& value);
std::optional<std::int64_t> integer_of(const JsonObject& input, std::string_view name);

// The JSON Schema of a shape, for OpenAPI.
JsonObject describe(const Shape& shape);

}  // namespace coterie::api
