// Something on its way to the bus's thread that somebody waits for. When the bus drops it, it ends
// as it was told to, unless everything does.
// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <utility>

namespace coterie::redis {

// `T` is false when it is empty. `Drop` is called with it by whoever drops it: it must not throw.
template <class T, class Drop>
class Entrusted {
 public:
  // `is_stopped` lives as long as the bus.
  Entrusted(const std::atomic<bool>& is_stopped, T content, Drop drop)
      : is_stopped_(is_stopped), content_(std::move(content)), drop_(std::move(drop)) {}
  Entrusted(Entrusted&& other) noexcept
      : is_stopped_(other.is_stopped_), content_(other.take()), drop_(other.drop_) {}
  ~Entrusted() {
    if (content_ && !is_stopped_) drop_(content_);
  }
  T take() { return std::exchange(content_, T()); }

 private:
  const std::atomic<bool>& is_stopped_;
  T content_;
  const Drop drop_;
};

}  // namespace coterie::redis
