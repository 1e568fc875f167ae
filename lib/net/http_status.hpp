// Small words of HTTP: reason phrases (RFC 9110 15) and dates (RFC 9110 5.6.7).
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace coterie::net {

std::string_view reason_phrase(int status);

// "Tue, 24 Nov 2026 14:56:29 GMT". Computed once a second and thread.
const std::string& http_date(WallTime now);

}  // namespace coterie::net
