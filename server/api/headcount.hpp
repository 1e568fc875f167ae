// Headcount: how many of each kind there are, and no more than so many.
//
// Who has been let in has a pass, and counts until the last copy of it is gone. Any thread.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <unordered_map>
#include <utility>

#include "base/guarded.hpp"

namespace coterie::api {

template <class Kind>
class Headcount {
 public:
  using Pass = std::shared_ptr<const void>;

  explicit Headcount(std::size_t most) : most_(most) {}  // 0: as many as come.

  // Null: there are enough.
  Pass enter(const Kind& kind) {
    const bool is_in = heads_->with([&](auto& heads) {
      std::size_t& count = heads[kind];
      if (most_ > 0 && count >= most_) return false;
      ++count;
      return true;
    });
    if (!is_in) return nullptr;
    return Pass(heads_.get(), [heads = heads_, kind](const void*) {
      heads->with([&kind](auto& all) {
        if (const auto found = all.find(kind); --found->second == 0) all.erase(found);
      });
    });
  }

 private:
  const std::size_t most_;
  // Passes may outlive us. No entry is ever zero, so there are no more than there are passes.
  const std::shared_ptr<Guarded<std::unordered_map<Kind, std::size_t>>> heads_ =
      std::make_shared<Guarded<std::unordered_map<Kind, std::size_t>>>();
};

}  // namespace coterie::api
