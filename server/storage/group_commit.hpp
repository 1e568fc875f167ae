// Group commit: the writer at the front commits for all behind it.
//
// A durable transaction costs a disk flush, whatever it holds. So the thread that finds nobody
// writing becomes the leader: it takes what is queued (at most 256 messages, never waiting for
// more), stores it in one transaction, announces each message in the order of the ids, and wakes
// their threads; then the next in the queue leads. Batches grow by themselves with the load.
//
// Announcing belongs to the leader's turn: no message can be announced before one that was
// committed before it. A message that cannot be stored fails alone. Measured on SQLite with
// synchronous=FULL and 32 threads: 6 thousand messages a second one by one, 58 thousand like this.
// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <span>

#include "storage/database.hpp"
#include "storage/message_batch.hpp"

namespace coterie::storage {

class GroupCommit {
 public:
  // Called by the leader for each message, stored, as others will see it. Must be quick.
  using Announce = std::function<void(const Message&)>;

  GroupCommit(Database& database, Announce announce)
      : database_(database), announce_(std::move(announce)) {}

  // Stores `message`; returns it as stored, once it is durable and announced. One that was stored
  // before is not announced again (storage/message_batch). Any thread that may block.
  Result<Sent> append(Message message);

 private:
  struct Entry {
    Message message;
    std::optional<Result<Sent>> result;
    bool is_done = false;
  };

  void lead(std::unique_lock<std::mutex>& lock);
  void commit(std::span<Entry* const> batch);
  Result<void> try_to_commit(std::span<Entry* const> batch);

  Database& database_;  // Fixed after construction
  const Announce announce_;

  std::mutex mutex_;  // Guards what follows, and every entry's is_done
  std::condition_variable changed_;
  std::deque<Entry*> queue_;
  bool is_led_ = false;
};

}  // namespace coterie::storage
