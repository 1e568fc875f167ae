// SPDX-License-Identifier: MIT
#include "socketio/namespace.hpp"

#include <algorithm>

#include "base/shrink.hpp"
#include "net/shard.hpp"
#include "net/shards.hpp"
#include "socketio/adapter.hpp"
#include "socketio/hub.hpp"
#include "socketio/namespaces.hpp"

namespace coterie::socketio {

namespace {

// So many missed events are read under the lock at a time.
constexpr std::size_t missed_at_once = 1024;

// Where a cluster has one order of events: is that what this waits for?
bool has_place(const Envelope& envelope) {
  return !envelope.visit && !envelope.answers && !envelope.flags.is_local &&
         !envelope.flags.is_volatile;
}

}  // namespace

Namespace::Namespace(std::string name, const Surroundings& surroundings, Namespaces* registry)
    : name_(std::move(name)), surroundings_(surroundings), registry_(registry) {
  net::Shards& shards = surroundings_.shards;
  for (unsigned i = 0; i < shards.size(); ++i) {
    hubs_.push_back(std::make_shared<Hub>(*this, shards[i]));
  }
  if (surroundings_.recovery) {
    log_.emplace(*surroundings_.recovery, surroundings_.clock, surroundings_.random);
  }
}

Namespace::~Namespace() = default;

BroadcastOperator Namespace::all() {
  return BroadcastOperator(shared_from_this(), Audience{});
}
BroadcastOperator Namespace::to(std::string room) {
  return all().to(std::move(room));
}
BroadcastOperator Namespace::except(std::string room) {
  return all().except(std::move(room));
}

std::size_t Namespace::socket_count() const {
  std::size_t count = 0;
  for (const auto& hub : hubs_) count += hub->connected_count();
  return count;
}

std::uint64_t Namespace::delivered_count() const {
  std::uint64_t count = 0;
  for (const auto& hub : hubs_) count += hub->delivered_count();
  return count;
}

std::size_t Namespace::backlog() const {
  std::lock_guard lock(inboxes_);
  std::size_t most = 0;
  for (const auto& hub : hubs_) most = std::max(most, hub->inbox_.size() + hub->at_hand_);
  return most;
}

void Namespace::hear(const std::string& event, const Args& args, ServerAck ack) const {
  const auto found = server_handlers_.find(event);
  if (found != server_handlers_.end()) found->second(args, std::move(ack));
}

void Namespace::emit(Envelope envelope, std::string_view event, const Arguments& arguments,
                     Hub* only) {
  if (surroundings_.adapter.is_sequencer() && has_place(envelope)) {
    return surroundings_.adapter.publish(name_, envelope, event, arguments);
  }
  const auto ack_id = envelope.answers ? std::optional(envelope.ack_id) : std::nullopt;
  EventDraft draft(name_, ack_id, event, arguments,
                   {envelope.flags.compress, surroundings_.deflate});
  const auto shared = std::make_shared<Envelope>(std::move(envelope));
  // What wants an answer is not kept for later: its answer would be late.
  const bool has_offset = log_ && !ack_id;
  if (!has_offset) shared->frames = draft.finish();
  Hub* here = nullptr;
  {
    std::lock_guard place(order_);
    // What has no place in the order of the cluster cannot be found again on other servers.
    const bool is_kept =
        has_offset && !shared->flags.is_volatile && !surroundings_.adapter.is_sequencer();
    if (has_offset) {
      shared->offset = is_kept ? log_->last().next() : log_->last();
      shared->frames = draft.finish(shared->offset);
    }
    here = put(shared, only, is_kept);
    const bool is_ours_alone = only || ack_id || shared->flags.is_local;
    if (!is_ours_alone) surroundings_.adapter.publish(name_, *shared, event, arguments);
  }
  if (ack_id && !shared->flags.is_local) {
    surroundings_.adapter.ask_clients(name_, *shared, event, arguments);
  }
  if (here) here->drain();
}

void Namespace::publish(std::shared_ptr<const Envelope> envelope) {
  if (surroundings_.adapter.is_sequencer() && has_place(*envelope)) {
    return surroundings_.adapter.publish(name_, *envelope, {}, {});
  }
  Hub* here = nullptr;
  {
    std::lock_guard place(order_);
    here = put(envelope, nullptr, false);
    if (!envelope->visit && !envelope->flags.is_local) {
      surroundings_.adapter.publish(name_, *envelope, {}, {});
    }
  }
  if (here) here->drain();
}

// -- where an adapter gives events their order ----------------------------------------------------

void Namespace::arrive(Envelope envelope, std::string_view event, const Arguments& arguments,
                       const Offset& offset, bool is_past) {
  if (is_past && !log_) return;  // Nobody will come back for it.
  EventDraft draft(name_, std::nullopt, event, arguments,
                   {envelope.flags.compress, surroundings_.deflate});
  const auto shared = std::make_shared<Envelope>(std::move(envelope));
  // Servers on Node give volatile events a place, too: nobody comes back for them.
  const bool is_kept = log_ && !shared->flags.is_volatile;
  shared->offset = offset;
  if (is_kept) shared->frames = draft.finish(offset);
  if (!log_) shared->frames = draft.finish();
  std::lock_guard place(order_);
  if (!shared->frames) shared->frames = draft.finish(log_->last());
  if (!is_past) {
    put(shared, nullptr, is_kept);
  } else if (is_kept) {
    std::lock_guard lock(inboxes_);
    log_->recall(shared);
  }
}

void Namespace::reach(const Offset& offset) {
  std::scoped_lock lock(order_, inboxes_);
  if (log_) log_->reach(offset);
}

void Namespace::restart_log(const Offset& known_from, const Offset& last) {
  std::scoped_lock lock(order_, inboxes_);
  if (log_) log_->restart(known_from, last);
}

bool Namespace::evict(const Id& pid, std::function<void()> then) {
  const auto holder = holder_of(pid);
  if (!holder) return false;
  const auto hub = hubs_[holder->shard];
  hub->shard().post([hub, sid = holder->sid, then = std::move(then)] {
    hub->evict(sid);
    then();
  });
  return true;
}

Hub* Namespace::put(const std::shared_ptr<const Envelope>& envelope, Hub* only, bool is_kept) {
  Hub* here = nullptr;
  {
    std::lock_guard lock(inboxes_);
    if (is_kept) log_->append(envelope);
    for (const auto& hub : hubs_) {
      if (only && hub.get() != only) continue;
      hub->inbox_.push_back(envelope);
      if (hub->shard().is_here()) {
        here = hub.get();
      } else if (!hub->is_called_ && !envelope->flags.is_followed) {
        hub->is_called_ = true;
        called_.push_back(hub.get());
      }
    }
  }
  for (Hub* hub : called_) {
    hub->shard().post([hub, alive = shared_from_this()] { hub->drain(); });
  }
  called_.clear();
  return here;
}

void Namespace::take(Hub& hub, Inbox& empty) {
  std::lock_guard lock(inboxes_);
  hub.inbox_.swap(empty);
  hub.at_hand_ = empty.size();
  hub.is_called_ = false;
}

std::optional<Offset> Namespace::last_offset(const Inbox& inbox) {
  std::lock_guard lock(inboxes_);
  return inbox.empty() ? std::optional(log_->last()) : std::nullopt;
}

bool Namespace::remembers(const Offset& offset) {
  std::lock_guard lock(inboxes_);
  return log_->since(offset, 0).has_value();
}

std::optional<Namespace::Missed> Namespace::missed_since(const Offset& offset, const Inbox& inbox) {
  std::lock_guard lock(inboxes_);
  auto events = log_->since(offset, missed_at_once);
  if (!events) return std::nullopt;
  const bool is_all = inbox.empty() && events->size() < missed_at_once;
  return Missed{std::move(*events), is_all};
}

void Namespace::trim_log() {
  std::lock_guard lock(inboxes_);
  if (log_) log_->trim();
}

void Namespace::add_holder(const Id& pid, Holder holder) {
  std::lock_guard lock(inboxes_);
  holders_.insert_or_assign(pid, holder);
}

void Namespace::remove_holder(const Id& pid, unsigned shard) {
  std::lock_guard lock(inboxes_);
  const auto found = holders_.find(pid);
  // Who leaves is saved first: a successor may have come back on another shard by now.
  if (found == holders_.end() || found->second.shard != shard) return;
  holders_.erase(found);
  shrink_if_sparse(holders_);
}

std::optional<Namespace::Holder> Namespace::holder_of(const Id& pid) {
  std::lock_guard lock(inboxes_);
  const auto found = holders_.find(pid);
  return found == holders_.end() ? std::nullopt : std::optional(found->second);
}

void Namespace::on_socket_destroyed() {
  if (registry_) registry_->on_socket_destroyed(*this);
}

}  // namespace coterie::socketio
