// SharedBytes: immutable bytes, counted, made once and pointed to by everyone who sends them.
//
// One allocation holds the count, the size and the bytes. Copies are a pointer and an atomic
// increment; any thread may hold one.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <string_view>
#include <utility>

#include "base/check.hpp"

namespace coterie {

class SharedBytes {
 public:
  // What bytes cost beside themselves: the head of their block, the allocator's share, a pointer.
  // Queues count it, or a million messages of one letter would weigh next to nothing.
  static constexpr std::size_t overhead_bytes = 48;

  SharedBytes() = default;
  explicit SharedBytes(std::string_view bytes) : SharedBytes(make(bytes.size())) {
    std::copy(bytes.begin(), bytes.end(), data());
  }

  // Room for `size` bytes that fill(char*) writes before anyone else can see them.
  template <class Fill>
  static SharedBytes made(std::size_t size, Fill&& fill) {
    SharedBytes bytes = make(size);
    std::forward<Fill>(fill)(bytes.data());
    return bytes;
  }

  SharedBytes(const SharedBytes& other) : block_(other.block_) {
    if (block_) block_->count.fetch_add(1, std::memory_order_relaxed);
  }
  SharedBytes(SharedBytes&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  SharedBytes& operator=(SharedBytes other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~SharedBytes() {
    if (block_ && block_->count.fetch_sub(1, std::memory_order_acq_rel) == 1) std::free(block_);
  }

  std::string_view view() const {
    return block_ ? std::string_view(reinterpret_cast<const char*>(block_ + 1), block_->size)
                  : std::string_view();
  }
  std::size_t size() const { return block_ ? block_->size : 0; }
  bool empty() const { return size() == 0; }

 private:
  struct Block {
    std::atomic<std::uint32_t> count;
    std::uint32_t size;
  };

  static SharedBytes make(std::size_t size) {
    COTERIE_CHECK(size <= UINT32_MAX - sizeof(Block));
    void* memory = std::malloc(sizeof(Block) + size);
    if (!memory) throw std::bad_alloc();
    SharedBytes bytes;
    bytes.block_ = ::new (memory) Block{1, static_cast<std::uint32_t>(size)};
    return bytes;
  }
  char* data() { return reinterpret_cast<char*>(block_ + 1); }

  Block* block_ = nullptr;
};

}  // namespace coterie
