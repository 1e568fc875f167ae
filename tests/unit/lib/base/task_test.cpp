// SPDX-License-Identifier: MIT
#include "base/task.hpp"

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <memory>
#include <utility>

namespace coterie {
namespace {

// Counts how many of its copies live.
struct Counted {
  explicit Counted(int& live) : live_(&live) { ++*live_; }
  Counted(const Counted& other) : live_(other.live_) { ++*live_; }
  Counted(Counted&& other) noexcept : live_(other.live_) { ++*live_; }
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --*live_; }

 private:
  int* live_;
};

TEST(Task, is_empty_until_it_is_given_something) {
  Task task;
  EXPECT_FALSE(task);
  task = [] {};
  EXPECT_TRUE(task);
}

TEST(Task, calls_what_it_holds_as_often_as_it_is_called) {
  int calls = 0;
  Task task = [&calls] { ++calls; };
  task();
  task();
  EXPECT_EQ(calls, 2);
}

TEST(Task, keeps_the_state_of_what_it_holds_between_calls) {
  int seen = 0;
  Task task = [&seen, count = 0]() mutable { seen = ++count; };
  task();
  task();
  EXPECT_EQ(seen, 2);
}

TEST(Task, carries_what_cannot_be_copied) {
  int seen = 0;
  Task task = [&seen, owned = std::make_unique<int>(7)] { seen = *owned; };
  Task moved = std::move(task);
  moved();
  EXPECT_EQ(seen, 7);
}

TEST(Task, is_empty_after_it_was_moved_from) {
  Task task = [] {};
  const Task moved = std::move(task);
  EXPECT_FALSE(task);  // NOLINT: that is what is tested
  EXPECT_TRUE(moved);
}

TEST(Task, destroys_what_it_holds_exactly_once) {
  int live = 0;
  {
    Task task = [counted = Counted(live)] {};
    EXPECT_EQ(live, 1);
    Task moved = std::move(task);
    EXPECT_EQ(live, 1);
    moved = Task();
    EXPECT_EQ(live, 0);
    moved = Task([counted = Counted(live)] {});
    EXPECT_EQ(live, 1);
  }
  EXPECT_EQ(live, 0);
}

TEST(Task, keeps_what_is_too_large_for_its_own_room_elsewhere) {
  int live = 0;
  int seen = 0;
  {
    std::array<int, 100> large{};
    large[99] = 5;
    Task task = [large, counted = Counted(live), &seen] { seen = large[99]; };
    Task moved = std::move(task);
    Task again;
    again = std::move(moved);
    EXPECT_EQ(live, 1);
    again();
  }
  EXPECT_EQ(seen, 5);
  EXPECT_EQ(live, 0);
}

TEST(Task, keeps_what_may_throw_when_moved) {
  struct Throwing {
    Throwing() = default;
    Throwing(Throwing&& other) noexcept(false) : value(other.value) {}
    int value = 3;
  };
  int seen = 0;
  Task task = [throwing = Throwing(), &seen] { seen = throwing.value; };
  Task moved = std::move(task);
  moved();
  EXPECT_EQ(seen, 3);
}

TEST(Task, takes_a_function_and_a_std_function) {
  static int calls = 0;
  Task plain = +[] { ++calls; };
  Task wrapped = std::function<void()>([] { ++calls; });
  plain();
  wrapped();
  EXPECT_EQ(calls, 2);
}

TEST(Task, survives_being_assigned_to_itself) {
  int calls = 0;
  Task task = [&calls] { ++calls; };
  Task& same = task;
  task = std::move(same);
  task();
  EXPECT_EQ(calls, 1);
}

TEST(TaskDeathTest, must_not_be_called_when_empty) {
  EXPECT_DEATH(Task()(), "CHECK failed");
}

}  // namespace
}  // namespace coterie
