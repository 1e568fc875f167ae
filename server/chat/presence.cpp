// SPDX-License-Identifier: MIT
#include "chat/presence.hpp"

#include <algorithm>
#include <optional>

namespace coterie::chat {

namespace {

// Groups that are looked after at once. Clients watch what they show, so this is many clients; of
// more nothing is told.
constexpr std::size_t groups_max = 100'000;

std::optional<std::int64_t> integer(const JsonObject& word, std::string_view name) {
  const Json* value = word.if_contains(name);
  return value && value->is_int64() ? std::optional(value->get_int64()) : std::nullopt;
}

Presence::Users integers(const Json* value) {
  Presence::Users numbers;
  if (!value || !value->is_array()) return numbers;
  for (const Json& each : value->get_array()) {
    if (numbers.size() == Presence::said_max) break;
    if (each.is_int64()) numbers.push_back(each.get_int64());
  }
  return numbers;
}

JsonArray array_of(const Presence::Users& users) {
  return JsonArray(users.begin(), users.end());
}

}  // namespace

Presence::Presence(Parts parts) : parts_(std::move(parts)), ask_at_(parts_.clock.now() + asking) {}

bool Presence::Group::is_online(std::int64_t user_id) const {
  return here.contains(user_id) || std::ranges::any_of(there, [user_id](const auto& each) {
           return each.second.users.contains(user_id);
         });
}

std::unordered_set<std::int64_t> Presence::Group::everyone() const {
  auto all = here;
  for (const auto& [name, node] : there) all.insert(node.users.begin(), node.users.end());
  return all;
}

// -- who is here ----------------------------------------------------------------------------------

void Presence::arrive(std::int64_t user_id, std::span<const std::int64_t> groups) {
  std::lock_guard lock(mutex_);
  ++users_[user_id].sockets;
  if (groups_.empty()) return;
  for (const std::int64_t group_id : groups) note(user_id, group_id);
}

void Presence::leave(std::int64_t user_id) {
  std::lock_guard lock(mutex_);
  User& user = users_.at(user_id);
  if (--user.sockets > 0) return;
  user.gone_at = parts_.clock.now() + parts_.grace;
  if (!std::exchange(user.is_leaving, true)) leaving_.emplace(user.gone_at, user_id);
}

void Presence::found(std::int64_t user_id, std::int64_t group_id) {
  std::lock_guard lock(mutex_);
  note(user_id, group_id);
}

void Presence::joined(std::int64_t user_id, std::int64_t group_id) {
  found(user_id, group_id);
  JsonObject said = word();
  said["joined"] = JsonArray{user_id, group_id};
  parts_.say(std::move(said));
}

void Presence::note(std::int64_t user_id, std::int64_t group_id) {
  const auto user = users_.find(user_id);
  const auto group = groups_.find(group_id);
  if (user == users_.end() || group == groups_.end()) return;
  if (!group->second.here.insert(user_id).second) return;
  user->second.groups.push_back(group_id);
  move(user_id, group_id, group->second);
}

// He has come, or gone, on this server.
void Presence::move(std::int64_t user_id, std::int64_t group_id, Group& group) {
  group.moved.insert(user_id);
  change(user_id, group_id, group);
}

// Whether he is online may be another matter now.
void Presence::change(std::int64_t user_id, std::int64_t group_id, Group& group) {
  group.changed.insert(user_id);
  dirty_.insert(group_id);
}

void Presence::let_go(TimePoint now) {
  while (!leaving_.empty() && leaving_.begin()->first <= now) {
    const std::int64_t user_id = leaving_.begin()->second;
    leaving_.erase(leaving_.begin());
    User& user = users_.at(user_id);
    user.is_leaving = false;
    if (user.sockets > 0) continue;
    if (user.gone_at > now) {  // He has been back meanwhile.
      user.is_leaving = true;
      leaving_.emplace(user.gone_at, user_id);
      continue;
    }
    for (const std::int64_t group_id : user.groups) {
      Group& group = groups_.at(group_id);
      group.here.erase(user_id);
      move(user_id, group_id, group);
    }
    users_.erase(user_id);
  }
}

// -- who watches ----------------------------------------------------------------------------------

void Presence::watch(std::int64_t group_id, std::function<void()> done) {
  bool is_first = false;
  {
    std::lock_guard lock(mutex_);
    Group& group = groups_[group_id];
    is_first = ++group.watchers == 1;
    if (is_first) group.told = group.everyone();
  }
  if (is_first) {
    JsonObject said = word();
    said["ask"] = JsonArray{group_id};
    parts_.say(std::move(said));
  }
  when_gathered(group_id, std::move(done));
}

// One gathering for all who wait for it: it visits every socket of the group, and crowds may watch.
void Presence::when_gathered(std::int64_t group_id, std::function<void()> call) {
  std::uint64_t gathering = 0;
  bool is_gathered = false;
  {
    std::lock_guard lock(mutex_);
    const auto group = groups_.find(group_id);
    is_gathered = group == groups_.end() || group->second.is_gathered;
    if (!is_gathered) {
      group->second.waiting.push_back(std::move(call));
      if (group->second.gathering == 0) gathering = group->second.gathering = ++gatherings_;
    }
  }
  if (is_gathered) return call();
  if (gathering == 0) return;
  parts_.gather(group_id, [this, group_id, gathering] { settle(group_id, gathering); });
}

// Everyone who is here has been found. Who waits is answered with them all, so no more is to be
// told of them.
void Presence::settle(std::int64_t group_id, std::uint64_t gathering) {
  Calls waiting;
  {
    std::lock_guard lock(mutex_);
    const auto found = groups_.find(group_id);
    // One that was dropped and is looked after anew has a gathering of its own.
    if (found == groups_.end() || found->second.gathering != gathering) return;
    Group& group = found->second;
    group.is_gathered = true;
    if (group.watchers > 0) group.told = group.everyone();
    group.changed.clear();
    waiting = std::exchange(group.waiting, {});
  }
  for (const auto& call : waiting) call();
}

void Presence::unwatch(std::int64_t group_id) {
  Calls waiting;
  {
    std::lock_guard lock(mutex_);
    Group& group = groups_.at(group_id);
    if (--group.watchers > 0) return;
    group.told.clear();
    group.changed.clear();
    group.there.clear();
    if (group.is_looked_after(parts_.clock.now())) return;
    waiting = std::move(group.waiting);
    drop(group_id);
  }
  for (const auto& call : waiting) call();  // Who asked and left gets an answer, too.
}

void Presence::drop(std::int64_t group_id) {
  const auto group = groups_.find(group_id);
  for (const std::int64_t user_id : group->second.here) {
    std::erase(users_.at(user_id).groups, group_id);
  }
  groups_.erase(group);
  dirty_.erase(group_id);
}

Presence::Online Presence::online(std::int64_t group_id) const {
  std::lock_guard lock(mutex_);
  const auto group = groups_.find(group_id);
  if (group == groups_.end()) return {{}, false};
  // As many as are told and one more: a whole crowd may ask this of a group of a hundred thousand.
  Users users;
  std::vector<const std::unordered_set<std::int64_t>*> seen;
  const auto add = [&](const std::unordered_set<std::int64_t>& some) {
    for (const std::int64_t id : some) {
      if (users.size() > told_max) return;
      if (std::ranges::none_of(seen, [id](const auto* set) { return set->contains(id); })) {
        users.push_back(id);
      }
    }
    seen.push_back(&some);
  };
  add(group->second.here);
  for (const auto& [name, node] : group->second.there) add(node.users);
  const bool more = users.size() > told_max;
  if (more) users.pop_back();
  std::ranges::sort(users);
  return {std::move(users), more};
}

// -- what is told ---------------------------------------------------------------------------------

void Presence::tick() {
  std::vector<Change> changes;
  Words words;
  {
    std::lock_guard lock(mutex_);
    const TimePoint now = parts_.clock.now();
    let_go(now);
    if (now >= ask_at_) renew(now, words);
    take_dirty(now, changes, words);
  }
  for (const Change& change : changes) parts_.tell(change);
  for (JsonObject& said : words) parts_.say(std::move(said));
}

// Asks again for what is watched here, and forgets whom nobody speaks for, or asks for, any more.
void Presence::renew(TimePoint now, Words& words) {
  ask_at_ = now + asking;
  Users watched;
  std::vector<std::int64_t> idle;
  for (auto& [group_id, group] : groups_) {
    if (!group.is_looked_after(now)) idle.push_back(group_id);
    if (group.watchers > 0) watched.push_back(group_id);
    for (auto node = group.there.begin(); node != group.there.end();) {
      if (node->second.until > now) {
        ++node;
        continue;
      }
      const auto users = std::move(node->second.users);
      node = group.there.erase(node);
      for (const std::int64_t user_id : users) change(user_id, group_id, group);
    }
  }
  for (const std::int64_t group_id : idle) drop(group_id);
  for (std::size_t first = 0; first < watched.size(); first += said_max) {
    const auto begin = watched.begin() + static_cast<std::ptrdiff_t>(first);
    const auto size = std::min(said_max, watched.size() - first);
    JsonObject said = word();
    said["ask"] = JsonArray(begin, begin + static_cast<std::ptrdiff_t>(size));
    words.push_back(std::move(said));
  }
}

void Presence::take_dirty(TimePoint now, std::vector<Change>& changes, Words& words) {
  for (const std::int64_t group_id : std::exchange(dirty_, {})) {
    Group& group = groups_.at(group_id);
    Change told{group_id, {}, {}};
    if (group.watchers == 0) group.changed.clear();
    if (take_change(group, told)) changes.push_back(std::move(told));
    JsonObject said = word();
    said["group"] = group_id;
    if (group.others_until <= now) group.moved.clear();
    if (take_moves(group, said)) words.push_back(std::move(said));
    if (!group.changed.empty() || !group.moved.empty()) dirty_.insert(group_id);
  }
}

// What is too much for one event waits for the next.
bool Presence::take_change(Group& group, Change& told) const {
  std::erase_if(group.changed, [&](std::int64_t user_id) {
    const bool is_online = group.is_online(user_id);
    if (is_online == group.told.contains(user_id)) return true;
    Users& half = is_online ? told.online : told.offline;
    if (half.size() == told_max) return false;
    half.push_back(user_id);
    is_online ? static_cast<void>(group.told.insert(user_id))
              : static_cast<void>(group.told.erase(user_id));
    return true;
  });
  return !told.online.empty() || !told.offline.empty();
}

bool Presence::take_moves(Group& group, JsonObject& said) const {
  Users online;
  Users offline;
  std::erase_if(group.moved, [&](std::int64_t user_id) {
    Users& half = group.here.contains(user_id) ? online : offline;
    if (half.size() == said_max) return false;
    half.push_back(user_id);
    return true;
  });
  said["online"] = array_of(online);
  said["offline"] = array_of(offline);
  return !online.empty() || !offline.empty();
}

// -- other servers --------------------------------------------------------------------------------

void Presence::hear(const JsonObject& word) {
  const Json* name = word.if_contains("node");
  if (!name || !name->is_string() || name->get_string() == parts_.node) return;
  const std::string node(name->get_string());
  if (const Json* ids = word.if_contains("ask")) return hear_ask(*ids);
  if (const Json* pair = word.if_contains("joined")) {
    const Users both = integers(pair);
    if (both.size() == 2) found(both[0], both[1]);
    return;
  }
  const auto group_id = integer(word, "group");
  if (!group_id) return;
  std::lock_guard lock(mutex_);
  word.contains("all") ? hear_all(node, word, *group_id) : hear_change(node, word, *group_id);
}

Presence::Node* Presence::node_of(const std::string& node, Group& group) {
  const bool is_welcome = group.there.size() < nodes_max || group.there.contains(node);
  if (group.watchers == 0 || !is_welcome) return nullptr;
  Node& known = group.there[node];
  known.until = std::max(known.until, parts_.clock.now() + belief);
  return &known;
}

void Presence::hear_all(const std::string& name, const JsonObject& word, std::int64_t group_id) {
  const auto group = groups_.find(group_id);
  if (group == groups_.end()) return;
  Node* node = node_of(name, group->second);
  if (!node) return;
  const Users all = integers(word.if_contains("all"));
  std::unordered_set<std::int64_t> users(all.begin(), all.end());
  const Json* more = word.if_contains("more");
  if (more && more->is_bool() && more->get_bool())
    users.insert(node->users.begin(), node->users.end());
  std::swap(users, node->users);
  for (const std::int64_t id : users) {
    if (!node->users.contains(id)) change(id, group_id, group->second);
  }
  for (const std::int64_t id : node->users) {
    if (!users.contains(id)) change(id, group_id, group->second);
  }
}

void Presence::hear_change(const std::string& name, const JsonObject& word, std::int64_t group_id) {
  const auto group = groups_.find(group_id);
  if (group == groups_.end()) return;
  Node* node = node_of(name, group->second);
  if (!node) return;
  for (const std::int64_t id : integers(word.if_contains("online"))) {
    node->users.insert(id);
    change(id, group_id, group->second);
  }
  for (const std::int64_t id : integers(word.if_contains("offline"))) {
    node->users.erase(id);
    change(id, group_id, group->second);
  }
}

void Presence::hear_ask(const Json& ids) {
  for (const std::int64_t group_id : integers(&ids)) {
    {
      std::lock_guard lock(mutex_);
      if (groups_.size() >= groups_max && !groups_.contains(group_id)) continue;
      groups_[group_id].others_until = parts_.clock.now() + belief;
    }
    when_gathered(group_id, [this, group_id] { say_all(group_id); });
  }
}

// Of nobody there is nothing to say: whoever was here has been said to be gone.
void Presence::say_all(std::int64_t group_id) {
  JsonObject said = word();
  {
    std::lock_guard lock(mutex_);
    const auto group = groups_.find(group_id);
    if (group == groups_.end() || group->second.here.empty()) return;
    Users users(group->second.here.begin(), group->second.here.end());
    const bool more = users.size() > said_max;
    if (more) users.resize(said_max);
    said["group"] = group_id;
    said["all"] = array_of(users);
    said["more"] = more;
  }
  parts_.say(std::move(said));
}

}  // namespace coterie::chat
