// A pool of threads that may block, behind a bounded queue: run(task) from any thread.
//
// Loops hand everything that waits (databases, files, mail) to a pool and get answers posted back.
// A full queue refuses, so that overload is answered (503) instead of remembered.
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

  // Finishes what is queued, then ends the threads. What has not begun when `patience` is over is
  // dropped. Safe to repeat.
  void stop(std::chrono::milliseconds patience = std::chrono::hours(1));

 private:
  void work(unsigned index);

  const Options options_;  // Fixed after construction
  std::vector<std::thread> threads_;

  std::mutex mutex_;  // Guards what follows
  std::condition_variable wake_;
  std::condition_variable emptied_;
  std::deque<Task> queue_;
  bool is_stopping_ = false;
};

}  // namespace coterie::net
