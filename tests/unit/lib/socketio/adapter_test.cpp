// Two servers that are linked by an adapter: what reaches the other one, and how often.
// SPDX-License-Identifier: MIT
#include "socketio/adapter.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "socketio/socket.hpp"
#include "support/cluster.hpp"
#include "support/packet_client.hpp"

namespace coterie::socketio {
namespace {

using std::chrono::seconds;
using test::PacketClient;
using test::Packets;

struct Fixture {
  Namespace& prepared(test::SteppedServer& at) {
    Namespace& space = at.server.of("/");
    space.on("join", [](Socket& socket, const Json& room) { socket.join(room.as_string()); });
    space.on("do", [this](Socket& socket) { act(socket); });
    return space;
  }
  PacketClient connected(test::SteppedServer& at, unsigned shard, std::string room = "room") {
    PacketClient client(at, shard);
    client.join();
    client.say(R"(2["join",")" + room + R"("])");
    cluster.settle();
    client.take();
    return client;
  }

  std::function<void(Socket&)> act;
  test::Cluster cluster;
  Namespace& first = prepared(cluster.first);
  Namespace& second = prepared(cluster.second);
  PacketClient one = connected(cluster.first, 0);
  PacketClient two = connected(cluster.second, 0);
  PacketClient three = connected(cluster.second, 1, "other");
};

TEST(Adapter, carries_a_broadcast_to_the_other_server_once) {
  Fixture f;
  f.first.emit("n", 1);
  f.cluster.settle();
  for (PacketClient* client : {&f.one, &f.two, &f.three}) {
    EXPECT_EQ(client->take_events(), Packets{R"(["n",1])"});
  }
  EXPECT_EQ(f.cluster.sent(), 1u);  // No echo.
  f.second.to("room").emit("n", Binary{SharedBytes(std::string_view("x"))});
  f.cluster.settle();
  EXPECT_EQ(f.one.take_events(), Packets{R"(["n",{"_placeholder":true,"num":0}])"});
  EXPECT_EQ(f.three.take_events(), Packets{});
  EXPECT_EQ(f.cluster.sent(), 2u);
}

TEST(Adapter, carries_who_is_spared) {
  Fixture f;
  f.first.except("other").emit("n", 1);
  f.first.to("room").to("other").except(f.two.sid()).emit("n", 2);
  f.act = [](Socket& socket) { socket.broadcast().emit("n", 3); };
  f.one.say(R"(2["do"])");
  f.cluster.settle();
  EXPECT_EQ(f.one.take_events(), (Packets{R"(["n",1])", R"(["n",2])"}));
  EXPECT_EQ(f.two.take_events(), (Packets{R"(["n",1])", R"(["n",3])"}));
  EXPECT_EQ(f.three.take_events(), (Packets{R"(["n",2])", R"(["n",3])"}));
}

TEST(Adapter, carries_joining_leaving_and_putting_out) {
  Fixture f;
  f.first.to("other").sockets_join("room");
  f.first.to(f.two.sid()).sockets_leave("room");
  f.first.to("room").emit("n", 1);
  f.cluster.settle();
  EXPECT_EQ(f.two.take_events(), Packets{});
  EXPECT_EQ(f.three.take_events(), Packets{R"(["n",1])"});
  f.first.to(f.two.sid()).disconnect_sockets();
  f.first.to(f.three.sid()).disconnect_sockets(true);
  f.cluster.settle();
  EXPECT_EQ(f.two.take(), Packets{"1"});
  EXPECT_FALSE(f.two.is_gone());
  EXPECT_TRUE(f.three.is_gone());
  EXPECT_EQ(f.second.socket_count(), 0u);
  EXPECT_EQ(f.first.socket_count(), 1u);
  EXPECT_EQ(f.cluster.sent(), 5u);
}

TEST(Adapter, keeps_the_order_in_which_things_were_said) {
  Fixture f;
  Packets expected;
  for (int n = 0; n < 40; ++n) {
    f.cluster.first.on(n % 2, [&] { f.first.emit("n", n); });
    expected.push_back("[\"n\"," + std::to_string(n) + "]");
  }
  f.cluster.settle();
  EXPECT_EQ(f.one.take_events(), expected);
  EXPECT_EQ(f.two.take_events(), expected);
  EXPECT_EQ(f.three.take_events(), expected);
}

TEST(Adapter, is_not_told_what_is_for_this_server_alone) {
  Fixture f;
  f.first.local().emit("n", 1);
  f.first.to("room").local().sockets_join("local");
  f.first.all().for_each([](Socket& socket) { socket.emit("n", 2); });
  f.first.all().fetch_sockets(
      [](const std::vector<RemoteSocket>& sockets) { EXPECT_EQ(sockets.size(), 1u); });
  f.first.all().emit_with_ack("q", [](const Answers&) {});
  f.cluster.settle();
  EXPECT_EQ(f.cluster.sent(), 0u);
  EXPECT_EQ(f.one.take_events(), (Packets{R"(["n",1])", R"(["q"])", R"(["n",2])"}));
  EXPECT_EQ(f.two.take(), Packets{});
}

TEST(Adapter, carries_an_event_of_the_server_to_the_other_one_only) {
  Fixture f;
  std::vector<std::string> heard;
  for (Namespace* space : {&f.first, &f.second}) {
    space->on_server_event("news", [&, space](const Args& args, const ServerAck& ack) {
      heard.push_back((space == &f.first ? "first " : "second ") + to_text(Json(args.values())));
      ack(arguments("goes nowhere"));
    });
  }
  f.first.server_side_emit("news", 1, "two");
  f.first.server_side_emit("unknown");
  f.cluster.settle();
  EXPECT_EQ(heard, std::vector<std::string>{R"(second [1,"two"])"});
  EXPECT_EQ(f.two.take(), Packets{});
}

TEST(Adapter, brings_the_answer_of_the_other_server) {
  Fixture f;
  f.second.on_server_event("sum", [](const Args& args, const ServerAck& ack) {
    ack(arguments(args[0].as_int64() + args[1].as_int64()));
  });
  std::vector<Answers> results;
  f.first.server_side_emit_with_ack(
      "sum", seconds(1), [&](Answers answers) { results.push_back(std::move(answers)); }, 1, 2);
  f.cluster.settle();
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].missing, 0u);
  EXPECT_EQ(results[0].values.at(0)[0], Json(3));
  f.cluster.first.pass(seconds(2));
  EXPECT_EQ(results.size(), 1u);
}

