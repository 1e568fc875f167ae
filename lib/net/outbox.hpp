// What a connection has yet to write: a queue of shared bytes, three words when it is empty.
//
// The nodes of all queues of a shard come from one pool and go back to it, so that a delivery costs
// no allocation and an idle connection no memory. One thread.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "base/bytes.hpp"

namespace coterie::net {

struct OutboxNode {
  SharedBytes bytes;
  OutboxNode* next = nullptr;
};

class OutboxPool {
 public:
  OutboxNode* get() {
    if (!free_) grow();
    OutboxNode* node = free_;
    free_ = node->next;
    node->next = nullptr;
    return node;
  }
  void put(OutboxNode* node) {
    node->bytes = SharedBytes();
    node->next = free_;
    free_ = node;
  }

 private:
  void grow() {
    static constexpr std::size_t nodes = 1024;
    blocks_.push_back(std::make_unique<OutboxNode[]>(nodes));
    for (std::size_t i = 0; i < nodes; ++i) put(&blocks_.back()[i]);
  }

  OutboxNode* free_ = nullptr;
  std::vector<std::unique_ptr<OutboxNode[]>> blocks_;
};

class Outbox {
 public:
  bool empty() const { return head_ == nullptr; }
  OutboxNode* first() const { return head_; }
  std::size_t size() const { return size_; }

  void push(OutboxPool& pool, SharedBytes bytes) {
    OutboxNode* node = pool.get();
    node->bytes = std::move(bytes);
    (head_ ? tail_->next : head_) = node;
    tail_ = node;
    ++size_;
  }
  void pop(OutboxPool& pool) {
    OutboxNode* node = head_;
    head_ = node->next;
    pool.put(node);
    --size_;
  }
  void clear(OutboxPool& pool) {
    while (head_) pop(pool);
  }

 private:
  OutboxNode* head_ = nullptr;
  OutboxNode* tail_ = nullptr;  // Of no meaning when the queue is empty.
  std::size_t size_ = 0;
};

}  // namespace coterie::net
