// SPDX-License-Identifier: MIT
#include "base/timer_wheel.hpp"

#include <algorithm>
#include <bit>

namespace coterie {

namespace {

constexpr Duration tick_length = std::chrono::milliseconds(1);
constexpr unsigned bits = 8;  // Of a slot's index.

// The distance from `from` to the first occupied slot, going round; nullopt when all are empty.
std::optional<unsigned> distance_to_occupied(const std::array<std::uint64_t, 4>& occupied,
                                             unsigned from) {
  for (unsigned step = 0; step < 256;) {
    const unsigned index = (from + step) % 256;
    const std::uint64_t word = occupied[index / 64] >> (index % 64);
    if (word != 0) {
      const unsigned found = step + static_cast<unsigned>(std::countr_zero(word));
      return found < 256 ? std::optional(found) : std::nullopt;
    }
    step += 64 - index % 64;
  }
  return std::nullopt;
}

}  // namespace

void Timer::cancel() {
  if (!next_) return;
  previous_->next_ = next_;
  next_->previous_ = previous_;
  previous_ = next_ = nullptr;
}

TimerWheel::TimerWheel(TimePoint start) : start_(start) {}

// Rounds up: a timer may be late by a tick, never early.
std::uint64_t TimerWheel::to_tick(TimePoint time) const {
  if (time <= start_) return 0;
  return static_cast<std::uint64_t>((time - start_ + tick_length - Duration(1)) / tick_length);
}

void TimerWheel::arm(Timer& timer, TimePoint due, Timer::Fire fire, void* context) {
  timer.cancel();
  timer.due_ = std::max(to_tick(due), now_ + 1);
  timer.fire_ = fire;
  timer.context_ = context;
  place(timer);
}

void TimerWheel::place(Timer& timer) {
  const std::uint64_t distance = timer.due_ - now_;
  unsigned level = 0;
  while (level + 1 < levels && distance >= std::uint64_t{1} << (bits * (level + 1))) ++level;
  // Beyond the last level (49 days) a timer waits in its furthest slot and is placed anew there.
  const std::uint64_t furthest = (std::uint64_t{slots} << (bits * level)) - 1;
  const std::uint64_t due = std::min(timer.due_, now_ + furthest);
  const auto index = static_cast<unsigned>(due >> (bits * level)) % slots;
  Timer& head = level_[level].slot[index].head;
  timer.previous_ = head.previous_;
  timer.next_ = &head;
  head.previous_->next_ = &timer;
  head.previous_ = &timer;
  level_[level].occupied[index / 64] |= std::uint64_t{1} << (index % 64);
}

template <class Use>
void TimerWheel::empty(unsigned level, unsigned index, Use&& use) {
  level_[level].occupied[index / 64] &= ~(std::uint64_t{1} << (index % 64));
  // What use() arms may land in this very slot (a full round ahead): take out only what is here.
  Slot taken;
  Timer& head = level_[level].slot[index].head;
  if (head.next_ == &head) return;
  taken.head.next_ = head.next_;
  taken.head.previous_ = head.previous_;
  taken.head.next_->previous_ = taken.head.previous_->next_ = &taken.head;
  head.next_ = head.previous_ = &head;
  while (taken.head.next_ != &taken.head) {
    Timer& timer = *taken.head.next_;
    timer.cancel();
    use(timer);
  }
}

void TimerWheel::take_down(unsigned level) {
  const auto index = static_cast<unsigned>(now_ >> (bits * level)) % slots;
  if (index == 0 && level + 1 < levels) take_down(level + 1);
  empty(level, index, [this](Timer& timer) { place(timer); });
}

void TimerWheel::tick() {
  ++now_;
  if (now_ % slots == 0) take_down(1);
  empty(0, static_cast<unsigned>(now_ % slots), [this](Timer& timer) {
    if (timer.due_ > now_) return place(timer);
    timer.fire_(timer.context_);
  });
}

void TimerWheel::advance(TimePoint now) {
  // Rounds down: only whole ticks have passed.
  const std::uint64_t target =
      now <= start_ ? 0 : static_cast<std::uint64_t>((now - start_) / tick_length);
  while (now_ < target) {
    // Jump over empty time at once.
    const auto next = next_due();
    if (!next) {
      now_ = target;
      return;
    }
    const std::uint64_t next_tick = to_tick(*next);
    if (next_tick > target) {
      now_ = target;
      return;
    }
    now_ = std::max(now_, next_tick - 1);
    tick();
  }
}

std::size_t TimerWheel::armed_count() const {
  std::size_t count = 0;
  for (const Level& level : level_) {
    for (const Slot& slot : level.slot) {
      for (const Timer* each = slot.head.next_; each != &slot.head; each = each->next_) ++count;
    }
  }
  return count;
}

std::optional<TimePoint> TimerWheel::next_due() const {
  std::optional<std::uint64_t> soonest;
  for (unsigned level = 0; level < levels; ++level) {
    const unsigned shift = bits * level;
    const std::uint64_t current = now_ >> shift;
    const auto distance =
        distance_to_occupied(level_[level].occupied, static_cast<unsigned>(current + 1) % slots);
    if (!distance) continue;
    const std::uint64_t due = (current + 1 + *distance) << shift;
    if (!soonest || due < *soonest) soonest = due;
  }
  if (!soonest) return std::nullopt;
  return start_ + static_cast<std::int64_t>(*soonest) * tick_length;
}

}  // namespace coterie
