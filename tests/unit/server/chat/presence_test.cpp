// SPDX-License-Identifier: MIT
#include "chat/presence.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "support/fake_clock.hpp"

namespace coterie::tests {
namespace {

using chat::Presence;
using std::chrono_literals::operator""s;
using Users = Presence::Users;

Users sorted(Users users) {
  std::ranges::sort(users);
  return users;
}

// Servers of one cluster, their sockets, and a wire between them that may lose words.
class Street : public testing::Test {
 protected:
  struct Heard {
    std::int64_t group_id;
    Users online;
    Users offline;
    bool operator==(const Heard&) const = default;
  };
  friend void PrintTo(const Heard& heard, std::ostream* out) {
    *out << heard.group_id << " +" << testing::PrintToString(heard.online) << " -"
         << testing::PrintToString(heard.offline);
  }
  struct Server {
    std::unique_ptr<Presence> presence;
    std::vector<Heard> heard;
    std::multiset<std::int64_t> sockets;
    std::vector<std::function<void()>> slow;  // Ends of gatherings, when those take their time.
    bool is_slow = false;
    bool is_dead = false;
  };

  Street() {
    servers.resize(3);
    for (std::size_t i = 0; i < servers.size(); ++i) servers[i].presence = make(i);
  }

  std::unique_ptr<Presence> make(std::size_t i) {
    return std::make_unique<Presence>(
        Presence::Parts{clock, 10s, "node" + std::to_string(i),
                        [this, i](const Presence::Change& change) {
                          servers[i].heard.push_back(
                              {change.group_id, sorted(change.online), sorted(change.offline)});
                        },
                        [this, i](JsonObject word) {
                          if (!is_cut) wire.emplace_back(i, std::move(word));
                          ++said;
                        },
                        [this, i](std::int64_t group_id, std::function<void()> done) {
                          ++gathered;
                          for (const std::int64_t user : servers[i].sockets) {
                            if (members[group_id].contains(user))
                              servers[i].presence->found(user, group_id);
                          }
                          servers[i].is_slow ? servers[i].slow.push_back(std::move(done)) : done();
                        }});
  }

  void come(std::size_t i, std::int64_t user) {
    std::vector<std::int64_t> groups;
    for (const auto& [group, users] : members) {
      if (users.contains(user)) groups.push_back(group);
    }
    servers[i].sockets.insert(user);
    servers[i].presence->arrive(user, groups);
  }
  void go(std::size_t i, std::int64_t user) {
    servers[i].sockets.erase(servers[i].sockets.find(user));
    servers[i].presence->leave(user);
  }
  void watch(std::size_t i, std::int64_t group) {
    servers[i].presence->watch(group, [] {});
    settle();
  }
  void settle() {
    while (!wire.empty()) {
      const auto [from, word] = std::move(wire.front());
      wire.pop_front();
      for (std::size_t i = 0; i < servers.size(); ++i) {
        if (!servers[i].is_dead) servers[i].presence->hear(word);
      }
    }
  }
  // Lets time pass, a tick each second.
  void pass(std::chrono::seconds time) {
    for (; time > 0s; time -= 1s) {
      clock.advance(1s);
      for (Server& server : servers) {
        if (!server.is_dead) server.presence->tick();
        settle();
      }
    }
  }
  Users online(std::size_t i, std::int64_t group) const {
    return servers[i].presence->online(group).users;
  }
  std::vector<Heard> heard(std::size_t i = 0) { return std::exchange(servers[i].heard, {}); }

