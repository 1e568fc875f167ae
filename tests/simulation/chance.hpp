// Chance out of one seed, in the words that a simulation uses.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

namespace coterie::simulation {

class Chance {
 public:
  explicit Chance(std::uint64_t seed) : engine_(seed) {}

  // From 0 … bound - 1, near enough evenly.
  std::uint64_t below(std::uint64_t bound) { return engine_() % bound; }
  std::uint64_t between(std::uint64_t least, std::uint64_t most) {
    return least + below(most - least + 1);
  }
  bool one_in(std::uint64_t times) { return below(times) == 0; }
  template <class Items>
  auto& pick(Items& items) {
    return items[below(items.size())];
  }
  // Written out, because std::shuffle may differ between libraries.
  template <class T>
  void shuffle(std::vector<T>& items) {
    for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace coterie::simulation
