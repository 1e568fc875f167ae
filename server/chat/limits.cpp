// SPDX-License-Identifier: MIT
#include "chat/limits.hpp"

#include <algorithm>
#include <chrono>

namespace coterie::chat {

std::string seconds_to_wait(Duration wait) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
  return std::to_string(std::max<std::int64_t>(seconds, 1));
}

Result<void> Limit::take(std::int64_t user_id) {
  if (rate_.count == 0) return {};
  const TimePoint now = clock_.now();
  const auto wait = paces_.with([&](auto& paces) {
    if (paces.size() >= users_max && !paces.contains(user_id)) {
      std::erase_if(paces, [now](const auto& each) { return each.second.is_full(now); });
      // Looking through them all must not be needed again so soon.
      if (paces.size() > users_max / 2) paces.clear();
    }
    return paces[user_id].take(rate_, now);
  });
  if (wait) return Error(code_, seconds_to_wait(*wait));
  return {};
}

}  // namespace coterie::chat
