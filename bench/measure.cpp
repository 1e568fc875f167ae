// SPDX-License-Identifier: MIT
#include "measure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <string>

namespace coterie::bench {

std::int64_t now_us() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(since).count();
}

Process::Process(pid_t pid) : pid_(pid) {
  if (::clock_getcpuclockid(pid, &clock_) == 0) return;
  fmt::print(stderr, "load: there is no process {}\n", pid);
  std::exit(2);
}

double Process::cpu_seconds() const {
  timespec time{};
  ::clock_gettime(clock_, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

std::int64_t Process::memory_bytes() const {
  std::ifstream file(fmt::format("/proc/{}/smaps_rollup", pid_));
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("Pss_Anon:")) return std::stoll(line.substr(9)) * 1024;
  }
  return 0;
}

double Target::cpu_seconds() const {
  double sum = 0;
  for (const Process& each : processes) sum += each.cpu_seconds();
  return sum;
}

std::int64_t Target::memory_bytes() const {
  std::int64_t sum = 0;
  for (const Process& each : processes) sum += each.memory_bytes();
  return sum;
}

std::int64_t Durations::at(double quantile) {
  if (all_.empty()) return 0;
  if (!is_sorted_) std::ranges::sort(all_);
  is_sorted_ = true;
  const auto index = static_cast<std::size_t>(quantile * static_cast<double>(all_.size()));
  return all_[std::min(index, all_.size() - 1)];
}

}  // namespace coterie::bench
