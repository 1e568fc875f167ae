// Sessions of clients that are away, in Redis: whoever of the cluster is asked for one takes it.
//
// A client may come back to another server before the one that has its dead connection knows that
// it is dead. So when Redis has no session, the other servers are asked to give up the connection
// that holds it; each answers when it has done so, or at once, and then Redis is asked again. Who
// has it no more by then was quicker to give it to another connection, perhaps one that its client
// has left: then they are asked once more.
//
// A client may also give up while it waits, and ask this server anew, when its session is on its
// way here for its first asking already: who asks later waits for what the earlier ones find.
//
//   PREFIX "-cede#" NSP "#"    a message of type 9, ["cede", PID]: nothing that Node listens to;
//                              the answer is whether it was here
//
// On the bus's thread.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "redis/bus.hpp"
#include "redis/cluster_wire.hpp"
#include "redis/questions.hpp"
#include "socketio/recovery.hpp"

namespace coterie::redis {

class StreamSessions {
 public:
  using Taken = std::function<void(std::optional<socketio::SavedSession>)>;
  // Calls back when whatever is in the stream now has been read; with false when nobody can say.
  using WhenRead = std::function<void(std::function<void(bool is_read)>)>;

  // Sessions wait for `time`.
  StreamSessions(Bus& bus, Questions& questions, std::string uid, std::string key_prefix,
                 std::string channel_prefix, std::chrono::milliseconds time, WhenRead when_read);

  std::string cede_channel(const std::string& nsp) const {
    return channel_prefix_ + "-cede#" + nsp + "#";
  }

  void save(const socketio::SavedSession& session);
  // `taken` is called once, within some seconds.
  void take(const Id& pid, const std::string& nsp, const socketio::Asker& asker, Taken taken);
  // May it be here, and not at a connection yet?
  bool is_under_way(const Id& pid, const std::string& nsp) const;
  // May Redis be asked? What waited is asked now; what cannot be asked waits, within its time.
  void resume();
  void pause() { is_paused_ = true; }

 private:
  struct Claim {
    Id pid;
    std::string nsp;
    socketio::Asker asker;
    Taken taken;                // Empty: it was called.
    bool is_under_way = false;  // Redis is asked, or has given it.
    bool has_found_nothing = false;
    bool asks_again = false;  // One before it was given the session, which is here or comes back.
    // One that nobody waits for must not take the session off the server its client is at now.
    bool is_wanted() const { return taken && !asker.expired(); }
  };
  using SharedClaim = std::shared_ptr<Claim>;

  void keep(const socketio::SavedSession& session);
  void settle(const SharedClaim& claim, std::optional<socketio::SavedSession> session);
  void find_nothing(const SharedClaim& claim);
  SharedClaim first_of(const Id& pid, const std::string& nsp) const;
  void ask_redis(const SharedClaim& claim, unsigned rounds);
  void ask_holders(const SharedClaim& claim, unsigned rounds);

  Bus& bus_;
  Questions& questions_;
  const std::string uid_;
  const std::string key_prefix_;
  const std::string channel_prefix_;
  const std::chrono::milliseconds time_;
  const WhenRead when_read_;
  bool is_paused_ = true;
  std::multimap<std::string, SharedClaim> open_;  // By session; of each in the order of their time.
  std::multiset<std::string> handed_;             // Given to somebody a moment ago.
  std::deque<SharedClaim> waiting_;               // In the order of their time.
};

}  // namespace coterie::redis
