// SPDX-License-Identifier: MIT
#include "storage/group_commit.hpp"

#include <algorithm>
#include <vector>

#include "base/blocking.hpp"
#include "base/check.hpp"

namespace coterie::storage {

namespace {

constexpr std::size_t batch_max = 256;

}  // namespace

Result<Sent> GroupCommit::append(Message message) {
  COTERIE_CHECK(may_block());
  Entry entry{std::move(message), std::nullopt};
  std::unique_lock lock(mutex_);
  queue_.push_back(&entry);
  changed_.wait(lock, [&] { return entry.is_done || (!is_led_ && queue_.front() == &entry); });
  if (!entry.is_done) lead(lock);
  return std::move(*entry.result);
}

void GroupCommit::lead(std::unique_lock<std::mutex>& lock) {
  is_led_ = true;
  const auto count = std::min(queue_.size(), batch_max);
  const std::vector<Entry*> batch(queue_.begin(),
                                  queue_.begin() + static_cast<std::ptrdiff_t>(count));
  lock.unlock();
  commit(batch);
  for (const Entry* entry : batch) {
    const Result<Sent>& result = *entry->result;
    if (result && !result->is_repeat) announce_(result->message);
  }
  lock.lock();
  queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(count));
  for (Entry* entry : batch) entry->is_done = true;
  is_led_ = false;
  changed_.notify_all();
}

void GroupCommit::commit(std::span<Entry* const> batch) {
  auto committed = try_to_commit(batch);
  if (committed) return;
  const bool is_violation = committed.error().code.ends_with("_violation");
  if (batch.size() > 1 && is_violation) {
    // One of them cannot be stored, and has undone the others with it: so each by itself.
    for (Entry* const& entry : batch) commit({&entry, 1});
    return;
  }
  // Perhaps another server has stored it just now: then it is found.
  if (is_violation && batch.front()->message.client_msg_id) committed = try_to_commit(batch);
  if (committed) return;
  for (Entry* entry : batch) entry->result = committed.error();
}

Result<void> GroupCommit::try_to_commit(std::span<Entry* const> batch) {
  std::vector<const Message*> messages;
  for (const Entry* entry : batch) messages.push_back(&entry->message);
  std::vector<Result<Sent>> stored;
  auto committed = database_.write([&](Driver& db) -> Result<void> {
    stored = store_messages(db, messages);
    return {};
  });
  if (!committed) return committed;
  for (std::size_t i = 0; i < batch.size(); ++i) batch[i]->result = std::move(stored[i]);
  return committed;
}

}  // namespace coterie::storage
