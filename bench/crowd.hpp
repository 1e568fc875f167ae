// Many connections to a server of this machine, on one thread.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

namespace coterie::bench {

// One TCP connection to 127.0.0.1; nothing here ever talks to another machine.
class Stream {
 public:
  // Ends this program when nobody listens.
  explicit Stream(std::uint16_t port);
  virtual ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  int fd() const { return fd_; }
  bool has_failed() const { return has_failed_; }
  void fail() { has_failed_ = true; }

  // The kernel has bytes for us: reads some and calls on_bytes().
  void on_readable();

 protected:
  virtual void on_bytes(std::string_view bytes) = 0;
  // Waits until the kernel has taken everything: a server that does not read stops the whole crowd,
  // and is found out by that.
  void write(std::string_view bytes);

 private:
  int fd_;
  bool has_failed_ = false;
};

class Crowd {
 public:
  Crowd();
  ~Crowd();
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  // `stream` stays where it is until it or the crowd ends.
  void add(Stream& stream);
  // Waits for bytes, at most so long, and has them read.
  void turn(std::chrono::microseconds patience);
  // Turns until `is_done()`, at most `seconds`; whether it was.
  template <class IsDone>
  bool turn_until(double seconds, IsDone&& is_done) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
    while (!is_done()) {
      if (std::chrono::steady_clock::now() > end) return false;
      turn(std::chrono::milliseconds(5));
    }
    return true;
  }

 private:
  const int epoll_;
};

}  // namespace coterie::bench
