// SPDX-License-Identifier: MIT
#include "base/timer_wheel.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "support/seeded_random.hpp"

namespace coterie {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr TimePoint start{hours(1000)};

// Notes its name in a log when it fires.
struct Noted {
  int name = 0;
  std::vector<int>* log = nullptr;
  Timer timer;

  void on_fire() { log->push_back(name); }
};

struct Fixture {
  TimerWheel wheel{start};
  std::vector<int> log;
  std::deque<Noted> timers;

  Noted& arm(int name, Duration after) {
    Noted& noted = timers.emplace_back();
    noted.name = name;
    noted.log = &log;
    wheel.arm<&Noted::on_fire>(noted.timer, start + after, &noted);
    return noted;
  }
};

TEST(TimerWheel, fires_in_the_order_of_due_times) {
  Fixture f;
  f.arm(3, milliseconds(300));
  f.arm(1, milliseconds(1));
  f.arm(4, milliseconds(70'000));
  f.arm(2, milliseconds(255));
  f.wheel.advance(start + milliseconds(100'000));
  EXPECT_EQ(f.log, (std::vector{1, 2, 3, 4}));
}

TEST(TimerWheel, fires_never_early_and_at_most_a_tick_late) {
  Fixture f;
  f.arm(1, microseconds(1500));
  f.wheel.advance(start + microseconds(1999));
  EXPECT_TRUE(f.log.empty());
  f.wheel.advance(start + milliseconds(2));
  EXPECT_EQ(f.log, std::vector{1});
}

TEST(TimerWheel, fires_what_was_due_in_the_past_at_the_next_advance) {
  Fixture f;
  f.wheel.advance(start + milliseconds(1000));
  f.arm(1, milliseconds(10));
  f.arm(2, -hours(1));
  EXPECT_TRUE(f.log.empty());
  f.wheel.advance(start + milliseconds(1001));
  EXPECT_EQ(f.log, (std::vector{1, 2}));
}

TEST(TimerWheel, fires_once_for_each_arming) {
  Fixture f;
  Noted& noted = f.arm(1, milliseconds(5));
  EXPECT_TRUE(noted.timer.is_armed());
  f.wheel.advance(start + milliseconds(5));
  EXPECT_FALSE(noted.timer.is_armed());
  f.wheel.advance(start + milliseconds(5000));
  EXPECT_EQ(f.log, std::vector{1});
}

TEST(TimerWheel, replaces_what_a_timer_was_armed_for) {
  Fixture f;
  Noted& noted = f.arm(1, milliseconds(5));
  f.wheel.arm<&Noted::on_fire>(noted.timer, start + milliseconds(500), &noted);
  f.wheel.advance(start + milliseconds(499));
  EXPECT_TRUE(f.log.empty());
  f.wheel.advance(start + milliseconds(500));
  EXPECT_EQ(f.log, std::vector{1});
}

TEST(TimerWheel, forgets_a_timer_that_is_destroyed) {
  Fixture f;
  {
    Timer timer;
    f.wheel.arm(timer, start + milliseconds(5), [](void*) { FAIL(); }, nullptr);
  }
  f.wheel.advance(start + milliseconds(10));
}

struct Pair {
  Timer first;
  Timer second;
  int fired = 0;
  void on_first() {
    ++fired;
    second.cancel();
  }
  void on_second() {
    ++fired;
    first.cancel();
  }
};

TEST(TimerWheel, lets_a_timer_cancel_another_of_the_same_tick) {
  TimerWheel wheel(start);
  Pair pair;
  wheel.arm<&Pair::on_first>(pair.first, start + milliseconds(7), &pair);
  wheel.arm<&Pair::on_second>(pair.second, start + milliseconds(7), &pair);
  wheel.advance(start + milliseconds(8));
  EXPECT_EQ(pair.fired, 1);
}

struct Mortal {
  std::unique_ptr<Timer> timer = std::make_unique<Timer>();
  int fired = 0;
  void on_fire() {
    ++fired;
    timer.reset();
  }
};

TEST(TimerWheel, lets_a_timer_destroy_itself_when_it_fires) {
  TimerWheel wheel(start);
  Mortal mortal;
  wheel.arm<&Mortal::on_fire>(*mortal.timer, start + milliseconds(3), &mortal);
  wheel.advance(start + milliseconds(300));
  EXPECT_EQ(mortal.fired, 1);
}

// Arms itself again each time, `period` after it was due.
struct Beat {
  TimerWheel* wheel = nullptr;
  milliseconds period{};
  TimePoint due;
  Timer timer;
  int count = 0;

  void begin(TimerWheel& on, milliseconds each) {
    wheel = &on;
    period = each;
    due = start + period;
    wheel->arm<&Beat::on_fire>(timer, due, this);
  }
  void on_fire() {
    ++count;
    due += period;
    wheel->arm<&Beat::on_fire>(timer, due, this);
  }
};

TEST(TimerWheel, lets_a_timer_arm_itself_again_when_it_fires) {
  for (const milliseconds period : {milliseconds(1), milliseconds(255), milliseconds(256),
                                    milliseconds(257), milliseconds(65'536)}) {
    TimerWheel wheel(start);
    Beat beat;
    beat.begin(wheel, period);
    wheel.advance(start + 10 * period);
    EXPECT_EQ(beat.count, 10) << period.count();
  }
}

TEST(TimerWheel, catches_up_on_timers_armed_for_the_past_while_it_fires) {
  // Armed for a time that has passed, a timer fires in a later tick of the same advance.
  TimerWheel wheel(start);
  wheel.advance(start + milliseconds(50));
  Beat beat;
  beat.begin(wheel, milliseconds(1));
  wheel.advance(start + milliseconds(60));
  EXPECT_EQ(beat.count, 10);
}

TEST(TimerWheel, keeps_distances_that_cross_every_level) {
  const std::vector<std::uint64_t> distances{
      1,      2,      254,    255,        256,      257,        511,        512,
      65'535, 65'536, 65'537, 16'777'215, 16777216, 16'777'217, 50'000'000, 4'294'967'295};
  for (const std::uint64_t offset : {0u, 1u, 255u, 256u, 65'535u, 70'000u}) {
    for (const std::uint64_t distance : distances) {
      Fixture f;
      f.wheel.advance(start + milliseconds(offset));
      f.arm(1, milliseconds(offset + distance));
      f.wheel.advance(start + milliseconds(offset + distance - 1));
      EXPECT_TRUE(f.log.empty()) << distance << " from " << offset;
      f.wheel.advance(start + milliseconds(offset + distance));
      EXPECT_EQ(f.log.size(), 1u) << distance << " from " << offset;
    }
  }
}

TEST(TimerWheel, keeps_distances_beyond_its_last_level) {
  Fixture f;
  f.arm(1, hours(24 * 365));
  f.wheel.advance(start + hours(24 * 365) - milliseconds(1));
  EXPECT_TRUE(f.log.empty());
  f.wheel.advance(start + hours(24 * 365));
  EXPECT_EQ(f.log, std::vector{1});
}

TEST(TimerWheel, ignores_time_that_runs_backwards) {
  Fixture f;
  f.wheel.advance(start + milliseconds(100));
  f.arm(1, milliseconds(200));
  f.wheel.advance(start + milliseconds(50));
  f.wheel.advance(start - hours(1));
  EXPECT_TRUE(f.log.empty());
  f.wheel.advance(start + milliseconds(200));
  EXPECT_EQ(f.log, std::vector{1});
}

TEST(TimerWheel, has_nothing_due_when_nothing_was_armed) {
  const TimerWheel wheel(start);
  EXPECT_EQ(wheel.next_due(), std::nullopt);
}

TEST(TimerWheel, may_name_an_early_time_for_what_was_cancelled_but_then_forgets_it) {
  Fixture f;
  f.arm(1, milliseconds(40)).timer.cancel();
  f.wheel.advance(start + milliseconds(41));
  EXPECT_EQ(f.wheel.next_due(), std::nullopt);
}

// Sleeping until next_due() and then advancing must fire everything in the tick that it is due in.
TEST(TimerWheel, never_names_a_next_time_that_is_too_late) {
  test::SeededRandom random(7);
  for (int round = 0; round < 200; ++round) {
    Fixture f;
    f.wheel.advance(start + milliseconds(random.below(1'000'000)));
    const auto far = std::uint64_t{1} << random.below(34);
    const milliseconds after(1'000'000 + random.below(far));
    f.arm(1, after);
    TimePoint now;
    int wakes = 0;
    while (f.log.empty()) {
      const auto due = f.wheel.next_due();
      ASSERT_TRUE(due);
      ASSERT_LE(*due, start + after);
      now = *due;
      f.wheel.advance(now);
      ASSERT_LT(++wakes, 20) << "an idle loop must not spin";
    }
    EXPECT_EQ(now, start + after);
  }
}

// The wheel beside the simplest thing that does the same: a sorted map of what is due when.
class Comparison {
 public:
  explicit Comparison(std::uint64_t seed) : random_(seed) {
    for (Entry& entry : entries_) entry.owner = this;
  }

  void step() {
    Entry& entry = entries_[random_.below(entries_.size())];
    switch (random_.below(4)) {
      case 0:
      case 1:
        arm(entry);
        break;
      case 2:
        cancel(entry);
        break;
      default:
        advance();
    }
  }

 private:
  struct Entry {
    Comparison* owner = nullptr;
    Timer timer;
    std::multimap<std::uint64_t, Entry*>::iterator place;
    bool is_armed = false;
    void on_fire() { owner->fired_.push_back(this); }
  };

  void arm(Entry& entry) {
    cancel(entry);
    const auto far = std::uint64_t{1} << random_.below(22);
    const std::uint64_t due = now_ + random_.below(far);
    wheel_.arm<&Entry::on_fire>(entry.timer, start + milliseconds(due), &entry);
    entry.place = model_.emplace(std::max(due, now_ + 1), &entry);
    entry.is_armed = true;
  }
  void cancel(Entry& entry) {
    entry.timer.cancel();
    if (std::exchange(entry.is_armed, false)) model_.erase(entry.place);
  }
  void advance() {
    now_ += random_.below(std::uint64_t{1} << random_.below(20));
    wheel_.advance(start + milliseconds(now_));
    std::vector<std::pair<std::uint64_t, Entry*>> expected;
    while (!model_.empty() && model_.begin()->first <= now_) {
      expected.emplace_back(*model_.begin());
      model_.begin()->second->is_armed = false;
      model_.erase(model_.begin());
    }
    // Within one tick any order will do.
    ASSERT_EQ(fired_.size(), expected.size());
    std::size_t at = 0;
    while (at < expected.size()) {
      std::size_t end = at;
      while (end < expected.size() && expected[end].first == expected[at].first) ++end;
      std::vector<Entry*> same_tick;
      for (std::size_t i = at; i < end; ++i) same_tick.push_back(expected[i].second);
      ASSERT_TRUE(std::is_permutation(same_tick.begin(), same_tick.end(),
                                      fired_.begin() + static_cast<std::ptrdiff_t>(at)));
      at = end;
    }
    fired_.clear();
    const auto due = wheel_.next_due();
    ASSERT_EQ(model_.empty() || due.has_value(), true);
    ASSERT_EQ(wheel_.armed_count(), model_.size());
    if (!model_.empty()) ASSERT_LE(*due, start + milliseconds(model_.begin()->first));
  }

  test::SeededRandom random_;
  TimerWheel wheel_{start};
  std::uint64_t now_ = 0;
  std::multimap<std::uint64_t, Entry*> model_;
  std::vector<Entry*> fired_;
  std::array<Entry, 64> entries_;
};

TEST(TimerWheel, does_what_a_sorted_map_does) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Comparison comparison(seed);
    for (int i = 0; i < 3000; ++i) {
      comparison.step();
      ASSERT_FALSE(testing::Test::HasFatalFailure()) << "seed " << seed << ", step " << i;
    }
  }
}

}  // namespace
}  // namespace coterie
