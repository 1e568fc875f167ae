// News that the rules have for whoever is listening: handed in by the app, so that no rule knows of
// sockets. Each must be quick and may be called from any thread that may block.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "chat/model.hpp"

namespace coterie::chat {

struct Announcements {
  // Stored together, in the order of the ids; whole: with author, avatar and files, links filled
  // in. One call after another.
  std::function<void(std::span<const Message* const>)> messages = [](auto) {};
  std::function<void(std::int64_t user_id, std::int64_t group_id)> joined = [](auto, auto) {};
  // This log-in is over: it was ended or has expired.
  std::function<void(const std::string& token)> revoked = [](const std::string&) {};
};

}  // namespace coterie::chat
