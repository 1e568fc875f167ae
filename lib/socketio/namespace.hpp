// A namespace: what an application registers for its sockets, and how it speaks to all of them.
//
// Registration (use, on_connect, on, …: see Listeners) comes before the shards run. Emitting,
// joining and disconnecting may be done from any thread at any time; handlers run on the shard of
// the socket they are about.
//
// ORDER. Whatever is published takes its place under one lock, order_, that is held until the
// envelope is in the inbox of every shard's hub, so that all shards (and, with recovery, the log)
// know one order. With recovery the frame, which carries its number, is made (and deflated) under
// it. Only who publishes waits for that: the inboxes and the log have a lock of their own within
// it, inboxes_, which is held for pointer moves, and is all that a shard takes to hand out events.
// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <boost/unordered/unordered_flat_map.hpp>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/id.hpp"
#include "base/random.hpp"
#include "engineio/frame.hpp"
#include "socketio/broadcast.hpp"
#include "socketio/listeners.hpp"
#include "socketio/recovery.hpp"

namespace coterie::net {
class Shards;
}

namespace coterie::socketio {

class Hub;
class Namespaces;

// What all namespaces of a server share.
struct Surroundings {
  net::Shards& shards;
  Adapter& adapter;
  Random& random;
  const Clock& clock;
  const RecoveryOptions* recovery = nullptr;        // Null: what clients miss is gone.
  const net::PerMessageDeflate* deflate = nullptr;  // Null: nobody inflates.
};

class Namespace : public Listeners, public std::enable_shared_from_this<Namespace> {
 public:
  // `registry` is told when a socket is destroyed; null for namespaces that stay.
  Namespace(std::string name, const Surroundings& surroundings, Namespaces* registry = nullptr);
  ~Namespace();
  Namespace(const Namespace&) = delete;
  Namespace& operator=(const Namespace&) = delete;

  const std::string& name() const { return name_; }

  BroadcastOperator to(std::string room);
  BroadcastOperator in(std::string room) { return to(std::move(room)); }
  BroadcastOperator except(std::string room);
  BroadcastOperator all();
  BroadcastOperator local() { return all().local(); }
  template <class... Values>
  void emit(std::string_view event, const Values&... values) {
    all().emit(event, values...);
  }

  // Says an event to the other servers of the cluster, who hear it with on_server_event().
  template <class... Values>
  void server_side_emit(std::string_view event, const Values&... values) {
    surroundings_.adapter.tell(name_, event, arguments(values...));
  }
  // The same, and `answers` is called once, on any thread, with what they have answered.
  template <class... Values>
  void server_side_emit_with_ack(std::string_view event, std::chrono::milliseconds timeout,
                                 AnswersHandler answers, const Values&... values) {
    surroundings_.adapter.ask(name_, event, arguments(values...), timeout, std::move(answers));
  }

  // How many sockets are connected on this node, now. Any thread.
  std::size_t socket_count() const;
  // How many events broadcasts have handed to sockets of this node, ever. Any thread.
  std::uint64_t delivered_count() const;
  // How many events the shard that is furthest behind has yet to hand out. Nothing here bounds
  // them: who says events without end, on threads that can, waits while it is many. Any thread.
  std::size_t backlog() const;

  // For adapters: another server has said an event; and how many shards a question is asked on.
  // Any thread.
  std::size_t shard_count() const { return hubs_.size(); }
  void hear(const std::string& event, const Args& args, ServerAck ack) const;

  // For adapters that give events their order (Adapter::is_sequencer), called in that order. An
  // event has its place: it is delivered here and kept; or only kept when it is past, which is one
  // from before the log's beginning. Of the envelope count the flags, the audience and `alone`.
  void arrive(Envelope envelope, std::string_view event, const Arguments& arguments,
              const Offset& offset, bool is_past);
  // There was nothing more for this namespace up to there.
  void reach(const Offset& offset);
  // The log begins behind `last`; what was from `known_from` on is still to arrive, as past. Who
  // missed something from before that begins anew.
  void restart_log(const Offset& known_from, const Offset& last);
  // Ends the connection here that holds the session of that pid, which is then saved; `then` is
  // called, on its shard, behind that. False when there is none. Any thread.
  bool evict(const Id& pid, std::function<void()> then);

 private:
  friend class BroadcastOperator;
  friend class Client;
  friend class Hub;
  friend class Namespaces;
  friend class Server;
  friend class Socket;

  // Encodes an event and publishes it: to every hub and node, or to the hub `only`. Any thread.
  void emit(Envelope envelope, std::string_view event, const Arguments& arguments,
            Hub* only = nullptr);
  // Delivers on every shard of this node and hands it to the adapter. Any thread.
  void publish(std::shared_ptr<const Envelope> envelope);

  std::uint64_t next_ack_id() { return next_ack_id_.fetch_add(1, std::memory_order_relaxed); }
  Hub& hub(unsigned shard) { return *hubs_[shard]; }
  using Inbox = std::vector<std::shared_ptr<const Envelope>>;
  void take(Hub& hub, Inbox& empty);  // Swaps its inbox.

  // Recovery. Namespaces without it have no log.
  bool is_recoverable() const { return log_.has_value(); }
  bool remembers(const Offset& offset);
  // That of the last event; nullopt while something is on its way to the hub of that inbox.
  std::optional<Offset> last_offset(const Inbox& inbox);
  // The next events of the log behind `offset`. `is_all`: there are no more, nor is anything on its
  // way to the hub of that inbox. nullopt: the log no longer knows, or never did.
  struct Missed {
    EventLog::Events events;
    bool is_all;
  };
  std::optional<Missed> missed_since(const Offset& offset, const Inbox& inbox);
  void trim_log();

  // Which socket holds the session of that pid just now.
  struct Holder {
    unsigned shard;
    Id sid;
  };
  void add_holder(const Id& pid, Holder holder);
  void remove_holder(const Id& pid, unsigned shard);
  std::optional<Holder> holder_of(const Id& pid);

  // Puts it into the inboxes (and the log), under the order lock; returns the hub of this thread's
  // shard, whose inbox is to be drained once the lock is free.
  Hub* put(const std::shared_ptr<const Envelope>& envelope, Hub* only, bool is_kept);
  void on_socket_destroyed();  // Tells the registry, which has counted it.

  const std::string name_;  // Fixed after construction
  const Surroundings surroundings_;
  Namespaces* const registry_;
  std::vector<std::shared_ptr<Hub>> hubs_;  // One for each shard

  std::atomic<std::uint64_t> next_ack_id_ = 0;
  std::size_t visitors_ = 0;   // Guarded by the registry: sockets, and those about to be made.
  std::once_flag introduced_;  // To the application, by the registry.

  // Held by who publishes, guards what follows. Where the log ends changes under both locks, so
  // that under this one the next number can be known.
  std::mutex order_;
  std::vector<Hub*> called_;  // To drain, once the inboxes are free.

  // Guards what follows, and every hub's inbox.
  mutable std::mutex inboxes_;
  std::optional<EventLog> log_;
  boost::unordered_flat_map<Id, Holder, Id::Hash> holders_;  // By pid, with recovery.
};

}  // namespace coterie::socketio
