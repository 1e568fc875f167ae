// A source of chance that repeats itself: the same seed gives the same bytes on every machine.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <random>
#include <span>

#include "base/random.hpp"

namespace coterie::test {

class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed = 1) : engine_(seed) {}

  void fill(std::span<unsigned char> bytes) override {
    for (unsigned char& byte : bytes) byte = static_cast<unsigned char>(engine_() & 0xFF);
  }
  // Evenly drawn from 0 … bound - 1, near enough for tests.
  std::uint64_t below(std::uint64_t bound) { return engine_() % bound; }

 private:
  std::mt19937_64 engine_;
};

}  // namespace coterie::test
