// How another thread reaches a shard: put() under a lock, take everything at once on the shard.
//
// Swapping two vectors costs one lock for a whole turn's work, however much has come in (measured:
// 0.13 µs a hop against 0.58 µs for posting to an Asio context).
// SPDX-License-Identifier: MIT
#pragma once

#include <utility>
#include <vector>

#include "base/guarded.hpp"
#include "base/task.hpp"

namespace coterie::net {

class Mailbox {
 public:
  // True when the mailbox was empty: its reader may be asleep and wants to be woken.
  bool put(Task task) {
    return tasks_.with([&](std::vector<Task>& tasks) {
      tasks.push_back(std::move(task));
      return tasks.size() == 1;
    });
  }

  // Gives back memory that a burst has left.
  void shrink() {
    tasks_.with([](std::vector<Task>& tasks) { tasks.shrink_to_fit(); });
  }

  // Swaps what has come in with `empty`, whose memory is used for what comes next.
  void take(std::vector<Task>& empty) {
    tasks_.with([&](std::vector<Task>& tasks) { tasks.swap(empty); });
  }

 private:
  Guarded<std::vector<Task>> tasks_;
};

}  // namespace coterie::net
