// The secret that signs log-ins and links, when none is configured: made once, kept in a file.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "base/result.hpp"

namespace coterie::app {

// Reads the secret in `path`, or makes one there with mode 0600. Two processes that start at once
// end with the same secret. Error "bad_secret". Blocks.
Result<std::string> load_or_make_secret(const std::string& path);

}  // namespace coterie::app
