// JSON Web Tokens (RFC 7519), HS256: {"id": user, "iat": seconds, "jti": chance}.
//
// A token only says whom it was made for; whether its log-in still holds is the TTL store's to say.
// "jti" makes every log-in its own, two within one second, too.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/random.hpp"

namespace coterie::chat {

class Tokens {
 public:
  Tokens(std::string secret, const Clock& clock, Random& random)
      : secret_(std::move(secret)), clock_(clock), random_(random) {}

  std::string issue(std::int64_t user_id) const;
  // The user's id; nullopt when the signature, the algorithm or the shape is not ours.
  std::optional<std::int64_t> verify(std::string_view token) const;

 private:
  const std::string secret_;
  const Clock& clock_;
  Random& random_;
};

}  // namespace coterie::chat
