// SPDX-License-Identifier: MIT
#include "base/clock.hpp"

#include <fmt/format.h>

namespace coterie {

namespace {

class SystemClock final : public Clock {
 public:
  TimePoint now() const override {
    return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
  }
  WallTime wall() const override {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now());
  }
};

}  // namespace

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

// Written digit by digit: every row that goes out carries two of these, and formatting them was a
// sixth of what a message cost.
std::string to_iso8601(WallTime time) {
  std::string text;
  write_iso8601(time, text);
  return text;
}

void write_iso8601(WallTime time, std::string& target) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  const std::size_t begin = target.size();
  target += "0000-00-00T00:00:00.000Z";
  const auto put = [text = target.data() + begin](std::size_t last, std::int64_t number) {
    for (; number > 0; number /= 10) text[last--] = static_cast<char>('0' + number % 10);
  };
  put(6, static_cast<unsigned>(date.month()));
  put(9, static_cast<unsigned>(date.day()));
  put(12, clock.hours().count());
  put(15, clock.minutes().count());
  put(18, clock.seconds().count());
  put(22, clock.subseconds().count());
  const int year = static_cast<int>(date.year());
  if (year < 0 || year > 9999) {
    target.replace(begin, 4, fmt::format("{:04}", year));
  } else {
    put(3, year);
  }
}

}  // namespace coterie
