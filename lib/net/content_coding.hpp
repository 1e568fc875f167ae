// How the body of an HTTP answer is coded (RFC 9110 8.4.1): gzip or deflate, if the client wants.
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

}  // namespace coterie::net
