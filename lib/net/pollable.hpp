// What epoll watches: a file descriptor and who hears of its events.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace coterie::net {

class Pollable {
 public:
  explicit Pollable(int fd) : fd_(fd) {}
  virtual ~Pollable();  // Closes the descriptor.
  Pollable(const Pollable&) = delete;
  Pollable& operator=(const Pollable&) = delete;

  int fd() const { return fd_; }
  // `events` as epoll_wait(2) reports them.
  virtual void on_events(std::uint32_t events) = 0;

 private:
  const int fd_;
};

// An eventfd that wakes a sleeping loop. wake() may be called from any thread.
class Wakeup final : public Pollable {
 public:
  Wakeup();
  void wake();
  void on_events(std::uint32_t events) override;
};

}  // namespace coterie::net
