// The only sources of time; both can be replaced by a clock that a test moves.
//
// TimePoint is monotonic and measures waiting (timers, deadlines). WallTime is what calendars and
// databases mean: milliseconds since 1970-01-01T00:00:00Z.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace coterie {

using Duration = std::chrono::nanoseconds;
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint now() const = 0;
  virtual WallTime wall() const = 0;
};

// The machine's clocks. Any thread.
const Clock& system_clock();

// "2026-11-24T14:56:29.286Z": ISO 8601 in UTC with milliseconds, as JSON bodies carry it.
std::string to_iso8601(WallTime time);
void write_iso8601(WallTime time, std::string& target);  // Appends the same.

}  // namespace coterie
