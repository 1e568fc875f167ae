// The shapes of api/json_shapes as JSON Schema, and a word on each property, for OpenAPI.
// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include "base/json.hpp"

namespace coterie::api {

// {"$ref": …}: the schema of that name.
JsonObject reference(std::string_view name);

// Every schema by its name.
JsonObject schemas();

// Adds what is known of a property of that name: an example, what it means.
void add_words(JsonObject& property, std::string_view name);

}  // namespace coterie::api
