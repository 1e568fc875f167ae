// A hierarchical timer wheel: arming, re-arming and cancelling a timer is a few pointer moves.
//
// Four levels of 256 slots, ticks of one millisecond; a timer waits in the level that its distance
// needs and moves down as its time comes near. Timers are members of what they time: no allocation,
// 48 bytes each. Pure data structure: time comes in through advance(), so tests and simulations own
// it. One thread.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/clock.hpp"

namespace coterie {

class TimerWheel;

// Fires at most once for each arm(). Destroying it cancels it.
class Timer {
 public:
  using Fire = void (*)(void* context);

  Timer() = default;
  ~Timer() { cancel(); }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  bool is_armed() const { return next_ != nullptr; }
  void cancel();

 private:
  friend class TimerWheel;

  Timer* previous_ = nullptr;
  Timer* next_ = nullptr;
  std::uint64_t due_ = 0;  // In ticks.
  Fire fire_ = nullptr;
  void* context_ = nullptr;
};

class TimerWheel {
 public:
  explicit TimerWheel(TimePoint start);
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  // Calls fire(context) in the first advance() to `due` or later. A past `due` fires in the next
  // advance(). Replaces what the timer was armed for.
  void arm(Timer& timer, TimePoint due, Timer::Fire fire, void* context);

  // The same for a member function: wheel.arm<&Session::on_timer>(timer_, due, this).
  template <auto Method, class Object>
  void arm(Timer& timer, TimePoint due, Object* object) {
    arm(timer, due, [](void* at) { (static_cast<Object*>(at)->*Method)(); }, object);
  }

  // Fires what is due by `now`, in the order of due times (to the tick).
  void advance(TimePoint now);

  // When advance() must be called next at the latest; nullopt: no timer is armed. May be early
  // (a cancelled timer, a timer about to move down a level), never late.
  std::optional<TimePoint> next_due() const;

  // How many timers are armed. Walks them all: for those who look for one that was left behind.
  std::size_t armed_count() const;

 private:
  static constexpr unsigned levels = 4;
  static constexpr unsigned slots = 256;

  struct Slot {
    Slot() { head.previous_ = head.next_ = &head; }
    ~Slot() { head.next_ = nullptr; }
    Timer head;  // Only its links are used: the ring's sentinel.
  };
  struct Level {
    std::array<Slot, slots> slot;
    std::array<std::uint64_t, slots / 64>
        occupied{};  // A set bit may be stale, a clear one is not.
  };

  std::uint64_t to_tick(TimePoint time) const;
  void place(Timer& timer);
  void tick();
  void take_down(unsigned level);
  // Unlinks the timers of a slot one by one, handing each to use(timer).
  template <class Use>
  void empty(unsigned level, unsigned index, Use&& use);

  const TimePoint start_;
  std::uint64_t now_ = 0;  // The last tick that has been fired.
  std::array<Level, levels> level_;
};

}  // namespace coterie
