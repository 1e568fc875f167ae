// Many threads that begin at the same moment, and short words for how things ended.
// SPDX-License-Identifier: MIT
#pragma once

#include <barrier>
#include <string>
#include <thread>
#include <vector>

#include "base/blocking.hpp"
#include "base/result.hpp"

namespace coterie::tests {

// Runs work(0) … work(count - 1), each on a thread of its own that may block; returns when all have
// ended.
template <class Work>
void together(int count, Work work) {
  std::barrier start(count);
  std::vector<std::jthread> threads;
  for (int index = 0; index < count; ++index) {
    threads.emplace_back([&, index] {
      const AllowBlocking here;
      start.arrive_and_wait();
      work(index);
    });
  }
}

// The code of a Result's error; "" when there is none.
template <class T>
std::string code_of(const Result<T>& result) {
  return result ? std::string() : std::string(result.error().code);
}

}  // namespace coterie::tests
