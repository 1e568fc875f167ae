// Turnstile: so many at once; the others stand in line, and who leaves lets the next one in.
//
// Who is inside has a pass, and leaves when the last copy of it is gone, however that comes about:
// a client that went away in the middle holds nobody up. Any thread.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

namespace coterie::api {

class Turnstile {
 public:
  using Pass = std::shared_ptr<const void>;
  using Enter = std::function<void(Pass)>;

  Turnstile(std::size_t at_once, std::size_t line_max)
      : gate_(std::make_shared<Gate>(at_once, line_max)) {}
  // Nobody is let in any more, whoever leaves.
  ~Turnstile() {
    std::deque<Enter> dropped;
    std::lock_guard lock(gate_->mutex);
    gate_->is_letting_in = true;
    gate_->line.swap(dropped);
  }
  Turnstile(const Turnstile&) = delete;
  Turnstile& operator=(const Turnstile&) = delete;

  // Calls `enter`: now, or on the thread of whoever leaves. False: the line is too long.
  [[nodiscard]] bool come(Enter enter) {
    {
      std::lock_guard lock(gate_->mutex);
      if (gate_->line.size() >= gate_->line_max) return false;
      gate_->line.push_back(std::move(enter));
    }
    Gate::let_in(gate_);
    return true;
  }

 private:
  struct Gate {
    Gate(std::size_t at_once, std::size_t longest) : line_max(longest), free(at_once) {}

    // One thread lets in all who may: an `enter` that gives its pass back at once must not let in
    // the next from within.
    static void let_in(const std::shared_ptr<Gate>& gate) {
      std::unique_lock lock(gate->mutex);
      if (gate->is_letting_in) return;
      gate->is_letting_in = true;
      while (gate->free > 0 && !gate->line.empty()) {
        --gate->free;
        Enter enter = std::move(gate->line.front());
        gate->line.pop_front();
        lock.unlock();
        std::exchange(enter, nullptr)(Pass(gate.get(), [gate](const void*) { leave(gate); }));
        lock.lock();
      }
      gate->is_letting_in = false;
    }
    static void leave(const std::shared_ptr<Gate>& gate) {
      {
        std::lock_guard lock(gate->mutex);
        ++gate->free;
      }
      let_in(gate);
    }

    const std::size_t line_max;
    std::mutex mutex;  // Guards what follows
    std::deque<Enter> line;
    std::size_t free;
    bool is_letting_in = false;
  };

  const std::shared_ptr<Gate> gate_;  // Passes may outlive us.
};

}  // namespace coterie::api
