// Who hears a broadcast: rooms, exceptions, and the rooms that bear a socket's id.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "socketio/socket.hpp"
#include "support/packet_client.hpp"
#include "support/stepped_server.hpp"

namespace coterie::socketio {
namespace {

using test::PacketClient;
using test::Packets;

struct Fixture {
  explicit Fixture(ServerOptions options = {}) : at(std::move(options)) {
    space.on("join", [](Socket& socket, const Json& room) { socket.join(room.as_string()); });
    space.on("do", [this](Socket& socket) { act(socket); });
  }
  PacketClient connected(unsigned shard, const std::vector<std::string>& rooms = {}) {
    PacketClient client(at, shard);
    client.join();
    for (const std::string& room : rooms) client.say(R"(2["join",")" + room + R"("])");
    at.settle();
    client.take();
    return client;
  }
  std::size_t heard(PacketClient& client) {
    at.settle();
    return client.take_events().size();
  }

  std::function<void(Socket&)> act;
  test::SteppedServer at;
  Namespace& space = at.server.of("/");
};

TEST(Audience, hears_once_however_many_of_the_rooms_it_is_in) {
  Fixture f;
  PacketClient both = f.connected(0, {"a", "b"});
  PacketClient spared = f.connected(1, {"a", "c"});
  PacketClient none = f.connected(1);
  f.space.to("a").to("b").to("a").to(both.sid()).except("c").emit("n");
  EXPECT_EQ(f.heard(both), 1u);
  EXPECT_EQ(f.heard(spared), 0u);
  EXPECT_EQ(f.heard(none), 0u);
}

// Whoever joins the room of another's id hears what is said there as well, not instead.
TEST(Audience, of_a_sockets_id_is_that_socket_also_when_others_have_joined_its_room) {
  Fixture f;
  PacketClient one = f.connected(0);
  PacketClient other = f.connected(0, {one.sid()});
  f.space.to(one.sid()).emit("n");
  EXPECT_EQ(f.heard(one), 1u);
  EXPECT_EQ(f.heard(other), 1u);
  f.space.to(one.sid()).to("x").emit("n");
  EXPECT_EQ(f.heard(one), 1u);
  EXPECT_EQ(f.heard(other), 1u);
  f.space.except(one.sid()).emit("n");
  EXPECT_EQ(f.heard(one), 0u);
  EXPECT_EQ(f.heard(other), 0u);
}

TEST(Audience, of_a_direct_event_is_its_socket_alone) {
  for (const bool recovery : {false, true}) {
    ServerOptions options;
    if (recovery) options.recovery = RecoveryOptions{};
    Fixture f(options);
    PacketClient one = f.connected(0);
    PacketClient other = f.connected(0, {one.sid()});
    f.act = [](Socket& socket) { socket.emit("private"); };
    one.say(R"(2["do"])");
    EXPECT_EQ(f.heard(one), 1u);
    EXPECT_EQ(f.heard(other), 0u) << recovery;
  }
}

TEST(Audience, of_a_broadcast_of_a_socket_is_everyone_else) {
  Fixture f;
  PacketClient one = f.connected(0, {"a"});
  PacketClient two = f.connected(0, {"a"});
  PacketClient three = f.connected(1);
  f.act = [](Socket& socket) {
    socket.broadcast().emit("n");
    socket.to("a").emit("n");
    socket.except("a").emit("n");
  };
  one.say(R"(2["do"])");
  EXPECT_EQ(f.heard(one), 0u);
  EXPECT_EQ(f.heard(two), 2u);
  EXPECT_EQ(f.heard(three), 2u);
}

TEST(Audience, is_changed_in_the_order_of_the_calls) {
  Fixture f;
  PacketClient client = f.connected(1);
  const BroadcastOperator it = f.space.to(client.sid());
  f.space.to("a").emit("too early");
  it.sockets_join("a");
  f.space.to("a").emit("heard");
  it.sockets_leave("a");
  f.space.to("a").emit("too late");
  f.at.settle();
  EXPECT_EQ(client.take_events(), Packets{R"(["heard"])"});
}

TEST(Audience, is_visited_socket_by_socket_where_each_lives) {
  Fixture f;
  std::vector<PacketClient> clients;
  for (unsigned i = 0; i < 4; ++i) clients.push_back(f.connected(i % 2, {"a"}));
  std::vector<std::size_t> visits(2);
  f.space.to("a").for_each([&](Socket& socket) {
    ++visits[net::Shard::here()->index()];
    socket.disconnect();
  });
  f.at.settle();
  EXPECT_EQ(visits, (std::vector<std::size_t>{2, 2}));
  EXPECT_EQ(f.space.socket_count(), 0u);
}

TEST(Audience, is_visited_no_more_once_it_has_left) {
  Fixture f;
  PacketClient one = f.connected(0);
  PacketClient two = f.connected(0);
  int visits = 0;
  f.space.all().for_each([&](Socket& socket) {
    ++visits;
    for (const PacketClient& client : {one, two}) {
      if (client.sid() != socket.id()) f.space.to(client.sid()).disconnect_sockets();
    }
    socket.broadcast().emit("n");
  });
  f.at.settle();
  // The first puts the other one out at once, before it is its turn.
  EXPECT_EQ(visits, 1);
  EXPECT_EQ(f.space.socket_count(), 1u);
}

TEST(Audience, is_found_on_all_shards_with_rooms_and_data) {
  Fixture f;
  PacketClient one = f.connected(0, {"a", "b"});
  PacketClient two = f.connected(1, {"a"});
  PacketClient three = f.connected(1);
  f.act = [](Socket& socket) { socket.data()["name"] = "one"; };
  one.say(R"(2["do"])");
  f.at.settle();
  std::vector<std::string> found;
  f.space.to("a").fetch_sockets([&](const std::vector<RemoteSocket>& sockets) {
    for (const RemoteSocket& socket : sockets) {
      found.push_back(socket.id + " " + std::to_string(socket.rooms.size()) + " " +
                      to_text(socket.data));
    }
  });
  f.at.settle();
  EXPECT_EQ(found,
            (std::vector<std::string>{one.sid() + R"( 3 {"name":"one"})", two.sid() + " 2 {}"}));
}

}  // namespace
}  // namespace coterie::socketio
