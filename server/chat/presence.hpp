// Presence: who of a group is online, for those who watch.
//
// A user is online while a socket of his is connected to any server, and for `grace` afterwards, so
// that a page loaded anew is not seen. Only groups that somebody watches are looked after; for all
// others a user costs one entry in a table. What changes in a group is told once with each tick(),
// which is to come every second.
//
// SEVERAL SERVERS say words to each other (Parts::say there, hear() here), which may get lost:
//
//   {node, ask: [group…]}                 I watch these: tell me of them for a while
//   {node, group, all: [user…], more}     who is online with me; more: and others
//   {node, group, online: […], offline: […]}    what has changed with me
//   {node, joined: [user, group]}         somebody has become a member
//
// Asking is repeated every half minute, and so is the answer: what was lost is healed by that, and
// the users of a server that says nothing any more go offline when `belief` has passed.
//
// Any thread. What Parts hold is called without a lock.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"

namespace coterie::chat {

class Presence {
 public:
  using Users = std::vector<std::int64_t>;
  struct Change {
    std::int64_t group_id;
    Users online;
    Users offline;
  };
  struct Parts {
    const Clock& clock;
    std::chrono::milliseconds grace;
    std::string node;  // Its name in the cluster, which is no other's.
    // Those who watch the group here are to hear it.
    std::function<void(const Change&)> tell;
    // The other servers are to hear it.
    std::function<void(JsonObject)> say;
    // Calls found() for each user who is in that group and has a socket here, then `done`, on
    // whichever thread.
    std::function<void(std::int64_t group_id, std::function<void()> done)> gather;
  };

  explicit Presence(Parts parts);

  // A socket of the user has come, and these are his groups; or has gone.
  void arrive(std::int64_t user_id, std::span<const std::int64_t> groups);
  void leave(std::int64_t user_id);
  void joined(std::int64_t user_id, std::int64_t group_id);
  void found(std::int64_t user_id, std::int64_t group_id);

  // Somebody here watches the group, or no longer; `done` is called when online() knows.
  void watch(std::int64_t group_id, std::function<void()> done);
  void unwatch(std::int64_t group_id);
  struct Online {
    Users users;
    bool more;  // There are others.
  };
  Online online(std::int64_t group_id) const;

  void hear(const JsonObject& word);
  void tick();

  static constexpr std::size_t told_max = 1000;   // Users in an answer or in one half of a change.
  static constexpr std::size_t said_max = 10000;  // Users, or groups, in a word to other servers.
  static constexpr std::size_t nodes_max = 64;    // Servers that are believed, for one group.
  static constexpr auto asking = std::chrono::seconds(30);
  static constexpr auto belief = std::chrono::seconds(75);

 private:
  struct User {
    unsigned sockets = 0;
    TimePoint gone_at{};      // When he is offline, if no socket comes; of meaning while leaving.
    bool is_leaving = false;  // He is in leaving_, once.
    std::vector<std::int64_t> groups;  // Of those looked after: where he is in `here`.
  };
  struct Node {
    std::unordered_set<std::int64_t> users;
    TimePoint until;
  };
  using Calls = std::vector<std::function<void()>>;
  struct Group {
    unsigned watchers = 0;        // Sockets here.
    TimePoint others_until{};     // So long other servers want to hear of it.
    bool is_gathered = false;     // All who are here are in `here`. Until then:
    std::uint64_t gathering = 0;  // the number of the one that is on its way; 0: none is;
    Calls waiting;                // and who is to be called when it ends.
    std::unordered_set<std::int64_t> here;
    std::map<std::string, Node, std::less<>> there;
    std::unordered_set<std::int64_t> told;     // Whom those who watch here believe to be online.
    std::unordered_set<std::int64_t> changed;  // To be looked at with the next tick:
    std::unordered_set<std::int64_t> moved;    // for those who watch here, and for other servers.

    bool is_online(std::int64_t user_id) const;
    bool is_looked_after(TimePoint now) const { return watchers > 0 || others_until > now; }
    std::unordered_set<std::int64_t> everyone() const;
  };
  using Words = std::vector<JsonObject>;

  // All of these under the lock.
  void note(std::int64_t user_id, std::int64_t group_id);
  void move(std::int64_t user_id, std::int64_t group_id, Group& group);
  void change(std::int64_t user_id, std::int64_t group_id, Group& group);
  void drop(std::int64_t group_id);
  void let_go(TimePoint now);
  void renew(TimePoint now, Words& words);
  void take_dirty(TimePoint now, std::vector<Change>& changes, Words& words);
  bool take_change(Group& group, Change& change) const;
  bool take_moves(Group& group, JsonObject& word) const;
  void hear_all(const std::string& node, const JsonObject& word, std::int64_t group_id);
  void hear_change(const std::string& node, const JsonObject& word, std::int64_t group_id);
  Node* node_of(const std::string& node, Group& group);

  // These take it.
  void when_gathered(std::int64_t group_id, std::function<void()> call);
  void settle(std::int64_t group_id, std::uint64_t gathering);
  void hear_ask(const Json& ids);
  void say_all(std::int64_t group_id);
  JsonObject word() const { return {{"node", parts_.node}}; }

  const Parts parts_;  // Fixed after construction

  mutable std::mutex mutex_;  // Guards what follows
  std::unordered_map<std::int64_t, User> users_;
  std::unordered_map<std::int64_t, Group> groups_;
  std::unordered_set<std::int64_t> dirty_;  // Groups with something to tell or to say.
  // Users without sockets, by when they are gone: each once, so no more than there are users.
  std::multimap<TimePoint, std::int64_t> leaving_;
  TimePoint ask_at_;
  std::uint64_t gatherings_ = 0;
};

}  // namespace coterie::chat
