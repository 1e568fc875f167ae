// SPDX-License-Identifier: MIT
#include "storage/group_commit.hpp"

#include <algorithm>

#include "base/blocking.hpp"
#include "base/check.hpp"
#include "storage/messages.hpp"

namespace coterie::storage {

namespace {

constexpr std::size_t batch_max = 256;

}  // namespace

Result<Message> GroupCommit::append(Message message) {
  COTERIE_CHECK(may_block());
  Entry entry{std::move(message), std::nullopt};
  std::unique_lock lock(mutex_);
  queue_.push_back(&entry);
  changed_.wait(lock, [&] { return entry.is_done || (!is_led_ && queue_.front() == &entry); });
  if (!entry.is_done) lead(lock);
  if (entry.failure) return std::move(*entry.failure);
  return std::move(entry.message);
}

void GroupCommit::lead(std::unique_lock<std::mutex>& lock) {
  is_led_ = true;
  const auto count = std::min(queue_.size(), batch_max);
  const std::vector<Entry*> batch(queue_.begin(),
                                  queue_.begin() + static_cast<std::ptrdiff_t>(count));
  lock.unlock();
  commit(batch);
  for (const Entry* entry : batch) {
    if (!entry->failure) announce_(entry->message);
  }
  lock.lock();
  queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(count));
  for (Entry* entry : batch) entry->is_done = true;
  is_led_ = false;
  changed_.notify_all();
}

void GroupCommit::commit(std::span<Entry* const> batch) {
  std::vector<Message> stored;
  const auto committed = database_.write([&](Driver& db) -> Result<void> {
    stored.clear();  // It may be run again.
    for (const Entry* entry : batch) {
      Message message = entry->message;
      insert_message(db, message);
      stored.push_back(*find_message(db, message.id));
    }
    return {};
  });
  if (committed) {
    for (std::size_t i = 0; i < batch.size(); ++i) batch[i]->message = std::move(stored[i]);
  } else if (batch.size() > 1 && committed.error().code.ends_with("_violation")) {
    // One of them cannot be stored, and has undone the others with it: so each by itself.
    for (Entry* const& entry : batch) commit({&entry, 1});
  } else {
    for (Entry* entry : batch) entry->failure = committed.error();
  }
}

}  // namespace coterie::storage
