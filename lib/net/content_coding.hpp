// How bodies are coded in HTTP (RFC 9110 8.4.1): answers as a client wants, requests as they come.
//
//   Accept-Encoding = #( ( coding / "identity" / "*" ) [ ";q=" weight ] )       (RFC 9110 12.5.3)
// SPDX-License-Identifier: MIT
#pragma once

#include "net/http.hpp"

namespace coterie::net {

enum class ContentCoding : unsigned char { identity, gzip, deflate };

// The one that a request wants most; of equals gzip comes before deflate before identity. What is
// malformed in the list is passed over.
ContentCoding preferred_coding(const Fields& request);

// Codes the response's body, unless that makes it no shorter, and says so in its fields.
void encode_body(Response& response, ContentCoding coding);

// The bytes behind a request's body that is gzip or deflate, whichever it is. Errors: "bad_data",
// and "too_big" as soon as it is seen to be: no more than `bytes_max` is ever allocated for it.
Result<std::string> decode_body(std::string_view coded, std::size_t bytes_max);

}  // namespace coterie::net
