// SPDX-License-Identifier: MIT
#include "net/workers.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>
#include <memory>
#include <set>
#include <stdexcept>
#include <thread>

#include "base/blocking.hpp"

namespace coterie::net {
namespace {

TEST(Workers, run_tasks_where_blocking_is_allowed) {
  EXPECT_FALSE(may_block());
  Workers workers({.name = "test", .threads = 1});
  std::promise<bool> allowed;
  ASSERT_TRUE(workers.run([&allowed] { allowed.set_value(may_block()); }));
  EXPECT_TRUE(allowed.get_future().get());
  EXPECT_FALSE(may_block());
}

TEST(Workers, finish_what_is_queued_when_they_are_stopped) {
  std::atomic<int> count = 0;
  Workers workers({.name = "test", .threads = 3});
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(workers.run([&count] { ++count; }));
  workers.stop();
  EXPECT_EQ(count, 500);
  workers.stop();
}

TEST(Workers, refuse_when_the_queue_is_full_but_take_what_follows_accepted_work) {
  Workers workers({.name = "test", .threads = 1, .queue_max = 2});
  std::promise<void> started;
  std::promise<void> go_on;
  std::atomic<int> count = 0;
  ASSERT_TRUE(workers.run([&] {
    started.set_value();
    go_on.get_future().wait();
  }));
  started.get_future().wait();
  EXPECT_TRUE(workers.run([&count] { ++count; }));
  EXPECT_TRUE(workers.run([&count] { ++count; }));
  EXPECT_FALSE(workers.run([&count] { count += 100; }));
  workers.run_next([&count] { ++count; });
  go_on.set_value();
  workers.stop();
  EXPECT_EQ(count, 3);
}

TEST(Workers, drop_what_has_not_begun_when_patience_is_over) {
  Workers workers({.name = "test", .threads = 1});
  std::promise<void> started;
  std::promise<void> go_on;
  std::atomic<int> count = 0;
  auto owned = std::make_shared<int>(7);
  const std::weak_ptr<int> watched = owned;
  ASSERT_TRUE(workers.run([&] {
    started.set_value();
    go_on.get_future().wait();
    ++count;
  }));
  started.get_future().wait();
  // What is dropped lets the first task go on, so this also proves that it is dropped before the
  // threads are waited for.
  auto wakes = std::shared_ptr<void>(nullptr, [&go_on](void*) { go_on.set_value(); });
  ASSERT_TRUE(
      workers.run([&count, owned = std::move(owned), wakes = std::move(wakes)] { count += 100; }));
  workers.stop(std::chrono::milliseconds(1));
  EXPECT_EQ(count, 1);
  EXPECT_TRUE(watched.expired());
}

TEST(Workers, are_drained_without_waiting_for_a_task_that_does_not_end) {
  Workers workers({.name = "test", .threads = 2});
  std::promise<void> started;
  std::promise<void> go_on;
  std::atomic<int> count = 0;
  ASSERT_TRUE(workers.run([&] {
    started.set_value();
    go_on.get_future().wait();
    ++count;
  }));
  started.get_future().wait();
  ASSERT_TRUE(workers.run([&count] { ++count; }));
  workers.drain(std::chrono::milliseconds(1));
  EXPECT_EQ(workers.busy(), 1u);
  EXPECT_FALSE(workers.run([&count] { ++count; }));
  go_on.set_value();
  workers.stop();
  EXPECT_EQ(workers.busy(), 0u);
  EXPECT_GE(count, 1);
}

TEST(Workers, take_nothing_once_they_are_stopped) {
  Workers workers({.name = "test", .threads = 1});
  workers.stop();
  bool is_run = false;
  EXPECT_FALSE(workers.run([&is_run] { is_run = true; }));
  workers.run_next([&is_run] { is_run = true; });
  EXPECT_FALSE(is_run);
}

TEST(Workers, call_the_thread_that_worked_last) {
  Workers workers({.name = "test", .threads = 3});
  const auto settle = [&workers] {
    while (workers.busy() > 0) std::this_thread::yield();
  };
  std::latch all_work(3);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(workers.run([&] { all_work.arrive_and_wait(); }));
  all_work.wait();
  settle();
  std::set<std::thread::id> called;
  for (int i = 0; i < 20; ++i) {
    std::promise<std::thread::id> thread;
    ASSERT_TRUE(workers.run([&thread] { thread.set_value(std::this_thread::get_id()); }));
    called.insert(thread.get_future().get());
    settle();
  }
  EXPECT_EQ(called.size(), 1u);
}

TEST(Workers, survive_a_task_that_throws) {
  Workers workers({.name = "test", .threads = 1});
  std::promise<void> next;
  ASSERT_TRUE(workers.run([] { throw std::runtime_error("on purpose"); }));
  ASSERT_TRUE(workers.run([&next] { next.set_value(); }));
  next.get_future().wait();
}

}  // namespace
}  // namespace coterie::net
