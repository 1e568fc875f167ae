// One namespace on one shard: the sockets that live here and the rooms they are in.
//
// ORDER. What is published to a namespace is put into the inbox of every hub under the namespace's
// order lock, so all shards see the same sequence; drain() works it off on this shard. Whoever
// publishes from this shard drains at once: what it sends next directly to a socket comes behind.
//
// DELIVERY. A broadcast arrives as finished frames; the hub only looks up who shall hear it and
// hands out pointers. Several rooms are walked one after another; a socket seen before is known by
// the mark that this broadcast has left on it, so no set is built. While frames are handed out no
// code of the application runs; envelopes that run some work on a list of sockets instead.
//
// Nothing here locks but take() and put(): all other calls come from this hub's shard.
// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/id.hpp"
#include "base/timer_wheel.hpp"
#include "socketio/envelope.hpp"
#include "socketio/rooms.hpp"

namespace coterie::net {
class Shard;
}

namespace coterie::socketio {

class Args;
class Namespace;

class Hub : public std::enable_shared_from_this<Hub> {
 public:
  Hub(Namespace& space, net::Shard& shard) : namespace_(space), shard_(shard) {}
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  Namespace& space() const { return namespace_; }
  net::Shard& shard() const { return shard_; }

  // A socket is known from its CONNECT on, but hears nothing before it is connected.
  void add(Socket& socket);
  // False when it has left meanwhile.
  bool connect(Socket& socket);
  // The same for a socket that has come back: having sent it what the log holds for its rooms
  // behind `offset`. False when it has left, or the log does not know (any more).
  bool catch_up(Socket& socket, const Offset& offset);
  void remove(Socket& socket);  // The only way out of all rooms.
  void rename(Socket& socket, const Id& id);
  // Ends the connection of that socket: its client has turned up with another one.
  void evict(const Id& id);
  Socket* find(const Id& id) const;
  Socket* find(const Id& id, std::uint64_t birth) const;        // And no later one of the same id.
  std::size_t socket_count() const { return sockets_.size(); }  // Those still connecting, too.
  std::size_t connected_count() const { return connected_.load(std::memory_order_relaxed); }
  // How many events were handed to sockets of this hub by broadcasts, ever. Any thread.
  std::uint64_t delivered_count() const { return delivered_.load(std::memory_order_relaxed); }
  std::size_t room_count() const { return rooms_.size(); }

  void join(Socket& socket, std::string_view room);
  void leave(Socket& socket, std::string_view room);
  bool is_in(const std::vector<Membership>& memberships, std::string_view room) const {
    return rooms_.is_in(memberships, room);
  }

  // Works off the inbox. From within itself, too: what an envelope at hand makes the application
  // publish is carried out before the application goes on.
  void drain();
  bool is_draining() const { return drains_ > 0; }

  // An ack that no socket of its own waits for: one of a broadcast, perhaps.
  void on_broadcast_ack(const Socket& socket, std::uint64_t id, Args args);

 private:
  friend class Namespace;  // Fills inbox_ under its lock.
  using Inbox = std::vector<std::shared_ptr<const Envelope>>;
  // Handlers that put sockets out whose handlers put sockets out … must not exhaust the stack: from
  // here on, what is published is left to the drain further out.
  static constexpr unsigned drains_max = 16;

  // A broadcast whose answers are still to come, at least one.
  struct Asked {
    Hub& hub;
    std::uint64_t id;
    std::shared_ptr<AnswersListener> answers;
    std::unordered_set<Id, Id::Hash> waiting;
    Timer timer;
  };

  void carry_out(const Envelope& envelope);
  void deliver(const Envelope& envelope);
  void deliver_and_ask(const Envelope& envelope);
  void expect_no_answer_of(const Socket& socket);
  template <class Use>
  void each_of(const Audience& audience, Use&& use);
  template <class Use>
  void each_in_room(const std::string& room, Use&& use);
  bool send(Socket& socket, const Envelope& envelope);
  void set_connected(Socket& socket);

  Namespace& namespace_;  // Fixed after construction
  net::Shard& shard_;

  Inbox inbox_;              // Guarded by the namespace's lock of inboxes, as is
  std::size_t at_hand_ = 0;  // how many it has taken from there last, and
  bool is_called_ = false;   // whether it is on its way to drain.

  boost::unordered_flat_map<Id, Socket*, Id::Hash> sockets_;  // Only on this shard
  Rooms rooms_;
  std::uint64_t mark_ = 0;
  std::uint64_t births_ = 0;
  Inbox draining_;
  std::size_t drained_ = 0;       // So many of those are done, or at hand.
  unsigned drains_ = 0;           // One within another.
  std::vector<Socket*> watched_;  // Heard the envelope at hand, and have an on_any_outgoing().
  std::map<std::uint64_t, std::unique_ptr<Asked>> asked_;
  std::atomic<std::size_t> connected_ = 0;  // Read by any thread
  std::atomic<std::uint64_t> delivered_ = 0;
};

}  // namespace coterie::socketio
