// Who may wait: a thread-local fact, true only on worker threads and in commands.
//
// Loops never block. Everything that may wait (databases, files, mail) opens with
// COTERIE_CHECK(may_block()), so that a blocking call on a loop dies in the first test that does
// it.
// SPDX-License-Identifier: MIT
#pragma once

namespace coterie {

inline thread_local bool thread_may_block = false;

inline bool may_block() {
  return thread_may_block;
}

// For the life of this object the current thread may wait.
class AllowBlocking {
 public:
  AllowBlocking() : before_(thread_may_block) { thread_may_block = true; }
  ~AllowBlocking() { thread_may_block = before_; }
  AllowBlocking(const AllowBlocking&) = delete;
  AllowBlocking& operator=(const AllowBlocking&) = delete;

 private:
  bool before_;
};

}  // namespace coterie
