// The secret that signs log-ins and links, when none is configured: made once, kept in a file.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "base/result.hpp"
#include "redis/client.hpp"

namespace coterie::app {

// Reads the secret in `path`, or makes one there with mode 0600. Two processes that start at once
// end with the same secret. Error "bad_secret". Blocks.
Result<std::string> load_or_make_secret(const std::string& path);

// The one that all servers of a chat share by way of Redis: that of the first to come, which was in
// its `path`. The others write it to theirs, so that all propose the same should Redis have
// forgotten it. Errors "bad_secret" and those of Redis. Blocks.
Result<std::string> share_secret(redis::Client& redis, const std::string& path);

}  // namespace coterie::app
