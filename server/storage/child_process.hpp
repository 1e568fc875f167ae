// Another program, run to its end and kept within bounds: what it writes is returned.
//
// The program gets a bare environment, no input, none of our descriptors, the lowest priority, and
// limits of the kernel (setrlimit(2)). It ends with us, and with its deadline. No shell is asked.
// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace coterie::storage {

struct ChildLimits {
  const std::atomic<bool>* is_over = nullptr;       // When this becomes true, so is its time.
  std::chrono::milliseconds time{10'000};           // By the clock on the wall.
  unsigned processor_seconds = 10;                  // By that of the processor.
  std::uint64_t memory_bytes = 2ULL << 30;          // Of addresses, not of what is in use.
  std::size_t output_bytes = std::size_t{4} << 20;  // More than that is a failure.
};

// What the program `words[0]`, a path, writes to its standard output. Error "program_failed": it
// could not be started, ended badly, or went beyond a limit. Blocks.
Result<std::string> run_child(const std::vector<std::string>& words, const ChildLimits& limits);

// Where a program is: a path stays what it is, a bare name is looked for on PATH. nullopt: nowhere.
std::optional<std::string> find_program(std::string_view name);

}  // namespace coterie::storage