  FakeClock clock;
  std::vector<Server> servers;
  std::map<std::int64_t, std::set<std::int64_t>> members{{7, {1, 2, 3}}, {8, {1}}};
  std::deque<std::pair<std::size_t, JsonObject>> wire;
  bool is_cut = false;
  int said = 0;
  int gathered = 0;
};

using Told = std::vector<std::pair<Users, Users>>;

TEST_F(Street, says_who_is_online_to_who_begins_to_watch) {
  come(0, 1);
  come(0, 2);
  watch(0, 7);
  EXPECT_EQ(online(0, 7), (Users{1, 2}));
  pass(5s);
  EXPECT_EQ(heard(), std::vector<Heard>{}) << "nothing has changed since";
}

TEST_F(Street, tells_who_comes_and_who_is_gone_for_longer_than_the_grace) {
  watch(0, 7);
  come(0, 1);
  pass(1s);
  EXPECT_EQ(heard(), (std::vector<Heard>{{7, {1}, {}}}));
  go(0, 1);
  pass(9s);
  EXPECT_EQ(heard(), std::vector<Heard>{});
  EXPECT_EQ(online(0, 7), Users{1});
  pass(1s);
  EXPECT_EQ(heard(), (std::vector<Heard>{{7, {}, {1}}}));
  EXPECT_EQ(online(0, 7), Users{});
}

TEST_F(Street, does_not_see_a_page_that_is_loaded_anew) {
  watch(0, 7);
  come(0, 1);
  pass(1s);
  heard();
  for (int i = 0; i < 20; ++i) {
    go(0, 1);
    pass(9s);
    come(0, 1);
    pass(1s);
  }
  EXPECT_EQ(heard(), std::vector<Heard>{});
  go(0, 1);
  pass(10s);
  EXPECT_EQ(heard(), (std::vector<Heard>{{7, {}, {1}}}));
}

TEST_F(Street, counts_every_socket_of_a_user) {
  watch(0, 7);
  for (int i = 0; i < 3; ++i) come(0, 1);
  go(0, 1);
  go(0, 1);
  pass(60s);
  EXPECT_EQ(heard(), (std::vector<Heard>{{7, {1}, {}}}));
  go(0, 1);
  pass(10s);
  EXPECT_EQ(heard(), (std::vector<Heard>{{7, {}, {1}}}));
}

TEST_F(Street, tells_of_a_group_once_a_second_whatever_happens) {
  watch(0, 7);
  for (const std::int64_t user : {1, 2, 3}) come(0, user);
  pass(1s);
  EXPECT_EQ(heard(), (std::vector<Heard>{{7, {1, 2, 3}, {}}}));
  pass(10s);
  EXPECT_EQ(heard(), std::vector<Heard>{});
}

TEST_F(Street, tells_of_groups_that_are_watched_and_of_no_others) {
  come(0, 1);
  watch(0, 8);
  EXPECT_EQ(online(0, 8), Users{1});
  EXPECT_EQ(online(0, 7), Users{});
  servers[0].presence->unwatch(8);
  go(0, 1);
  pass(20s);
  EXPECT_EQ(heard(), std::vector<Heard>{});
  EXPECT_EQ(online(0, 8), Users{});
}

TEST_F(Street, knows_of_a_member_who_has_just_joined) {
  come(0, 4);
  come(1, 5);
  watch(0, 7);
  members[7].insert({4, 5});
  servers[2].presence->joined(4, 7);
  servers[2].presence->joined(5, 7);
  settle();
  pass(2s);
  EXPECT_EQ(online(0, 7), (Users{4, 5}));
}

TEST_F(Street, answers_a_second_watcher_only_when_all_are_found) {
  come(0, 1);
  servers[0].is_slow = true;
  int answered = 0;
  for (int i = 0; i < 2; ++i) servers[0].presence->watch(7, [&answered] { ++answered; });
  EXPECT_EQ(answered, 0);
  EXPECT_EQ(gathered, 1) << "for all who wait";
  for (const auto& done : servers[0].slow) done();
  EXPECT_EQ(answered, 2);
  servers[0].presence->watch(7, [&answered] { ++answered; });
  EXPECT_EQ(answered, 3) << "now they are known";
}

TEST_F(Street, takes_no_gathering_of_before_for_that_of_a_group_that_is_watched_anew) {
  servers[0].is_slow = true;
  int answered = 0;
  const auto answer = [&answered] { ++answered; };
  servers[0].presence->watch(7, answer);
  servers[0].presence->unwatch(7);
  EXPECT_EQ(answered, 1) << "who has left gets an answer, too";
  servers[0].presence->watch(7, answer);
  servers[0].slow.front()();
  EXPECT_EQ(answered, 1);
  servers[0].slow.back()();
  EXPECT_EQ(answered, 2);
}

TEST_F(Street, bounds_answers_and_events) {
  const auto many = static_cast<std::int64_t>(Presence::told_max) * 2 + 5;
  for (std::int64_t user = 1; user <= many; ++user) members[9].insert(user);
  watch(0, 9);
  for (std::int64_t user = 1; user <= many; ++user) come(0, user);
  const auto told = servers[0].presence->online(9);
  EXPECT_EQ(told.users.size(), Presence::told_max);
  EXPECT_TRUE(told.more);
  EXPECT_EQ(std::set(told.users.begin(), told.users.end()).size(), Presence::told_max);
  std::size_t seen = 0;
  pass(3s);
  for (const Heard& each : heard()) {
    EXPECT_LE(each.online.size(), Presence::told_max);
    seen += each.online.size();
  }
  EXPECT_EQ(seen, static_cast<std::size_t>(many));
}

// -- several servers ------------------------------------------------------------------------------

TEST_F(Street, names_nobody_twice_who_is_on_several_servers) {
  for (const std::size_t i : {0, 1, 2}) come(i, 1);
  come(2, 2);
  watch(0, 7);
  EXPECT_EQ(online(0, 7), (Users{1, 2}));
}

TEST_F(Street, hears_of_users_of_other_servers) {
  come(1, 1);
  come(2, 2);
  watch(0, 7);
  pass(1s);
  EXPECT_EQ(online(0, 7), (Users{1, 2}));
  EXPECT_EQ(heard(), (std::vector<Heard>{{7, {1, 2}, {}}}));
  go(2, 2);
  come(1, 3);
  pass(2s);
  EXPECT_EQ(heard(), (std::vector<Heard>{{7, {3}, {}}}));
  pass(10s);
  EXPECT_EQ(heard(), (std::vector<Heard>{{7, {}, {2}}}));
  EXPECT_EQ(heard(1), std::vector<Heard>{}) << "nobody watches there";
}

TEST_F(Street, thinks_nobody_gone_who_has_moved_to_another_server) {
  come(1, 1);
  watch(0, 7);
  pass(1s);
  heard();
  go(1, 1);
  come(2, 1);
  pass(60s);
  EXPECT_EQ(heard(), std::vector<Heard>{});
  EXPECT_EQ(online(0, 7), Users{1});
}

TEST_F(Street, lets_the_users_of_a_server_go_that_has_died) {
  come(1, 1);
  come(2, 2);
  watch(0, 7);
  pass(1s);
  heard();
  servers[1].is_dead = true;
  pass(120s);
  EXPECT_EQ(heard(), (std::vector<Heard>{{7, {}, {1}}}));
  EXPECT_EQ(online(0, 7), Users{2});
}

TEST_F(Street, is_right_again_after_words_were_lost) {
  come(1, 1);
  watch(0, 7);
  pass(1s);
  is_cut = true;
  go(1, 1);
  come(2, 2);
  pass(20s);
  EXPECT_EQ(online(0, 7), Users{1});
  is_cut = false;
  pass(120s);
  EXPECT_EQ(online(0, 7), Users{2});
}

TEST_F(Street, asks_others_for_nothing_once_nobody_watches) {
  come(1, 1);
  watch(0, 7);
  servers[0].presence->unwatch(7);
  pass(120s);
  said = 0;
  go(1, 1);
  come(2, 2);
  pass(120s);
  EXPECT_EQ(said, 0);
  EXPECT_EQ(heard(), std::vector<Heard>{});
}

TEST_F(Street, costs_nothing_while_nobody_watches) {
  for (int i = 0; i < 100; ++i) come(0, 1);
  for (int i = 0; i < 100; ++i) go(0, 1);
  pass(60s);
  EXPECT_EQ(said, 0);
  EXPECT_EQ(gathered, 0);
}

TEST_F(Street, bears_any_word) {
  come(0, 1);
  watch(0, 7);
  for (const char* text :
       {R"({})", R"({"node":1})", R"({"node":"x"})", R"({"node":"x","ask":7})",
        R"({"node":"x","ask":["7",null,{}]})", R"({"node":"x","joined":[1]})",
        R"({"node":"x","joined":"no"})", R"({"node":"x","group":"7","all":[9]})",
        R"({"node":"x","group":99,"all":[9]})", R"({"node":"x","group":7,"all":{}})",
        R"({"node":"x","group":7,"all":[9.5,"9"],"more":1})", R"({"node":"x","group":7})",
        R"({"node":"node0","group":7,"all":[9]})", R"({"node":"x","group":7,"online":3})"}) {
    servers[0].presence->hear(parse_json(text)->as_object());
  }
  EXPECT_EQ(online(0, 7), Users{1});
  for (int i = 0; i < 1000; ++i) {
    servers[0].presence->hear(
        {{"node", "x" + std::to_string(i)}, {"group", 7}, {"all", JsonArray{i + 100}}});
  }
  EXPECT_LE(online(0, 7).size(), Presence::nodes_max + 1) << "so many servers there are not";
  pass(120s);
  EXPECT_EQ(online(0, 7), Users{1});
}

}  // namespace
}  // namespace coterie::tests
