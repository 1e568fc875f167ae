// Chance that is the same in every run.
// SPDX-License-Identifier: MIT
#pragma once

#include <random>

#include "base/guarded.hpp"
#include "base/random.hpp"

namespace coterie::tests {

class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint32_t seed = 1) : engine_(std::mt19937(seed)) {}

  void fill(std::span<unsigned char> bytes) override {
    engine_.with([bytes](std::mt19937& engine) {
      for (unsigned char& byte : bytes) byte = static_cast<unsigned char>(engine());
    });
  }

 private:
  Guarded<std::mt19937> engine_;
};

}  // namespace coterie::tests
