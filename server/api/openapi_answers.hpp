// What calls answer, as OpenAPI tells it: success, failures by status, and what any call may meet.
// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>
#include <vector>

#include "api/rest.hpp"

namespace coterie::api {

using Codes = std::vector<std::string_view>;

// {media type: {"schema": …}}
JsonObject content(std::string_view media_type, JsonObject schema);

// The answers of an endpoint. `invalid` are the codes that say 400 of its input, `shared` the
// statuses that any call may meet.
JsonObject responses(const Told& told, bool is_post, Codes invalid, const Codes& shared);

// Failures of one status: the codes they may have, and what is said with each.
JsonObject failure(const Codes& codes);

// {"$ref": …} to what any call may meet, and all of that.
JsonObject shared_response(std::string_view status);
JsonObject shared_responses();

}  // namespace coterie::api
