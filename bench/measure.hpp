// What the measured process has spent so far, and how long things took.
// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <ctime>
#include <vector>

namespace coterie::bench {

std::int64_t now_us();

// Another process of this machine, as the kernel keeps its books.
class Process {
 public:
  // Ends this program when there is no such process.
  explicit Process(pid_t pid);

  // Of all its threads, those that have ended included.
  double cpu_seconds() const;
  // Memory of its own: not the pages of libraries that it maps as it needs them.
  std::int64_t memory_bytes() const;

 private:
  pid_t pid_;
  clockid_t clock_ = 0;
};

// What is measured: a server, or several that are one, whose clients take turns.
struct Target {
  std::vector<std::uint16_t> ports;
  std::vector<Process> processes;

  std::uint16_t port(std::size_t client) const { return ports[client % ports.size()]; }
  double cpu_seconds() const;
  std::int64_t memory_bytes() const;
};

class Durations {
 public:
  void add(std::int64_t microseconds) { all_.push_back(microseconds); }
  std::size_t count() const { return all_.size(); }
  // The smallest that `quantile` of all do not exceed; 0 when there are none.
  std::int64_t at(double quantile);

 private:
  std::vector<std::int64_t> all_;
  bool is_sorted_ = false;
};

}  // namespace coterie::bench
