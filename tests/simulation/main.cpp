// Runs universes, seed by seed, and tells how to see a broken one again.
//
//   coterie_simulation [--seeds N] [--first SEED] [--steps N] [--twice] [--loud]
//   coterie_simulation --first 4711 --loud        one universe again, with all that happens in it
// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

#include "net/workers.hpp"
#include "universe.hpp"
#include "world.hpp"

// Sanitizers, where there are any, call this before they end the process.
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*)());

namespace {

using coterie::simulation::Outcome;
using coterie::simulation::World;

struct Wish {
  std::uint64_t first = 1;
  std::uint64_t seeds = 1;
  std::uint64_t steps = 500;
  bool is_loud = false;
  bool twice = false;  // Does the same seed make the same universe?
};

std::uint64_t current_seed = 0;
const World* current_world = nullptr;

template <class Lines>
void tell(std::string_view what, std::uint64_t step, const Lines& trace) {
  for (const auto& line : trace) fmt::print("{}\n", line);
  fmt::print("seed {} failed at step {}: {}\nagain: --first {} --loud\n", current_seed, step, what,
             current_seed);
  std::fflush(stdout);
}

// A CHECK of the library has failed, or a sanitizer: what happened before is still worth telling.
void tell_at_death() {
  if (const World* world = std::exchange(current_world, nullptr)) {
    tell("the process dies", world->step, world->trace());
  }
}

Wish parse(std::span<char*> arguments) {
  Wish wish;
  const auto number = [&](std::size_t i) {
    std::uint64_t value = 0;
    const std::string_view text = i < arguments.size() ? arguments[i] : "";
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure != std::errc() || end != text.data() + text.size()) {
      fmt::print(stderr, "{} wants a number\n", arguments[i - 1]);
      std::exit(2);
    }
    return value;
  };
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view word = arguments[i];
    if (word == "--loud") {
      wish.is_loud = true;
    } else if (word == "--twice") {
      wish.twice = true;
    } else if (word == "--first") {
      wish.first = number(++i);
    } else if (word == "--seeds") {
      wish.seeds = number(++i);
    } else if (word == "--steps") {
      wish.steps = number(++i);
    } else {
      fmt::print(stderr, "unknown: {}\n", word);
      std::exit(2);
    }
  }
  return wish;
}

}  // namespace

int main(int count, char** arguments) {
  const Wish wish = parse(std::span(arguments, static_cast<std::size_t>(count)).subspan(1));
  std::signal(SIGABRT, [](int) { tell_at_death(); });
  if (__sanitizer_set_death_callback) __sanitizer_set_death_callback(tell_at_death);
  coterie::net::Workers files({.name = "files", .threads = 1});
  const auto run = [&] {
    return coterie::simulation::run_universe(current_seed, wish.steps, wish.is_loud, files,
                                             [](const World* world) { current_world = world; });
  };
  std::uint64_t failed = 0;
  std::map<std::string, std::uint64_t, std::less<>> tally;
  for (current_seed = wish.first; current_seed < wish.first + wish.seeds; ++current_seed) {
    Outcome outcome = run();
    if (wish.twice && run().hash != outcome.hash) outcome.violation = "it is not the same again";
    for (const auto& [what, times] : outcome.tally) tally[what] += times;
    if (outcome.violation.empty()) continue;
    ++failed;
    tell(outcome.violation, outcome.step, outcome.trace);
  }
  for (const auto& [what, times] : tally) fmt::print("{:10}  {}\n", times, what);
  fmt::print("{} universes, {} failed\n", wish.seeds, failed);
  return failed == 0 ? 0 : 1;
}
