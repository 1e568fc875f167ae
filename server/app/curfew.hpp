// The hour by which a process that was told to stop has ended, whoever keeps it waiting.
//
// A thread that waits in a system call (a database that is silent, a name that nobody resolves)
// cannot be joined, and what it uses cannot be destroyed. So when the hour has come the process
// ends without either, with exit code 0 and a line in the log that says what was left undone.
//
// Nothing that was acknowledged is lost by that: an answer is given when the database has
// committed, and a file is in its place before its message is. Destructors only give back memory
// and sockets, which the kernel does as well.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>

#include "net/workers.hpp"

namespace coterie::app {

class Curfew {
 public:
  // What is still going on, for the log: "calls that wait, 3 in db".
  using Left = std::function<std::string()>;

  // Ends the process when `time` is over, unless this object has ended before.
  Curfew(std::chrono::milliseconds time, Left left);
  ~Curfew();
  Curfew(const Curfew&) = delete;
  Curfew& operator=(const Curfew&) = delete;

  // What `left` speaks of is done, and about to be destroyed.
  void forget_left();

 private:
  void watch();

  const std::chrono::milliseconds time_;  // Fixed after construction

  std::mutex mutex_;  // Guards what follows
  std::condition_variable over_;
  bool is_over_ = false;
  Left left_;

  net::Workers thread_{{.name = "curfew", .threads = 1}};
};

}  // namespace coterie::app
