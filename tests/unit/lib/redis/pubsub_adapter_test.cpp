// Three servers of one cluster on this thread, and a Redis in memory.
// SPDX-License-Identifier: MIT
#include "redis/pubsub_adapter.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "socketio/socket.hpp"
#include "support/memory_bus.hpp"
#include "support/packet_client.hpp"
#include "support/stepped_server.hpp"

namespace coterie::redis {
namespace {

using socketio::Answers;
using socketio::Args;
using socketio::Namespace;
using socketio::RemoteSockets;
using socketio::Socket;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::PacketClient;
using test::Packets;

struct Node {
  Node(test::MemoryRedis& redis, std::uint64_t seed)
      : random(seed),
        bus(new test::MemoryBus(redis)),
        adapter(
            std::make_shared<PubSubAdapter>(std::unique_ptr<Bus>(bus), PubSubOptions{}, random)),
        at(options(), 2, seed) {
    adapter->start();
    space.on("join", [](Socket& socket, const Json& room) { socket.join(room.as_string()); });
    at.server.of_pattern("/child-.*");
  }
  socketio::ServerOptions options() {
    socketio::ServerOptions options{.cleanup_empty_child_namespaces = true};
    options.adapter = adapter;
    return options;
  }

  test::SeededRandom random;
  test::MemoryBus* bus;
  std::shared_ptr<PubSubAdapter> adapter;
  test::SteppedServer at;
  Namespace& space = at.server.of("/");
};

struct Fixture {
  Fixture() { settle(); }
  void settle() {
    do {
      for (Node* node : nodes) node->at.settle();
    } while (redis.deliver());
    for (Node* node : nodes) node->at.settle();
  }
  void pass(milliseconds time) {
    for (Node* node : nodes) node->at.pass(time);
    for (Node* node : nodes) node->bus->pass(time);
    settle();
  }
  PacketClient connected(Node& node, std::string_view room = "room", std::string_view nsp = "/") {
    PacketClient client(node.at, 0);
    client.join(nsp);
    settle();
    if (nsp == "/") client.say(R"(2["join",")" + std::string(room) + R"("])");
    settle();
    client.take();
    return client;
  }

