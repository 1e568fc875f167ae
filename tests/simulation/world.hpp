// What everything in a simulated universe shares: its clock, its chance, its trace, its lives.
// SPDX-License-Identifier: MIT
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/task.hpp"
#include "chance.hpp"
#include "support/manual_clock.hpp"
#include "support/seeded_random.hpp"

namespace coterie::simulation {

using std::chrono::milliseconds;

// How long bytes may be under way, and a shard too busy to look.
inline constexpr milliseconds haste{250};

// One session of a client, from its handshake to its end, as far as the server must know.
struct Life {
  // Why the session may end, or is over; while it is empty the server must not end it.
  std::string excuse;
  // When the server must have noticed at the latest that the client has gone.
  std::optional<TimePoint> noticed_by;
  // A session of it may have ended without a word of any handler.
  bool is_perhaps_lost = false;
  // When it asked for the session of a life before.
  std::optional<TimePoint> claimed_at;
  // Of the namespaces that it has left: how many events it had sent before.
  std::map<std::string, std::uint64_t, std::less<>> farewells;
};

// The excuse of a life that the application has ended.
inline constexpr std::string_view sent_away = "the server sends it away";

// What a universe is like: drawn from its seed.
struct Settings {
  unsigned shards = 1;
  unsigned members = 8;
  unsigned rooms = 4;
  bool purges_close = false;  // The server ends whole connections, not only namespaces.
  bool has_small_buffers = false;
  milliseconds ping_interval{300};
  milliseconds ping_timeout{500};
  milliseconds upgrade_timeout{600};
  milliseconds connect_timeout{700};

  // Connection state recovery: is it on, does it remember all, and for so long.
  bool recovers = false;
  bool has_long_memory = true;
  bool skips_middlewares = true;
  milliseconds memory{60'000};

  // So long after the last word of a client the server must know that it has gone.
  milliseconds heartbeat() const { return ping_interval + ping_timeout + haste; }
};

class World {
 public:
  World(std::uint64_t seed, bool is_loud)
      : chance(seed), ids(seed ^ 0x9E3779B97F4A7C15U), is_loud_(is_loud) {}

  Chance chance;
  test::SeededRandom ids;  // The library's chance.
  test::ManualClock clock;
  Settings settings;
  std::vector<std::vector<Life>> lives;  // By member.
  // How often all in the room of those that wait to be let in were sent away, connections and all,
  // and how often that had happened on every shard.
  std::uint64_t clearances = 0;
  std::uint64_t clearances_done = 0;
  // Of sockets that have left, or were sent away: they do not come back.
  std::set<std::string, std::less<>> lost;
  std::optional<TimePoint> cleared_at;  // When connections of some were ended last.
  bool is_calm = false;                 // Nobody begins anything any more.
  std::uint64_t step = 0;

  // Who is just coming back may be among those whose connections end, and no handler hears of it.
  bool may_be_cleared(const Life& life) const {
    return life.claimed_at && cleared_at && *cleared_at + haste > *life.claimed_at &&
           *life.claimed_at + haste + milliseconds(1000) > *cleared_at;
  }

  // Things to be done some time later, somewhere: the answer of a slow handler.
  std::vector<Task> later;

  // How often something has happened, for the summary: a simulation must not miss the point.
  std::map<std::string, std::uint64_t, std::less<>> tally;
  void count(std::string_view what) {
    const auto found = tally.find(what);
    ++(found == tally.end() ? tally.emplace(what, 0).first : found)->second;
  }

  template <class... Values>
  void note(fmt::format_string<Values...> format, Values&&... values) {
    record(fmt::format(format, std::forward<Values>(values)...));
  }
  // The first violation is kept: what comes behind it follows from it.
  template <class... Values>
  void fail(fmt::format_string<Values...> format, Values&&... values) {
    if (has_failed()) return;
    violation_ = fmt::format(format, std::forward<Values>(values)...);
    record("VIOLATION: " + violation_);
  }
  bool has_failed() const { return !violation_.empty(); }
  const std::string& violation() const { return violation_; }

  // Differs when anything in the trace does.
  std::uint64_t hash() const { return hash_; }
  const std::deque<std::string>& trace() const { return trace_; }

 private:
  static constexpr std::size_t trace_lines_max = 160;  // What a person reads.

  void record(std::string line) {
    line = fmt::format("{:5} {:6} ms  {}", step, clock.passed().count(), line);
    for (const char c : line) {  // FNV-1a
      hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
    }
    if (is_loud_) fmt::print("{}\n", line);
    trace_.push_back(std::move(line));
    if (trace_.size() > trace_lines_max) trace_.pop_front();
  }

  const bool is_loud_;
  std::string violation_;
  std::uint64_t hash_ = 0xCBF29CE484222325U;
  std::deque<std::string> trace_;
};

}  // namespace coterie::simulation
