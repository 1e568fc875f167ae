// SPDX-License-Identifier: MIT
#include "socketio/recovery.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include "base/check.hpp"
#include "base/shrink.hpp"
#include "socketio/envelope.hpp"

namespace coterie::socketio {

namespace {

std::size_t bytes_of(const Envelope& envelope) {
  std::size_t bytes = envelope.frames->head.size();
  for (const engineio::Frame& frame : envelope.frames->attachments) bytes += frame.size();
  return bytes;
}

// Wide enough that two logs hold no number in common, short enough to be sent with every event.
std::uint64_t random_number(Random& random) {
  std::array<unsigned char, 6> bytes;
  random.fill(bytes);
  std::uint64_t number = 0;
  for (const unsigned char byte : bytes) number = number << 8 | byte;
  return number;
}

}  // namespace

std::size_t bytes_of(const SavedSession& session) {
  constexpr std::size_t text_max_in_place = 15;
  std::size_t bytes = sizeof session + session.rooms.size() * sizeof(std::string);
  for (const std::string& room : session.rooms) {
    if (room.size() > text_max_in_place) bytes += room.size();
  }
  return session.data.empty() ? bytes : bytes + to_text(Json(session.data)).size();
}

EventLog::EventLog(const RecoveryOptions& options, const Clock& clock, Random& random)
    : options_(options), clock_(clock), last_{0, random_number(random)}, forgotten_(last_) {}

void EventLog::append(std::shared_ptr<const Envelope> envelope) {
  COTERIE_CHECK(envelope->offset > last_);
  last_ = envelope->offset;
  bytes_ += bytes_of(*envelope);
  events_.push_back({clock_.now(), std::move(envelope)});
  trim();
}

void EventLog::trim() {
  const TimePoint oldest = clock_.now() - options_.max_disconnection;
  while (!events_.empty() && (events_.front().at < oldest || events_.size() > options_.events_max ||
                              bytes_ > options_.bytes_max)) {
    forget_first();
  }
}

void EventLog::forget_first() {
  bytes_ -= bytes_of(*events_.front().envelope);
  forgotten_ = events_.front().envelope->offset;
  events_.pop_front();
}

void EventLog::restart(const Offset& known_from, const Offset& last) {
  events_.clear();
  bytes_ = 0;
  forgotten_ = known_from;
  last_ = last;
}

void EventLog::recall(std::shared_ptr<const Envelope> envelope) {
  reach(envelope->offset);
  bytes_ += bytes_of(*envelope);
  const auto next = first_behind(envelope->offset);
  events_.insert(next, {clock_.now(), std::move(envelope)});
  trim();
}

std::deque<EventLog::Event>::const_iterator EventLog::first_behind(const Offset& offset) const {
  const auto is_before = [](const Offset& before, const Event& event) {
    return before < event.envelope->offset;
  };
  return std::upper_bound(events_.begin(), events_.end(), offset, is_before);
}

std::optional<EventLog::Events> EventLog::since(const Offset& offset, std::size_t most) const {
  if (offset > last_ || offset < forgotten_) return std::nullopt;
  auto next = first_behind(offset);
  Events events;
  for (; next != events_.end() && events.size() < most; ++next) events.push_back(next->envelope);
  return events;
}

bool concerns(const Envelope& envelope, const Id& id,
              const std::unordered_set<std::string_view>& rooms) {
  if (envelope.alone) return *envelope.alone == id;
  const auto is_in = [&rooms](const std::string& room) { return rooms.contains(room); };
  const auto& [wanted, except] = envelope.audience;
  if (!wanted.empty() && std::ranges::none_of(wanted, is_in)) return false;
  return std::ranges::none_of(except, is_in);
}

void SavedSessions::save(SavedSession session) {
  const TimePoint expires = clock_.now() + options_.max_disconnection;
  const std::size_t bytes = bytes_of(session);
  store_.with([&](Store& store) {
    const Id pid = session.pid;
    erase(store, pid);
    store.sessions.push_back({std::move(session), bytes, expires});
    store.bytes += bytes;
    store.by_pid.emplace(pid, std::prev(store.sessions.end()));
    trim(store);
  });
}

std::optional<SavedSession> SavedSessions::take(const Id& pid, std::string_view nsp) {
  return store_.with([&](Store& store) -> std::optional<SavedSession> {
    trim(store);
    const auto found = store.by_pid.find(pid);
    if (found == store.by_pid.end() || found->second->session.nsp != nsp) return std::nullopt;
    SavedSession session = std::move(found->second->session);
    erase(store, pid);
    return session;
  });
}

std::size_t SavedSessions::trim() {
  return store_.with([this](Store& store) {
    const std::size_t before = store.sessions.size();
    trim(store);
    shrink_if_sparse(store.by_pid);
    return before - store.sessions.size();
  });
}

void SavedSessions::erase(Store& store, const Id& pid) {
  const auto found = store.by_pid.find(pid);
  if (found == store.by_pid.end()) return;
  store.bytes -= found->second->bytes;
  store.sessions.erase(found->second);
  store.by_pid.erase(found);
}

void SavedSessions::trim(Store& store) const {
  const TimePoint now = clock_.now();
  while (!store.sessions.empty() &&
         (store.sessions.front().expires <= now || store.sessions.size() > options_.sessions_max ||
          store.bytes > options_.sessions_bytes_max)) {
    erase(store, Id(store.sessions.front().session.pid));
  }
}

std::size_t SavedSessions::size() const {
  return store_.with([](const Store& store) { return store.sessions.size(); });
}

}  // namespace coterie::socketio