  test::MemoryRedis redis;
  Node one{redis, 1}, two{redis, 2}, three{redis, 3};
  std::vector<Node*> nodes{&one, &two, &three};
};

TEST(PubSubAdapter, carries_what_is_said_to_the_others_and_does_not_hear_itself) {
  Fixture f;
  PacketClient a = f.connected(f.one);
  PacketClient b = f.connected(f.two);
  f.redis.sent.clear();
  f.one.space.to("room").emit("n", 1);
  f.settle();
  EXPECT_EQ(a.take_events(), Packets{R"(["n",1])"});
  EXPECT_EQ(b.take_events(), Packets{R"(["n",1])"});
  ASSERT_EQ(f.redis.sent.size(), 1u);
  EXPECT_EQ(f.redis.sent.front().first, "socket.io#/#room#");
  f.one.space.to("room").sockets_join("more");
  f.one.space.to("more").except(a.sid()).emit("n", 2);
  f.settle();
  EXPECT_EQ(a.take_events(), Packets{});
  EXPECT_EQ(b.take_events(), Packets{R"(["n",2])"});
  f.one.space.to("more").disconnect_sockets(true);
  f.settle();
  EXPECT_TRUE(a.is_gone());
  EXPECT_TRUE(b.is_gone());
}

TEST(PubSubAdapter, obeys_old_orders_about_one_socket_and_says_so) {
  Fixture f;
  PacketClient a = f.connected(f.one);
  const std::string sid = a.sid();
  f.redis.sent.clear();
  const auto order = [&](const std::string& more) {
    f.redis.publish("socket.io-request#/#", R"({"requestId":"q","sid":")" + sid + R"(",)" + more);
    f.settle();
  };
  order(R"("type":2,"room":"old"})");
  f.two.space.to("old").emit("n", 1);
  f.settle();
  EXPECT_EQ(a.take_events(), Packets{R"(["n",1])"});
  order(R"("type":3,"room":"old"})");
  f.two.space.to("old").emit("n", 2);
  f.settle();
  EXPECT_EQ(a.take_events(), Packets{});
  order(R"("type":4,"close":false})");
  EXPECT_EQ(a.take(), Packets{"1"});
  const auto answers = std::ranges::count(
      f.redis.sent,
      std::pair<std::string, std::string>("socket.io-response#/#", R"({"requestId":"q"})"));
  EXPECT_EQ(answers, 3);
}

TEST(PubSubAdapter, answers_who_is_there_to_old_servers_and_new) {
  Fixture f;
  PacketClient a = f.connected(f.one, "attic");
  f.redis.sent.clear();
  f.redis.publish("socket.io-request#/#",
                  R"({"uid":"old","requestId":"q","type":0,"rooms":["attic"]})");
  f.redis.publish("socket.io-request#/#", R"({"uid":"old","requestId":"r","type":1})");
  f.settle();
  std::vector<std::string> answers;
  for (const auto& [channel, message] : f.redis.sent) {
    if (channel == "socket.io-response#/#old#") answers.push_back(message);
  }
  std::ranges::sort(answers, {}, &std::string::size);
  ASSERT_EQ(answers.size(), 6u);  // Two of each server; those of the others are empty.
  EXPECT_EQ(answers[4], R"({"requestId":"q","sockets":[")" + a.sid() + R"("]})");
  EXPECT_EQ(answers[5], R"({"requestId":"r","rooms":[")" + a.sid() + R"(","attic"]})");
}

TEST(PubSubAdapter, finds_the_sockets_of_all_servers) {
  Fixture f;
  PacketClient a = f.connected(f.one);
  PacketClient b = f.connected(f.two);
  PacketClient c = f.connected(f.three, "other");
  std::vector<std::string> found;
  std::size_t missing = 99;
  f.one.space.to("room").fetch_sockets([&](const RemoteSockets& sockets) {
    for (const auto& socket : sockets) found.push_back(socket.id);
    missing = sockets.missing_servers;
  });
  f.settle();
  EXPECT_EQ(missing, 0u);
  EXPECT_EQ(found, (std::vector<std::string>{a.sid(), b.sid()}));
}

TEST(PubSubAdapter, says_which_servers_are_missing_when_time_is_up) {
  Fixture f;
  PacketClient a = f.connected(f.one);
  // A server that is counted, and never answers.
  test::MemoryBus silent(f.redis);
  silent.start([](std::string_view, std::string_view) {}, [](Bus::Hearing) {});
  silent.subscribe("socket.io-request#/#");
  std::vector<std::size_t> missing;
  f.one.space.all().fetch_sockets(
      [&](const RemoteSockets& sockets) { missing.push_back(sockets.missing_servers); });
  f.one.space.server_side_emit_with_ack(
      "nobody", seconds(5), [&](const Answers& answers) { missing.push_back(answers.missing); });
  f.settle();
  EXPECT_TRUE(missing.empty());
  f.pass(seconds(5));
  EXPECT_EQ(missing, (std::vector<std::size_t>{1, 3}));
}

TEST(PubSubAdapter, says_at_once_that_nobody_can_be_asked_while_redis_is_away) {
  Fixture f;
  PacketClient a = f.connected(f.one);
  f.redis.is_up = false;
  std::vector<std::size_t> missing;
  f.one.space.all().fetch_sockets(
      [&](const RemoteSockets& sockets) { missing.push_back(sockets.missing_servers); });
  f.one.space.server_side_emit_with_ack(
      "name", seconds(5), [&](const Answers& answers) { missing.push_back(answers.missing); });
  f.settle();
  EXPECT_EQ(missing, (std::vector<std::size_t>{1, 1}));
}

TEST(PubSubAdapter, waits_for_its_own_clients_while_redis_is_away) {
  Fixture f;
  PacketClient a = f.connected(f.one);
  PacketClient b = f.connected(f.two);
  f.redis.is_up = false;
  std::vector<std::string> answered;
  f.one.space.all().emit_with_ack("q", [&](const Answers& answers) {
    for (const Args& args : answers.values) answered.push_back(to_text(args[0]));
    answered.push_back("missing " + std::to_string(answers.missing));
  });
  f.settle();
  EXPECT_TRUE(answered.empty());
  a.say(R"(30["a"])");
  f.settle();
  EXPECT_EQ(answered, (std::vector<std::string>{R"("a")", "missing 1"}));
}

TEST(PubSubAdapter, says_that_nobody_could_be_asked_when_too_much_waits) {
  Fixture f;
  PacketClient a = f.connected(f.one);
  f.one.bus->is_full = true;
  std::vector<std::size_t> missing;
  const auto note = [&](const Answers& answers) { missing.push_back(answers.missing); };
  f.one.space.all().fetch_sockets(
      [&](const RemoteSockets& sockets) { missing.push_back(sockets.missing_servers); });
  f.one.space.server_side_emit_with_ack("name", seconds(5), note);
  f.one.space.to("nobody").emit_with_ack("q", note);
  f.settle();
  EXPECT_EQ(missing, (std::vector<std::size_t>{1, 1, 1}));
}

TEST(PubSubAdapter, asks_clients_of_all_servers) {
  Fixture f;
  PacketClient a = f.connected(f.one);
  PacketClient b = f.connected(f.two);
  std::vector<std::string> answered;
  f.one.space.all().emit_with_ack("q", [&](const Answers& answers) {
    for (const Args& args : answers.values) answered.push_back(to_text(args[0]));
    answered.push_back("missing " + std::to_string(answers.missing));
  });
  f.settle();
  EXPECT_EQ(a.take(), Packets{R"(20["q"])"});
  EXPECT_EQ(b.take(), Packets{R"(20["q"])"});
  b.say(R"(30["b","more"])");
  f.settle();
  EXPECT_TRUE(answered.empty());
  a.say(R"(30["a"])");
  f.settle();
  EXPECT_EQ(answered, (std::vector<std::string>{R"("b")", R"("a")", "missing 0"}));
}

TEST(PubSubAdapter, waits_for_its_own_clients_though_those_of_an_uncounted_server_answer) {
  struct Listener : socketio::AnswersListener {
    void on_asked(std::size_t sockets) override { asked = sockets; }
    void on_answer(Args) override { ++answers; }
    void on_left() override {}
    void on_timeout() override {}
    std::size_t asked = 0, answers = 0;
  };
  const auto listener = std::make_shared<Listener>();
  ClientsQuestion question(listener);
  for (int i = 0; i < 2; ++i) {
    question.on_response(decode_response(encode_client_ack("q", Args({Json(i)}, {}))).value());
  }
  question.on_count(0);  // It has subscribed behind the count, and before the question.
  EXPECT_EQ(listener->answers, 2u);
  EXPECT_EQ(listener->asked, 2u);
  question.on_response(decode_response(encode_client_count("q", 3)).value());
  EXPECT_TRUE(question.is_over());
}

TEST(PubSubAdapter, knows_which_clients_of_others_have_not_answered) {
  Fixture f;
  PacketClient b = f.connected(f.two);
  std::vector<std::size_t> missing;
  f.one.space.all().timeout(seconds(1)).emit_with_ack("q", [&](const Answers& answers) {
    missing.push_back(answers.missing);
  });
  f.settle();
  EXPECT_TRUE(missing.empty());
  f.pass(seconds(2));
  EXPECT_EQ(missing, std::vector<std::size_t>{1});
}

TEST(PubSubAdapter, servers_tell_and_ask_each_other) {
  Fixture f;
  std::vector<std::string> heard;
  for (Node* node : f.nodes) {
    node->space.on_server_event("name",
                                [&, node](const Args& args, const socketio::ServerAck& ack) {
                                  heard.push_back(to_text(Json(args.values())));
                                  ack(socketio::arguments(node == &f.two ? "two" : "three"));
                                  ack(socketio::arguments("a second answer goes nowhere"));
                                });
  }
  f.one.space.server_side_emit("name", 1);
  std::vector<std::string> answers;
  f.one.space.server_side_emit_with_ack(
      "name", seconds(1),
      [&](const Answers& all) {
        for (const Args& args : all.values) answers.push_back(to_text(args[0]));
      },
      2);
  f.settle();
  EXPECT_EQ(heard, (std::vector<std::string>{"[1]", "[1]", "[2]", "[2]"}));
  EXPECT_EQ(answers, (std::vector<std::string>{R"("two")", R"("three")"}));
}

TEST(PubSubAdapter, is_in_namespaces_that_clients_make_until_they_are_gone) {
  Fixture f;
  const std::size_t before = f.two.bus->subscriptions();
  PacketClient a = f.connected(f.one, "", "/child-1");
  PacketClient b = f.connected(f.two, "", "/child-1");
  EXPECT_EQ(f.two.bus->subscriptions(), before + 4);
  f.redis.publish("socket.io-request#/child-1#",
                  R"({"type":4,"opts":{"rooms":["nobody"],"except":[]},"close":true})");
  f.settle();
  EXPECT_FALSE(b.is_gone());
  b.close();
  f.settle();
  EXPECT_EQ(f.two.bus->subscriptions(), before);
  PacketClient again = f.connected(f.two, "", "/child-1");
  EXPECT_EQ(f.two.bus->subscriptions(), before + 4);
}

TEST(PubSubAdapter, touches_nothing_once_it_is_stopped) {
  Fixture f;
  PacketClient a = f.connected(f.one);
  f.one.adapter->stop();
  f.two.space.emit("n", 1);
  f.one.space.server_side_emit_with_ack("q", seconds(1), [](const Answers&) { FAIL(); });
  f.settle();
  EXPECT_EQ(a.take_events(), Packets{});
}

TEST(PubSubAdapter, says_when_the_others_are_heard_again) {
  test::MemoryRedis redis;
  auto* bus = new test::MemoryBus(redis);
  std::vector<bool> heard;
  PubSubAdapter adapter(std::unique_ptr<Bus>(bus), {.on_hearing = [&](bool may_have_lost) {
                          heard.push_back(may_have_lost);
                        }});
  adapter.start();
  bus->hear_again(false);
  bus->hear_again(true);
  EXPECT_EQ(heard, (std::vector{false, true}));
}

TEST(PubSubAdapter, counts_nonsense_and_does_nothing_about_it) {
  Fixture f;
  PacketClient a = f.connected(f.one);
  for (const char* channel : {"socket.io#/#", "socket.io-request#/#", "socket.io-response#/#"}) {
    for (const std::string message : {"", "{", "\xc1", "\xc0", "null"}) {
      f.redis.publish(channel, message);
    }
  }
  f.settle();
  EXPECT_EQ(f.one.adapter->malformed(), 15u);
  EXPECT_EQ(a.take(), Packets{});
}

}  // namespace
}  // namespace coterie::redis
