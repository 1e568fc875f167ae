// BasicNext: the right of a middleware to go on, used once, from any thread.
//
// next() lets pass, next(failure) refuses. The first call counts. What waits for a Next that is
// lost waits for ever, or until its own time is up.
// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace coterie::socketio {

template <class Failure>
class BasicNext {
 public:
  using Continue = std::function<void(std::optional<Failure>)>;
  explicit BasicNext(Continue resume) : once_(std::make_shared<Once>(std::move(resume))) {}

  void operator()() const { call(std::nullopt); }
  void operator()(Failure failure) const { call(std::move(failure)); }

 private:
  struct Once {
    explicit Once(Continue continuation) : resume(std::move(continuation)) {}
    Continue resume;
    std::atomic<bool> is_used = false;
  };
  void call(std::optional<Failure> failure) const {
    if (!once_->is_used.exchange(true)) once_->resume(std::move(failure));
  }

  std::shared_ptr<Once> once_;
};

}  // namespace coterie::socketio
