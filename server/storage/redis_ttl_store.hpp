// TtlStore on Redis, under the very keys and values of the seed system: either server may read what
// the other has written, and a log-in outlives the switch from one to the other.
//
//   <token>                 = user id        24 h   a log-in
//   register-code:<email>   = 6 digits        3 min
//   login-code:<uid>        = captcha text    3 min
//   coterie:<...>                             ours: counters; always with an expiry
//
// Steps that must be one (take, count) are scripts, which any Redis since 2.6 runs.
// Error: "sessions_unavailable", whatever the reason; the reason is its detail.
// SPDX-License-Identifier: MIT
#pragma once

#include "redis/client.hpp"
#include "storage/ttl_store.hpp"

namespace coterie::storage {

class RedisTtlStore final : public TtlStore {
 public:
  explicit RedisTtlStore(redis::Client& redis) : redis_(redis) {}

  Result<void> put(std::string_view key, std::string_view value, std::chrono::seconds ttl) override;
  Result<std::optional<Entry>> get(std::string_view key) override;
  Result<std::optional<Entry>> take(std::string_view key) override;
  Result<void> remove(std::string_view key) override;
  Result<Count> count(std::string_view key, std::chrono::seconds ttl) override;
  Result<void> sweep(std::span<const std::string> watched, const OnGone& on_gone) override;

 private:
  redis::Client& redis_;
};

}  // namespace coterie::storage
