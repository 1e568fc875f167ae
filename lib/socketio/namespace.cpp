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
  std::size_t most = 0;
  for (const auto& hub : hubs_) most = std::max(most, hub->backlog());
  return most;
}

void Namespace::hear(const std::string& event, const Args& args, ServerAck ack) const {
  const auto found = server_handlers_.find(event);
  if (found != server_handlers_.end()) found->second(args, std::move(ack));
}

void Namespace::emit(Envelope envelope, std::string_view event, const Arguments& arguments,
                     Hub* only) {
  const auto ack_id = envelope.answers ? std::optional(envelope.ack_id) : std::nullopt;
  EventDraft draft(name_, ack_id, event, arguments,
                   {envelope.flags.compress, surroundings_.deflate});
  const auto shared = std::make_shared<Envelope>(std::move(envelope));
  // What wants an answer is not kept for later: its answer would be late.
  const bool is_numbered = log_ && !ack_id;
  if (!is_numbered) shared->frames = draft.finish();
  Hub* here = nullptr;
  {
    std::lock_guard lock(order_);
    if (is_numbered) {
      shared->number = log_->last() + (shared->flags.is_volatile ? 0 : 1);
      shared->frames = draft.finish(shared->number);
      if (!shared->flags.is_volatile) log_->append(shared);
    }
    here = put(shared, only);
    const bool is_ours_alone = only || ack_id || shared->flags.is_local;
    if (!is_ours_alone) surroundings_.adapter.publish(name_, *shared, event, arguments);
  }
  if (ack_id && !shared->flags.is_local) {
    surroundings_.adapter.ask_clients(name_, *shared, event, arguments);
  }
  if (here) here->drain();
}

void Namespace::publish(std::shared_ptr<const Envelope> envelope) {
  Hub* here = nullptr;
  {
    std::lock_guard lock(order_);
    here = put(envelope, nullptr);
    if (!envelope->visit && !envelope->flags.is_local) {
      surroundings_.adapter.publish(name_, *envelope, {}, {});
    }
  }
  if (here) here->drain();
}

Hub* Namespace::put(const std::shared_ptr<const Envelope>& envelope, Hub* only) {
  Hub* here = nullptr;
  for (const auto& hub : hubs_) {
    if (only && hub.get() != only) continue;
    hub->inbox_.push_back(envelope);
    hub->backlog_.fetch_add(1, std::memory_order_relaxed);
    if (hub->shard().is_here()) {
      here = hub.get();
    } else if (hub->inbox_.size() == 1) {
      // One that has more waiting is on its way to drain already.
      hub->shard().post([raw = hub.get(), alive = shared_from_this()] { raw->drain(); });
    }
  }
  return here;
}

void Namespace::take(Inbox& inbox, Inbox& empty) {
  std::lock_guard lock(order_);
  inbox.swap(empty);
}

std::optional<std::uint64_t> Namespace::last_number(const Inbox& inbox) {
  std::lock_guard lock(order_);
  return inbox.empty() ? std::optional(log_->last()) : std::nullopt;
}

bool Namespace::remembers(std::uint64_t offset) {
  std::lock_guard lock(order_);
  return log_->since(offset, 0).has_value();
}

std::optional<Namespace::Missed> Namespace::missed_since(std::uint64_t offset, const Inbox& inbox) {
  std::lock_guard lock(order_);
  auto events = log_->since(offset, missed_at_once);
  if (!events) return std::nullopt;
  const bool is_all = inbox.empty() && offset + events->size() == log_->last();
  return Missed{std::move(*events), is_all};
}

void Namespace::trim_log() {
  std::lock_guard lock(order_);
  if (log_) log_->trim();
}

void Namespace::add_holder(const Id& pid, Holder holder) {
  std::lock_guard lock(order_);
  holders_.insert_or_assign(pid, holder);
}

void Namespace::remove_holder(const Id& pid, unsigned shard) {
  std::lock_guard lock(order_);
  const auto found = holders_.find(pid);
  // Who leaves is saved first: a successor may have come back on another shard by now.
  if (found == holders_.end() || found->second.shard != shard) return;
  holders_.erase(found);
  shrink_if_sparse(holders_);
}

std::optional<Namespace::Holder> Namespace::holder_of(const Id& pid) {
  std::lock_guard lock(order_);
  const auto found = holders_.find(pid);
  return found == holders_.end() ? std::nullopt : std::optional(found->second);
}

void Namespace::on_socket_destroyed() {
  if (registry_) registry_->on_socket_destroyed(*this);
}

}  // namespace coterie::socketio
