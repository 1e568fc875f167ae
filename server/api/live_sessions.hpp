// The log-ins that have sockets here: what a sweep has to watch.
//
// A socket keeps the pass that it was given; its log-in is live until the last of them is gone.
// Any thread.
// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/guarded.hpp"

namespace coterie::api {

class LiveSessions {
 public:
  using Pass = std::shared_ptr<const std::monostate>;

  Pass enter(const std::string& token) {
    return passes_.with([&](auto& passes) {
      auto& known = passes[token];
      Pass pass = known.lock();
      if (!pass) known = pass = std::make_shared<const std::monostate>();
      return pass;
    });
  }

  // Forgets those that have ended, too: between two calls they are bounded by who came meanwhile.
  std::vector<std::string> tokens() {
    return passes_.with([](auto& passes) {
      std::erase_if(passes, [](const auto& entry) { return entry.second.expired(); });
      std::vector<std::string> live;
      live.reserve(passes.size());
      for (const auto& [token, pass] : passes) live.push_back(token);
      return live;
    });
  }

 private:
  Guarded<std::unordered_map<std::string, std::weak_ptr<const std::monostate>>> passes_;
};

}  // namespace coterie::api
