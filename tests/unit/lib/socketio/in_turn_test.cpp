// What the application says in the middle of something that is done to many sockets: the same order
// on the wire as in the program.
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
  PacketClient connected(unsigned shard) {
    PacketClient client(at, shard);
    client.join();
    client.take();
    return client;
  }

  test::SteppedServer at;
  Namespace& space = at.server.of("/");
};

TEST(InTurn, a_question_to_a_visited_socket_comes_behind_what_was_said_to_all) {
  Fixture f;
  PacketClient client = f.connected(0);
  f.space.all().for_each([&](Socket& socket) {
    f.space.emit("first");
    socket.timeout(std::chrono::seconds(1)).emit_with_ack("second", [](const Result<Args>&) {});
    socket.emit("third");
    f.space.emit("fourth");
  });
  f.at.settle();
  EXPECT_EQ(client.take(),
            (Packets{R"(2["first"])", R"(20["second"])", R"(2["third"])", R"(2["fourth"])"}));
}

TEST(InTurn, a_visited_socket_hears_its_farewell_before_it_is_put_out) {
  Fixture f;
  PacketClient client = f.connected(0);
  f.space.all().for_each([&](Socket& socket) {
    f.space.to(std::string(socket.id())).emit("farewell");
    socket.disconnect();
  });
  f.at.settle();
  EXPECT_EQ(client.take(), (Packets{R"(2["farewell"])", "1"}));
}

TEST(InTurn, sockets_that_are_put_out_one_for_another_do_not_exhaust_the_stack) {
  Fixture f;
  std::vector<std::string> ids;
  f.space.on_connect([&](Socket& socket) { ids.emplace_back(socket.id()); });
  f.space.on_disconnect([&](Socket&, std::string_view) {
    if (ids.empty()) return;
    const std::string next = ids.back();
    ids.pop_back();
    f.space.emit("left");
    f.space.to(next).disconnect_sockets();
  });
  std::vector<PacketClient> clients;
  for (int i = 0; i < 200; ++i) {
    clients.emplace_back(f.at, 0);
    clients.back().join();
  }
  const std::string last = ids.back();
  ids.pop_back();
  f.space.to(last).disconnect_sockets();
  f.at.settle();
  EXPECT_EQ(f.space.socket_count(), 0u);
}

}  // namespace
}  // namespace coterie::socketio
