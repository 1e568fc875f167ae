// SPDX-License-Identifier: MIT
#include "storage/group_commit.hpp"

#include <algorithm>
#include <exception>
#include <future>
#include <iterator>
#include <memory>
#include <string_view>

#include "base/blocking.hpp"
#include "base/check.hpp"
#include "base/log.hpp"

namespace coterie::storage {

namespace {

constexpr std::size_t batch_max = 256;
// As many as requests may wait for a worker: some seconds' work, some megabytes.
constexpr std::size_t queue_max = 4096;
constexpr std::chrono::nanoseconds gathering_time_max = std::chrono::milliseconds(2);

// What many wait for goes on, whatever happens to one of them: memory may be short, for a moment.
template <class Work>
void guard(std::string_view what, Work&& work) {
  try {
    work();
  } catch (const std::exception& failure) {
    log::error("{}: {}", what, failure.what());
  }
}

}  // namespace

void GroupCommit::append(Message message, Done done) {
  COTERIE_CHECK(may_block());
  {
    std::unique_lock lock(mutex_);
    if (queue_.size() < queue_max) {
      queue_.push_back({std::move(message), std::move(done)});
      ++unfinished_;
      if (is_gathering_ && queue_.size() >= at_once_) changed_.notify_all();
      return lead(lock);
    }
  }
  done(Error("busy"));
}

Result<Sent> GroupCommit::append(Message message) {
  // Shared, because whoever sets it may be at it still when this returns.
  const auto promise = std::make_shared<std::promise<Result<Sent>>>();
  append(std::move(message), [promise](Result<Sent> sent) { promise->set_value(std::move(sent)); });
  return promise->get_future().get();
}

void GroupCommit::finish(TimePoint deadline) {
  COTERIE_CHECK(may_block());
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, deadline, [this] { return unfinished_ == 0; });
}

void GroupCommit::lead(std::unique_lock<std::mutex>& lock) {
  while (!queue_.empty() && !has_successor_) {
    has_successor_ = true;
    changed_.wait(lock, [this] { return !is_led_; });
    gather(lock);
    has_successor_ = false;
    Batch batch = take_batch();
    const std::size_t count = batch.size();
    is_led_ = true;
    lock.unlock();
    carry_out(std::move(batch));
    lock.lock();
    unfinished_ -= count;
    if (unfinished_ == 0) changed_.notify_all();
  }
}

// Where many send at a time, those who have just been told send again, most of them. Who led now
// would commit the first of them alone, and the others behind it: a commit more for each round.
void GroupCommit::gather(std::unique_lock<std::mutex>& lock) {
  if (queue_.size() >= at_once_) return;
  is_gathering_ = true;
  changed_.wait_for(lock, gathering_time_, [this] { return queue_.size() >= at_once_; });
  is_gathering_ = false;
}

GroupCommit::Batch GroupCommit::take_batch() {
  const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(std::min(queue_.size(), batch_max));
  Batch batch(std::make_move_iterator(queue_.begin()), std::make_move_iterator(end));
  queue_.erase(queue_.begin(), end);
  return batch;
}

void GroupCommit::carry_out(Batch batch) {
  const auto begin = std::chrono::steady_clock::now();
  guard("messages could not be stored", [&] { commit(batch); });
  const auto taken = std::chrono::steady_clock::now() - begin;
  for (Entry& entry : batch) {
    if (!entry.result) entry.result = Error("internal_error");
  }
  {
    std::lock_guard in_order(announcing_);
    {
      std::lock_guard lock(mutex_);
      is_led_ = false;
      at_once_ = std::min(batch.size() + queue_.size(), batch_max);
      gathering_time_ = std::min(taken, gathering_time_max);
    }
    changed_.notify_all();
    guard("messages could not be announced", [&] { announce(batch); });
  }
  for (Entry& entry : batch) {
    const Done done = std::move(entry.done);  // Gone when it was called, with what it keeps.
    guard("a sender could not be told", [&] { done(std::move(*entry.result)); });
  }
}

void GroupCommit::announce(std::span<Entry> batch) {
  std::vector<Message*> stored;
  for (Entry& entry : batch) {
    Result<Sent>& result = *entry.result;
    if (result && !result->is_repeat) stored.push_back(&result->message);
  }
  if (!stored.empty()) announce_(stored);
}

void GroupCommit::commit(std::span<Entry> batch) {
  auto committed = try_to_commit(batch);
  if (committed) return;
  const bool is_violation = committed.error().code.ends_with("_violation");
  if (batch.size() > 1 && is_violation) {
    // One of them cannot be stored, and has undone the others with it: so each by itself.
    for (Entry& entry : batch) commit({&entry, 1});
    return;
  }
  // Perhaps another server has stored it just now: then it is found.
  if (is_violation && batch.front().message.client_msg_id) committed = try_to_commit(batch);
  if (committed) return;
  for (Entry& entry : batch) entry.result = committed.error();
}

Result<void> GroupCommit::try_to_commit(std::span<Entry> batch) {
  std::vector<const Message*> messages;
  for (const Entry& entry : batch) messages.push_back(&entry.message);
  std::vector<Result<Sent>> stored;
  auto committed = database_.write([&](Driver& db) -> Result<void> {
    stored = store_messages(db, messages);
    return {};
  });
  if (!committed) return committed;
  for (std::size_t i = 0; i < batch.size(); ++i) batch[i].result = std::move(stored[i]);
  return committed;
}

}  // namespace coterie::storage
