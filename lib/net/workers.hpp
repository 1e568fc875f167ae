// A pool of threads that may block, behind a bounded queue: run(task) from any thread.
//
// Loops hand everything that waits (databases, files, mail) to a pool and get answers posted back.
// A full queue refuses, so that overload is answered (503) instead of remembered. Of the threads
// that wait, the one is called that worked last: its stack, its memory and what it talks to are
// still at hand, and the others cost nothing until there is work for them.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/task.hpp"

namespace coterie::net {

class Workers {
 public:
  struct Options {
    std::string name = {};  // Shown in the threads' names.
    unsigned threads = 4;
    std::size_t queue_max = 4096;
  };

  explicit Workers(Options options);
  ~Workers();  // stop()s.
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // Runs `task` on one of the threads; false when the queue is full or the pool has stopped.
  [[nodiscard]] bool run(Task task);

  // As run(), but never refused for a full queue: for the follow-up of work already accepted,
  // whose number is bounded elsewhere. After stop() the task is dropped.
  void run_next(Task task);

  // Takes nothing more, finishes what was taken, and drops what has not begun when `patience` is
  // over. Tasks that run then go on: a thread that waits in a system call cannot be made to leave.
  void drain(std::chrono::milliseconds patience);
  const std::string& name() const { return options_.name; }
  // How many tasks are being run. Any thread.
  unsigned busy() const;

  // drain(), then ends the threads, for which it waits however long that takes. Safe to repeat.
  void stop(std::chrono::milliseconds patience = std::chrono::hours(1));

 private:
  // Where a thread waits for work.
  struct Seat {
    std::condition_variable wake;
    bool is_called = false;
  };

  void work(unsigned index);
  // Who shall be woken when the lock is let go; nullptr when all are at work.
  Seat* call_one();
  static void perform(Task& task);

  const Options options_;  // Fixed after construction
  std::vector<std::thread> threads_;

  mutable std::mutex mutex_;  // Guards what follows
  std::vector<Seat> seats_;   // One for each thread
  std::vector<Seat*> idle_;   // Those whose threads wait, the last one last
  std::condition_variable settled_;
  std::deque<Task> queue_;
  unsigned busy_ = 0;
  bool is_stopping_ = false;
};

}  // namespace coterie::net
