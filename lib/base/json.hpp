// JSON as the house uses it: Boost.JSON's value, a bounded parser and a compact writer.
//
// Object keys keep the order they were written in. Text is UTF-8: the parser refuses anything else.
// Nesting is bounded, so that neither parsing, writing nor destroying a value can exhaust the
// stack.
// SPDX-License-Identifier: MIT
#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace coterie {

using Json = boost::json::value;
using JsonArray = boost::json::array;
using JsonObject = boost::json::object;

inline constexpr std::size_t json_depth_max = 64;  // Arrays and objects, each in the one before.

// The value of a whole JSON text (RFC 8259); Error "bad_json" says what is wrong and at which byte.
Result<Json> parse_json(std::string_view text, std::size_t depth_max = json_depth_max);

// Appends the compact text of `value` to `target`: no spaces, keys in their order, byte for byte
// what JavaScript's JSON.stringify would write.
void write_json(const Json& value, std::string& target);
std::string to_text(const Json& value);

}  // namespace coterie
