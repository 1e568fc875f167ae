// SPDX-License-Identifier: MIT
#include "socketio/rooms.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "support/sockets.hpp"

namespace coterie::socketio {
namespace {

// Rooms keep a socket's memberships up to date from within, as its friend. So must this test: an
// explicit instantiation may name what is private.
template <auto Member>
struct Opener {
  friend std::vector<Membership>& memberships_of(Socket& socket) { return socket.*Member; }
};
std::vector<Membership>& memberships_of(Socket& socket);
template struct Opener<&Socket::memberships_>;

std::set<const Socket*> members_of(const Rooms& rooms, std::string_view name) {
  std::set<const Socket*> members;
  if (const Room* room = rooms.find(name)) {
    for (const Room::Member& member : room->members) members.insert(member.socket);
  }
  return members;
}

struct Fixture {
  test::Sockets sockets;
  Rooms rooms;

  void join(Socket& socket, std::string_view room) {
    rooms.join(socket, memberships_of(socket), room);
  }
  void leave(Socket& socket, std::string_view room) { rooms.leave(memberships_of(socket), room); }
};

TEST(Rooms, exist_while_somebody_is_in_them) {
  Fixture f;
  Socket& socket = f.sockets.make();
  EXPECT_EQ(f.rooms.find("a"), nullptr);
  f.join(socket, "a");
  EXPECT_EQ(members_of(f.rooms, "a"), std::set<const Socket*>{&socket});
  EXPECT_EQ(f.rooms.find("a")->name, "a");
  EXPECT_EQ(f.rooms.size(), 1u);
  f.leave(socket, "a");
  EXPECT_EQ(f.rooms.find("a"), nullptr);
  EXPECT_EQ(f.rooms.size(), 0u);
}

TEST(Rooms, are_joined_and_left_once_however_often_it_is_asked) {
  Fixture f;
  Socket& first = f.sockets.make();
  Socket& second = f.sockets.make();
  f.join(first, "a");
  f.join(first, "a");
  f.join(second, "a");
  EXPECT_EQ(f.rooms.find("a")->members.size(), 2u);
  EXPECT_EQ(memberships_of(first).size(), 1u);
  f.leave(first, "a");
  f.leave(first, "a");
  f.leave(first, "nothing");
  EXPECT_EQ(members_of(f.rooms, "a"), std::set<const Socket*>{&second});
  f.leave(second, "a");
}

TEST(Rooms, are_all_left_at_once) {
  Fixture f;
  Socket& first = f.sockets.make();
  Socket& second = f.sockets.make();
  for (const char* name : {"a", "b", "c"}) f.join(first, name);
  f.join(second, "b");
  f.rooms.leave_all(memberships_of(first));
  EXPECT_TRUE(memberships_of(first).empty());
  EXPECT_EQ(f.rooms.size(), 1u);
  EXPECT_EQ(members_of(f.rooms, "b"), std::set<const Socket*>{&second});
  f.rooms.leave_all(memberships_of(second));
}

TEST(Rooms, know_who_is_in) {
  Fixture f;
  Socket& first = f.sockets.make();
  Socket& second = f.sockets.make();
  f.join(first, "a");
  f.join(first, "b");
  f.join(second, "b");
  EXPECT_TRUE(f.rooms.is_in(memberships_of(first), "a"));
  EXPECT_TRUE(f.rooms.is_in(memberships_of(second), "b"));
  EXPECT_FALSE(f.rooms.is_in(memberships_of(second), "a"));
  EXPECT_FALSE(f.rooms.is_in(memberships_of(second), "c"));
  f.leave(first, "a");
  EXPECT_FALSE(f.rooms.is_in(memberships_of(first), "a"));
  for (Socket* socket : {&first, &second}) f.rooms.leave_all(memberships_of(*socket));
}

TEST(Rooms, may_have_any_name) {
  Fixture f;
  Socket& socket = f.sockets.make();
  const std::string odd("\0\xFF", 2);
  f.join(socket, odd);
  f.join(socket, "");
  EXPECT_NE(f.rooms.find(odd), nullptr);
  EXPECT_NE(f.rooms.find(""), nullptr);
  EXPECT_EQ(f.rooms.find(std::string_view("\0", 1)), nullptr);
  f.rooms.leave_all(memberships_of(socket));
}

// The index in both directions agrees with itself.
void check(const Rooms& rooms, const std::map<std::string, std::set<Socket*>>& model,
           const std::vector<Socket*>& sockets) {
  ASSERT_EQ(rooms.size(), model.size());
  for (const auto& [name, expected] : model) {
    ASSERT_EQ(members_of(rooms, name), std::set<const Socket*>(expected.begin(), expected.end()));
    const Room& room = *rooms.find(name);
    ASSERT_EQ(room.members.size(), expected.size());
    for (std::size_t place = 0; place < room.members.size(); ++place) {
      const Room::Member& member = room.members[place];
      const Membership& membership = memberships_of(*member.socket).at(member.membership);
      ASSERT_EQ(membership.room, &room);
      ASSERT_EQ(membership.place, place);
    }
  }
  for (Socket* socket : sockets) {
    std::size_t expected = 0;
    for (const auto& [name, members] : model) expected += members.count(socket);
    ASSERT_EQ(memberships_of(*socket).size(), expected);
  }
}

TEST(Rooms, do_what_a_map_of_sets_does) {
  Fixture f;
  test::SeededRandom random(3);
  std::map<std::string, std::set<Socket*>> model;
  std::vector<Socket*> sockets;
  for (int i = 0; i < 40; ++i) sockets.push_back(&f.sockets.make());
  for (int step = 0; step < 20'000; ++step) {
    Socket& socket = *sockets[random.below(sockets.size())];
    // Few large rooms and many small ones, so that either side is the shorter at times.
    const std::string name = std::to_string(random.below(2) ? random.below(4) : random.below(200));
    const std::uint64_t what = random.below(100);
    if (what < 55) {
      f.join(socket, name);
      model[name].insert(&socket);
    } else if (what < 98) {
      f.leave(socket, name);
      if (const auto found = model.find(name); found != model.end()) found->second.erase(&socket);
    } else {
      f.rooms.leave_all(memberships_of(socket));
      for (auto& [room, members] : model) members.erase(&socket);
    }
    std::erase_if(model, [](const auto& room) { return room.second.empty(); });
    if (step % 100 == 0) check(f.rooms, model, sockets);
    ASSERT_FALSE(testing::Test::HasFatalFailure()) << "step " << step;
  }
  for (Socket* socket : sockets) f.rooms.leave_all(memberships_of(*socket));
  EXPECT_EQ(f.rooms.size(), 0u);
}

}  // namespace
}  // namespace coterie::socketio
