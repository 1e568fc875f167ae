// Password hashes: argon2id (RFC 9106). SHA-1 hashes of a seed database are accepted once.
//
// One hash takes tens of megabytes and milliseconds on purpose, so only two are made at a time,
// however many threads ask. Any thread that may block.
// SPDX-License-Identifier: MIT
#pragma once

#include <semaphore>
#include <string>
#include <string_view>

namespace coterie::chat {

class Passwords {
 public:
  enum class Cost { light, standard };  // 8 MiB, for tests and tiny machines; 64 MiB.

  explicit Passwords(Cost cost) : cost_(cost) {}

  std::string hash(std::string_view password);

  struct Verdict {
    bool is_right;
    bool is_outdated;  // Right, but hashed as we would not today: hash it anew.
  };
  Verdict verify(const std::string& hash, std::string_view password);

 private:
  static constexpr int at_once = 2;

  const Cost cost_;
  std::counting_semaphore<at_once> slots_{at_once};
};

}  // namespace coterie::chat
