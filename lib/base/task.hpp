// Task: a move-only void() callable, for work that travels between threads with what it owns.
//
// std::function must be copyable and so cannot carry a unique_ptr; callables of up to 64 bytes are
// stored in place, so that a hop between threads rarely allocates.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

#include "base/check.hpp"

namespace coterie {

class Task {
 public:
  Task() = default;

  template <class F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, Task> && std::is_invocable_v<F&>)
  Task(F&& function) {  // NOLINT: implicit, as a lambda is a task
    using Stored = std::remove_cvref_t<F>;
    if constexpr (fits<Stored>) {
      ::new (static_cast<void*>(storage_)) Stored(std::forward<F>(function));
      verbs_ = &in_place<Stored>;
    } else {
      ::new (static_cast<void*>(storage_)) Stored*(new Stored(std::forward<F>(function)));
      verbs_ = &on_heap<Stored>;
    }
  }

  Task(Task&& other) noexcept { take(other); }
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      clear();
      take(other);
    }
    return *this;
  }
  ~Task() { clear(); }

  explicit operator bool() const { return verbs_ != nullptr; }

  void operator()() {
    COTERIE_CHECK(verbs_ != nullptr);
    verbs_->call(storage_);
  }

 private:
  static constexpr std::size_t size_in_place = 64;

  struct Verbs {
    void (*call)(void*);
    void (*move)(void* from, void* to) noexcept;  // Leaves `from` destroyed.
    void (*destroy)(void*) noexcept;
  };

  template <class F>
  static constexpr bool fits =
      sizeof(F) <= size_in_place && alignof(F) <= alignof(std::max_align_t) &&
      std::is_nothrow_move_constructible_v<F>;

  template <class F>
  static constexpr Verbs in_place{[](void* at) { (*static_cast<F*>(at))(); },
                                  [](void* from, void* to) noexcept {
                                    ::new (to) F(std::move(*static_cast<F*>(from)));
                                    static_cast<F*>(from)->~F();
                                  },
                                  [](void* at) noexcept { static_cast<F*>(at)->~F(); }};

  template <class F>
  static constexpr Verbs on_heap{
      [](void* at) { (**static_cast<F**>(at))(); },
      [](void* from, void* to) noexcept { ::new (to) F*(*static_cast<F**>(from)); },
      [](void* at) noexcept { delete *static_cast<F**>(at); }};

  void take(Task& other) noexcept {
    verbs_ = std::exchange(other.verbs_, nullptr);
    if (verbs_) verbs_->move(other.storage_, storage_);
  }
  void clear() noexcept {
    if (const Verbs* verbs = std::exchange(verbs_, nullptr)) verbs->destroy(storage_);
  }

  const Verbs* verbs_ = nullptr;
  alignas(std::max_align_t) std::byte storage_[size_in_place];
};

}  // namespace coterie
