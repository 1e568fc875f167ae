// Realtime: logs sockets in, keeps them in the rooms of their user, log-in and groups, and turns
// what has happened into events.
//
//   user:<id>        every socket of a user          session:<signature>   those of one log-in
//   group:<id>       every socket of every member
//
// LOG-IN is a middleware: a socket is connected, and only then heard, when its token has been
// checked. One whose token is not good is connected all the same (the seed's clients expect that),
// gets "authFail" and is disconnected. One that cannot be checked now (overload, a store that is
// away) loses its connection, so that clients come again by themselves. Its own room is joined
// before its groups are loaded, so that a group joined in between is not missed.
//
// RECOVERY (socketio/recovery) skips none of that: who comes back has to have the log-in that it
// had, or begins anew; it hears what it has missed in the groups that it has joined meanwhile, too.
//
// A CROWD that comes back at once (after a restart, say) stands in line: so many are looked up at a
// time, and the others wait, which they do not notice, while REST is served as ever. There may be
// only so many sockets of one user and of one address; those of private networks are not counted,
// for they are proxies.
//
// EVENTS of a client that need the database hop to a worker; one at a time for each socket, so that
// answers come in the order of the questions.
// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/headcount.hpp"
#include "api/live_sessions.hpp"
#include "api/presence.hpp"
#include "api/turnstile.hpp"
#include "api/visitor.hpp"
#include "base/json_text.hpp"
#include "base/pace.hpp"
#include "chat/accounts.hpp"
#include "chat/conversations.hpp"
#include "net/shard.hpp"
#include "net/workers.hpp"
#include "socketio/server.hpp"
#include "socketio/socket.hpp"

namespace coterie::api {

class Realtime {
 public:
  struct Options {
    std::size_t sockets_per_user = 0;  // At once; 0: any number. Of both, only of this server.
    std::size_t sockets_per_address = 0;
    Rate events = {};  // Of one socket.
    // A crowd that comes back at once must not keep the workers from all other work.
    std::size_t log_ins_at_once = 8;
    std::chrono::seconds grace{10};  // For who is gone to be back, unseen by others.
  };
  Realtime(socketio::Server& server, net::Workers& workers, const Options& options);

  // Registers everything. Before the shards run; the first of them keeps the time.
  void set_up(chat::Accounts& accounts, chat::Conversations& conversations, net::Shard& shard);

  // Registers an event of clients, which must not come too often. Before the shards run.
  void on(std::string event, socketio::EventHandler handler);
  // Gives `ack` what the question finds, for the user whose socket it is; an error is told as an
  // "exception", too. On a worker, behind what this socket has asked before; a question may be
  // answered later, from any thread.
  using Answered = std::function<void(const Result<JsonText>&)>;
  using Question = std::function<void(const chat::Actor&, Answered)>;
  void ask(socketio::Socket& socket, const socketio::Ack& ack, Question question);

  // What chat::Announcements announce. Any thread.
  void announce(std::span<const chat::Message* const> messages);
  void on_joined(std::int64_t user_id, std::int64_t group_id);
  void on_revoked(const std::string& token);
  // The log-ins that have sockets here. Any thread.
  std::vector<std::string> live_tokens() { return live_.tokens(); }

  // How many sockets were cut because their clients read too slowly, ever.
  std::uint64_t slow_count() const { return slow_.load(std::memory_order_relaxed); }

 private:
  void log_in(socketio::Socket& socket, const socketio::Next& next);
  static void refuse(const socketio::SocketRef& ref, const socketio::Next& next);
  void enter(const socketio::SocketRef& ref, const socketio::Next& next, chat::Actor actor,
             Turnstile::Pass pass);
  void on_gone(socketio::Socket& socket, std::string_view reason);
  void keep_pace() const;
  void mark_read(socketio::Socket& socket, const socketio::Args& args, const socketio::Ack& ack);
  // Runs `work` on a worker, behind what this socket has asked before. When there is no room for
  // it, `ack` hears that.
  void run_in_order(socketio::Socket& socket, const socketio::Ack& ack, Visitor::Work work);
  void run_next(const socketio::SocketRef& ref);

  socketio::Server& server_;
  net::Workers& workers_;
  const Options options_;
  LiveSessions live_;
  Headcount<std::int64_t> by_user_;
  Headcount<std::string> by_address_;
  Turnstile log_ins_;
  Presence presence_;
  std::atomic<std::uint64_t> slow_ = 0;
  chat::Accounts* accounts_ = nullptr;  // Fixed once set up
  chat::Conversations* conversations_ = nullptr;
};

// The token of a handshake: the authorization header as it is ("Bearer " in front makes it none, as
// in the seed system), or where there is no header {"token": …} sent with CONNECT.
std::string handshake_token(std::string_view authorization, const Json& auth);

}  // namespace coterie::api
