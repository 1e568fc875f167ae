// SPDX-License-Identifier: MIT
#include "net/pollable.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include "base/check.hpp"

namespace coterie::net {

Pollable::~Pollable() {
  if (fd_ >= 0) ::close(fd_);
}

Wakeup::Wakeup() : Pollable(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  COTERIE_CHECK(fd() >= 0);
}

void Wakeup::wake() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(fd(), &one, sizeof one);  // Full means awake.
}

void Wakeup::on_events(std::uint32_t) {
  std::uint64_t count;
  [[maybe_unused]] const auto got = ::read(fd(), &count, sizeof count);
}

}  // namespace coterie::net
