// Group commit: one writer commits for all who come meanwhile.
//
// A durable transaction costs a disk flush, whatever it holds. So whoever finds nobody writing
// becomes the leader: it takes what is queued (at most 256 messages), stores it in one transaction,
// announces that as one, in the order of the ids, and tells each sender. Who finds a leader leaves
// his message in the queue and goes; only the first of them stays, to lead next. So there are never
// more than three threads here: one commits, one waits to do so, one announces what is committed.
//
// Batches grow by themselves with the load: while fewer are there than a moment ago, the next
// leader waits for the others, as long as the last transaction took and 2 ms at the most. Who sends
// alone waits for nobody.
//
// Announcing is done in the order of the commits: no message can be announced before one that was
// committed before it. A message that cannot be stored fails alone.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "storage/database.hpp"
#include "storage/message_batch.hpp"

namespace coterie::storage {

class GroupCommit {
 public:
  // Called for what was stored together, as others will see it: what is filled in here, the senders
  // get, too. Must be quick, and append nothing.
  using Announce = std::function<void(std::span<Message* const>)>;
  // What has become of a message. Called once, on any thread that may block; must be quick.
  using Done = std::function<void(Result<Sent>)>;

  GroupCommit(Database& database, Announce announce)
      : database_(database), announce_(std::move(announce)) {}

  // Stores `message`; `done` gets it as stored, once it is durable and announced. One that was
  // stored before is not announced again (storage/message_batch). Error "busy": too many wait. Any
  // thread that may block: now and then one is kept for a transaction or two.
  void append(Message message, Done done);
  // The same, and waits for it.
  Result<Sent> append(Message message);

  // Waits until all that was appended is done, until that time at the most.
  void finish(TimePoint deadline);

 private:
  struct Entry {
    Message message;
    Done done;
    std::optional<Result<Sent>> result = std::nullopt;
  };
  using Batch = std::vector<Entry>;

  void lead(std::unique_lock<std::mutex>& lock);
  void gather(std::unique_lock<std::mutex>& lock);
  Batch take_batch();
  void carry_out(Batch batch);
  void commit(std::span<Entry> batch);
  Result<void> try_to_commit(std::span<Entry> batch);
  void announce(std::span<Entry> batch);

  Database& database_;  // Fixed after construction
  const Announce announce_;

  std::mutex announcing_;  // Taken by who still leads: batches are announced in their order.

  std::mutex mutex_;  // Guards what follows
  std::condition_variable changed_;
  std::deque<Entry> queue_;
  bool is_led_ = false;
  bool has_successor_ = false;  // Somebody waits to lead, and takes what is queued by then.
  bool is_gathering_ = false;   // It waits until so many are queued, so long at the most.
  std::size_t at_once_ = 0;
  std::chrono::nanoseconds gathering_time_{0};
  std::size_t unfinished_ = 0;  // So many messages are queued, or at hand.
};

}  // namespace coterie::storage
