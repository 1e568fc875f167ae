// What comes with a request as one object: its query, or its body.
//
// A body may be gzip or deflate (RFC 9110 8.4.1) and is JSON in UTF-8 or a form, as its
// Content-Type says; any other type is no input at all. JSON may escape half of a surrogate pair
// ("\ud800"): such a half is read as U+FFFD, as the seed system stores it.
// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"
#include "net/http.hpp"

namespace coterie::api {

// The body, which when inflated has the bound of those that came plain.
// Errors: "bad_body" (detail: what is wrong, for the client), "body_too_large" and
// "unsupported_media_type".
Result<JsonObject> parse_body(const net::Request& request);
// The query: "a=1&a=2" is an array, "a[b]=1" an object, as the seed system reads them. What is no
// UTF-8 in it, or in a form, is U+FFFD.
JsonObject parse_query(std::string_view raw);

}  // namespace coterie::api
