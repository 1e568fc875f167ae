// SEAM: values that expire. Log-ins, mail codes, captchas and attempt counters live here.
//
// Any thread that may block. What has expired is not seen, whether or not it was swept yet.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace coterie::storage {

class TtlStore {
 public:
  struct Entry {
    std::string value;
    std::chrono::seconds left;  // To live; at least one.
  };

  virtual ~TtlStore() = default;

  virtual Result<void> put(std::string_view key, std::string_view value,
                           std::chrono::seconds ttl) = 0;
  virtual Result<std::optional<Entry>> get(std::string_view key) = 0;
  // Gets and removes in one step: of many takers one gets the value.
  virtual Result<std::optional<Entry>> take(std::string_view key) = 0;
  virtual Result<void> remove(std::string_view key) = 0;
  // Adds one to the counter under `key` and returns it with the time it has left. A new counter
  // lives for `ttl`; counting does not prolong it.
  struct Count {
    std::int64_t value;
    std::chrono::seconds left;
  };
  virtual Result<Count> count(std::string_view key, std::chrono::seconds ttl) = 0;
  // Forgets what has expired; `on_gone` hears each of the `watched` keys that is not there: it has
  // expired or was removed, by whomever.
  using OnGone = std::function<void(const std::string& key)>;
  virtual Result<void> sweep(std::span<const std::string> watched, const OnGone& on_gone) = 0;
};

}  // namespace coterie::storage
