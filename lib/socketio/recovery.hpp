// Connection state recovery: what a client missed while it was away, in order and once.
//
// Every event of a namespace takes a number under the namespace's order lock, is appended to its
// log and carries the number to the clients as its offset, an extra last argument. A client that
// comes back with {"pid", "offset"} in its CONNECT gets its id, rooms and data again, and then what
// the log holds behind that offset for its rooms. Which events those are is decided when the client
// is back in its rooms and nothing is on its way to its hub, so that none is lost and none comes
// twice; a client that has heard nothing yet continues from where it connected.
//
// A log begins at a number drawn at random: an offset of another server's log, or of this one's
// before a restart, is none of ours, and its client begins anew rather than hear the wrong events.
// Where an adapter gives a cluster one order of events, the logs of all servers have its offsets.
//
// What is volatile is not kept, and an event that wants an ack is not either; volatile events carry
// the offset of the last that was kept.
//
// Source: the Socket.IO protocol, "Connection state recovery" (CONNECT with pid and offset).
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/clock.hpp"
#include "base/guarded.hpp"
#include "base/id.hpp"
#include "base/json.hpp"
#include "base/random.hpp"
#include "socketio/offset.hpp"

namespace coterie::socketio {

struct Envelope;

struct RecoveryOptions {
  std::chrono::milliseconds max_disconnection{120'000};  // Whoever stays away longer begins anew.
  bool skip_middlewares = true;                          // They have let this client in before.
  std::size_t sessions_max = 100'000;           // Of clients that are away; the oldest give way.
  std::size_t sessions_bytes_max = 64'000'000;  // Of what they had, rooms above all; likewise.
  std::size_t events_max = 262'144;             // In the log of one namespace; likewise.
  std::size_t bytes_max = 64'000'000;           // Of frames in the log of one namespace; likewise.
};

// Lives as long as its client waits for a session. Any thread may ask whether it has expired.
using Asker = std::weak_ptr<const void>;

// What is kept of a socket that has left and may come back. A plain value, so that another node
// may restore it.
struct SavedSession {
  Id pid;  // Secret: whoever knows it may continue the session.
  Id sid;
  std::string nsp;
  std::vector<std::string> rooms;
  JsonObject data;
  Offset offset;  // The last event before it connected.
};

std::size_t bytes_of(const SavedSession& session);  // About how much it holds.

// The events of one namespace in their order; the oldest are forgotten. Guarded by the namespace's
// lock of inboxes.
class EventLog {
 public:
  EventLog(const RecoveryOptions& options, const Clock& clock, Random& random);

  // Nothing up to here is still to come.
  const Offset& last() const { return last_; }
  // Appends `envelope`, whose offset must be behind last().
  void append(std::shared_ptr<const Envelope> envelope);
  // There was nothing more up to `offset`.
  void reach(const Offset& offset) { last_ = std::max(last_, offset); }
  // Begins anew behind `last`. What was between `known_from` and there is still to be recalled.
  void restart(const Offset& known_from, const Offset& last);
  void recall(std::shared_ptr<const Envelope> envelope);
  // Forgets what is older than max_disconnection, or too much.
  void trim();

  // The first `most` events behind `offset`; nullopt when some of them are forgotten, or when it is
  // no offset of ours.
  using Events = std::vector<std::shared_ptr<const Envelope>>;
  std::optional<Events> since(const Offset& offset, std::size_t most) const;

  std::size_t size() const { return events_.size(); }

 private:
  struct Event {
    TimePoint at;
    std::shared_ptr<const Envelope> envelope;
  };
  void forget_first();
  std::deque<Event>::const_iterator first_behind(const Offset& offset) const;

  const RecoveryOptions& options_;
  const Clock& clock_;
  std::deque<Event> events_;
  Offset last_;
  Offset forgotten_;  // The last event that is not known any more, or where the log began.
  std::size_t bytes_ = 0;
};

// Shall the socket of that id, in these rooms (its id among them), hear it?
bool concerns(const Envelope& envelope, const Id& id,
              const std::unordered_set<std::string_view>& rooms);

// Sessions of clients that are away, by pid. Any thread.
class SavedSessions {
 public:
  SavedSessions(const RecoveryOptions& options, const Clock& clock)
      : options_(options), clock_(clock) {}

  void save(SavedSession session);
  // The session of that pid, once; nullopt when there is none, or it has waited too long.
  std::optional<SavedSession> take(const Id& pid, std::string_view nsp);
  std::size_t trim();  // Returns how many have waited too long, and are gone.
  std::size_t size() const;

 private:
  struct Entry {
    SavedSession session;
    std::size_t bytes;
    TimePoint expires;
  };
  struct Store {
    std::list<Entry> sessions;  // The oldest first.
    std::size_t bytes = 0;
    std::unordered_map<Id, std::list<Entry>::iterator, Id::Hash> by_pid;
  };
  static void erase(Store& store, const Id& pid);
  void trim(Store& store) const;

  const RecoveryOptions& options_;
  const Clock& clock_;
  Guarded<Store> store_;
};

}  // namespace coterie::socketio
