// The only source of chance: the kernel's generator, or a seeded one in tests.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace coterie {

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<unsigned char> bytes) = 0;
};

// Unpredictable bytes for secrets and ids (getrandom(2)). Any thread.
Random& system_random();

// `length` characters drawn evenly from `alphabet` (at most 256 of them).
std::string random_string(Random& random, std::size_t length, std::string_view alphabet);

// A URL-safe id of `length` characters out of A-Z a-z 0-9 _ -: 6 bits of chance in each.
std::string random_id(Random& random, std::size_t length);

}  // namespace coterie
