// Who is asking: a user whose log-in was checked. Made only by Accounts::authenticate.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

namespace coterie::chat {

struct Actor {
  std::int64_t user_id = 0;
  std::string token;  // The log-in itself: logging out ends it.
};

}  // namespace coterie::chat
