// SPDX-License-Identifier: MIT
#include "app/curfew.hpp"

#include <cstdlib>

#include "base/log.hpp"

namespace coterie::app {

Curfew::Curfew(std::chrono::milliseconds time, Left left) : time_(time), left_(std::move(left)) {
  static_cast<void>(thread_.run([this] { watch(); }));
}

Curfew::~Curfew() {
  {
    std::lock_guard lock(mutex_);
    is_over_ = true;
  }
  over_.notify_one();
  thread_.stop();
}

void Curfew::forget_left() {
  std::lock_guard lock(mutex_);
  left_ = [] { return std::string("what is left to be closed"); };
}

void Curfew::watch() {
  std::unique_lock lock(mutex_);
  if (over_.wait_for(lock, time_, [this] { return is_over_; })) return;
  log::warn("given up after {} s of stopping: {}",
            std::chrono::floor<std::chrono::seconds>(time_).count(), left_());
  spdlog::default_logger()->flush();
  std::quick_exit(EXIT_SUCCESS);
}

}  // namespace coterie::app