TEST(Adapter, says_that_an_answer_is_missing) {
  Fixture f;
  std::vector<std::size_t> missing;
  f.first.server_side_emit_with_ack(
      "unknown", seconds(1), [&](const Answers& answers) { missing.push_back(answers.missing); });
  f.cluster.settle();
  EXPECT_TRUE(missing.empty());
  f.cluster.first.pass(seconds(1));
  EXPECT_EQ(missing, std::vector<std::size_t>{1});
}

TEST(MemoryAdapter, has_no_other_server_to_ask) {
  test::SteppedServer at;
  Namespace& space = at.server.of("/");
  bool is_heard = false;
  space.on_server_event("q", [&](const Args&, const ServerAck&) { is_heard = true; });
  std::size_t answers = 99;
  space.server_side_emit("q");
  space.server_side_emit_with_ack("q", seconds(1),
                                  [&](const Answers& all) { answers = all.values.size(); });
  EXPECT_FALSE(is_heard);
  EXPECT_EQ(answers, 0u);
}

// -- sessions that wait in one place --------------------------------------------------------------

TEST(SharedSessions, are_found_by_an_adapter_that_takes_its_time) {
  Fixture f;
  f.one.drop();
  f.cluster.settle();
  f.first.to("room").emit("n", 1);
  f.cluster.settle();
  PacketClient again(f.cluster.first, 1);
  again.claim(f.one.pid(), f.one.offset());
  f.cluster.first.settle();
  EXPECT_EQ(again.take(), Packets{});
  f.cluster.settle();
  EXPECT_EQ(again.sid(), f.one.sid());
  EXPECT_EQ(again.take_events(), Packets{R"(["n",1])"});
}

TEST(SharedSessions, do_no_harm_when_their_client_has_left_meanwhile) {
  Fixture f;
  f.one.drop();
  f.cluster.settle();
  PacketClient again(f.cluster.first, 1);
  again.claim(f.one.pid(), f.one.offset());
  f.cluster.first.settle();
  again.drop();
  f.cluster.settle();
  EXPECT_EQ(f.first.socket_count(), 0u);
}

// Numbers are a server's own: another one cannot tell which events are missing, and so lets the
// client begin anew rather than give it the wrong ones.
TEST(SharedSessions, begin_anew_on_another_server) {
  for (const bool has_heard : {true, false}) {
    Fixture f;
    // Both logs hold as many events, so that numbers could be taken for each other.
    if (has_heard) f.first.emit("n", 1);
    f.cluster.settle();
    f.one.take();
    f.one.drop();
    f.cluster.settle();
    f.first.emit("n", 2);
    f.cluster.settle();
    PacketClient again(f.cluster.second, 0);
    again.claim(f.one.pid(), f.one.offset());
    f.cluster.settle();
    EXPECT_NE(again.sid(), f.one.sid());
    EXPECT_EQ(again.take_events(), Packets{});
    f.first.emit("n", 3);
    f.cluster.settle();
    EXPECT_EQ(again.take_events(), Packets{R"(["n",3])"});
  }
}

}  // namespace
}  // namespace coterie::socketio
