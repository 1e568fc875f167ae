// What becomes of a cluster over a stream while Redis is away, and what is known to be missing.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "redis/streams_fixture.hpp"

namespace coterie::redis {
namespace {

using socketio::Socket;
using std::chrono::seconds;
using test::PacketClient;
using test::Packets;
using test::streams::Fixture;
using test::streams::Node;
using test::streams::numbers;

TEST(StreamsAway, lets_wait_what_is_said_while_redis_is_away_and_says_it_once) {
  Fixture f;
  PacketClient a = f.connected(f.one);
  PacketClient b = f.connected(f.two);
  f.take_redis_away();
  for (const int n : {1, 2, 3}) f.say(f.one, n);
  EXPECT_EQ(a.take_events(), Packets{});
  f.bring_redis_back();
  EXPECT_EQ(a.take_events(), numbers({1, 2, 3}));
  EXPECT_EQ(b.take_events(), numbers({1, 2, 3}));
  EXPECT_EQ(f.one.gaps + f.two.gaps, 0);
  EXPECT_EQ(f.one.hearings, 2);
}

TEST(StreamsAway, says_at_once_what_is_for_one_and_need_not_last) {
  Fixture f;
  PacketClient a = f.connected(f.one);
  f.one.space.on("me", [](Socket& socket) {
    socket.at_once().emit("n", 1);
    socket.disconnect();
  });
  a.say(R"(2["me"])");
  f.one.at.settle();
  const Packets heard = a.take();
  ASSERT_EQ(heard.size(), 2u);
  EXPECT_TRUE(heard[0].starts_with(R"(2["n",1)")) << heard[0];
  EXPECT_EQ(heard[1], "1");
}

TEST(StreamsAway, says_again_what_was_on_its_way_when_the_connection_broke) {
  for (const bool has_arrived : {true, false}) {
    Fixture f;
    PacketClient a = f.connected(f.one);
    PacketClient b = f.connected(f.two);
    const std::size_t entries = f.redis.stream.size();
    f.one.bus->is_mute = !has_arrived;
    f.one.bus->is_deaf = has_arrived;
    f.one.bus->waiting.clear();  // So that what has arrived is not read either.
    f.say(f.one, 1);
    f.say(f.one, 2);
    EXPECT_EQ(f.redis.stream.size() - entries, has_arrived ? 2u : 0u);
    f.one.bus->is_mute = f.one.bus->is_deaf = false;
    f.one.bus->cut();
    f.one.bus->come_up();
    f.settle();
    f.say(f.one, 3);
    EXPECT_EQ(a.take_events(), numbers({1, 2, 3}));
    EXPECT_EQ(b.take_events(), numbers({1, 2, 3}));
    EXPECT_EQ(f.redis.stream.size() - entries, 3u);
    EXPECT_EQ(f.one.gaps + f.two.gaps, 0);
  }
}

TEST(StreamsAway, says_all_that_waits_before_it_ends) {
  Fixture f;
  const std::size_t entries = f.redis.stream.size();
  for (int n = 0; n < 1'500; ++n) f.one.space.emit("n", n);
  f.one.adapter->stop();
  f.redis.deliver();
  EXPECT_EQ(f.redis.stream.size() - entries, 1'500u);
}

TEST(StreamsAway, says_again_what_was_lost_when_it_ends_on_a_connection_it_has_not_heard_of) {
  Fixture f;
  PacketClient b = f.connected(f.two);
  f.one.bus->is_mute = true;
  f.say(f.one, 1);
  f.say(f.one, 2);
  f.one.bus->is_mute = false;
  f.one.bus->cut();  // It is connected again, and subscribes to what it wants to hear.
  f.one.space.to("room").emit("n", 3);
  f.one.adapter->stop();
  f.settle();
  EXPECT_EQ(b.take_events(), numbers({1, 2, 3}));
  EXPECT_EQ(f.two.gaps, 0);
}

TEST(StreamsAway, does_not_hear_what_arrives_twice) {
  Fixture f;
  PacketClient a = f.connected(f.one);
  PacketClient b = f.connected(f.two);
  f.say(f.one, 1);
  f.say(f.one, 2);
  auto late = f.redis.stream[f.redis.stream.size() - 2].fields;
  late.insert(late.begin(), {"XADD", "socket.io", "MAXLEN", "~", "9", "*"});
  f.redis.answer(late);
  f.settle();
  f.say(f.one, 3);
  EXPECT_EQ(a.take_events(), numbers({1, 2, 3}));
  EXPECT_EQ(b.take_events(), numbers({1, 2, 3}));
  PacketClient c = f.connected(f.two);
  EXPECT_EQ(f.two.gaps, 0);
}

TEST(StreamsAway, knows_on_every_server_when_too_much_has_waited) {
  Fixture f;
  Node small(f.redis, 3, 8'000);
  f.nodes.push_back(&small);
  f.settle();
  PacketClient a = f.connected(f.one);
  PacketClient away = f.connected(f.two);
  f.say(small, 0);
  f.lose(away);
  f.take_redis_away();
  for (int n = 1; n <= 100; ++n) f.say(small, n);
  f.bring_redis_back();
  const Packets heard = a.take_events();
  EXPECT_LT(heard.size(), 100u);
  EXPECT_EQ(heard.back(), numbers({100}).front());
  EXPECT_EQ(f.one.gaps, 1);
  EXPECT_EQ(f.two.gaps, 1);
  EXPECT_EQ(small.gaps, 1);
  PacketClient again = f.back(away, f.one);
  EXPECT_FALSE(f.one.recovered.back());
}

TEST(StreamsAway, knows_when_redis_has_forgotten_the_stream) {
  Fixture f;
  PacketClient a = f.connected(f.one);
  PacketClient away = f.connected(f.two);
  f.say(f.one, 1);
  f.lose(away);
  f.take_redis_away();
  f.redis.stream.clear();
  f.bring_redis_back();
  EXPECT_EQ(f.one.gaps, 1);
  EXPECT_EQ(f.two.gaps, 1);
  PacketClient again = f.back(away, f.one);
  EXPECT_FALSE(f.one.recovered.back());
  a.take();
  f.say(f.two, 2);
  EXPECT_EQ(a.take_events(), numbers({2}));
}

TEST(StreamsAway, lets_a_client_that_comes_while_redis_is_away_begin_anew_in_time) {
  Fixture f;
  PacketClient a = f.connected(f.one);
  f.lose(a);
  f.take_redis_away();
  PacketClient again = f.back(a, f.two);
  EXPECT_TRUE(f.two.recovered.empty());
  f.pass(seconds(5));
  EXPECT_EQ(f.two.recovered, std::vector{false});
}

TEST(StreamsAway, lets_a_client_wait_for_a_redis_that_is_back_soon) {
  Fixture f;
  PacketClient a = f.connected(f.one);
  f.say(f.one, 1);
  a.take();
  f.lose(a);
  f.take_redis_away();
  PacketClient again = f.back(a, f.two);
  f.say(f.one, 2);
  f.bring_redis_back();
  f.pass(seconds(1));
  EXPECT_EQ(f.two.recovered, std::vector{true});
  EXPECT_EQ(again.take_events(), numbers({2}));
}

TEST(StreamsAway, takes_no_connection_from_another_server_for_a_client_that_does_not_wait) {
  Fixture f;
  PacketClient a = f.connected(f.one);
  f.take_redis_away();
  PacketClient again = f.back(a, f.two);
  f.lose(again);
  f.bring_redis_back();
  f.pass(seconds(1));
  f.say(f.two, 1);
  EXPECT_EQ(a.take_events(), numbers({1}));
}

// How far the stream is, is asked last: the session has left Redis by then.
TEST(StreamsAway, loses_no_session_when_the_connection_breaks_while_it_is_taken) {
  Fixture f;
  PacketClient a = f.connected(f.one);
  f.say(f.one, 1);
  a.take();
  f.lose(a);
  f.two.bus->deaf_to = "XREVRANGE";
  PacketClient again = f.back(a, f.two);
  ASSERT_TRUE(f.redis.values.empty() && f.two.recovered.empty());
  f.two.bus->deaf_to.clear();
  f.two.bus->cut();
  f.two.bus->come_up();
  f.settle();
  EXPECT_EQ(f.two.recovered, std::vector{true});
  f.say(f.one, 2);
  EXPECT_EQ(again.take_events(), numbers({2}));
}

TEST(StreamsAway, asks_again_when_the_connection_breaks_before_a_session_is_found) {
  Fixture f;
  PacketClient a = f.connected(f.one);
  f.lose(a);
  f.two.bus->is_mute = true;
  PacketClient again = f.back(a, f.two);
  f.two.bus->is_mute = false;
  f.two.bus->cut();
  f.two.bus->come_up();
  f.settle();
  EXPECT_EQ(f.two.recovered, std::vector{true});
}

TEST(StreamsAway, asks_again_for_a_session_that_is_on_its_way_to_a_connection_of_before) {
  Fixture f;
  PacketClient a = f.connected(f.one);
  f.lose(a);
  f.two.bus->deaf_to = "XREVRANGE";
  PacketClient before = f.back(a, f.two);
  ASSERT_TRUE(f.redis.values.empty());
  PacketClient now = f.back(a, f.one);
  EXPECT_TRUE(f.one.recovered == std::vector{false} && f.two.recovered.empty());
  f.two.bus->deaf_to.clear();
  f.two.bus->speak();
  f.settle();
  EXPECT_EQ(f.two.recovered, std::vector{true});
  f.pass(std::chrono::milliseconds(20));
  EXPECT_EQ(f.one.recovered, (std::vector{false, true}));
}

TEST(StreamsAway, hears_the_others_once_it_knows_where_the_present_begins) {
  Fixture f;
  Node late(f.redis, 3);
  f.nodes.push_back(&late);
  EXPECT_EQ(late.hearings, 0);
  PacketClient early(late.at, 0);
  early.join("/");
  late.at.settle();
  f.one.space.all().emit("n", 1);
  while (late.hearings == 0) {
    ASSERT_TRUE(f.redis.deliver());
    late.at.settle();
  }
  f.one.space.all().emit("n", 2);
  f.settle();
  EXPECT_EQ(early.take_events().back(), numbers({2}).front());
  EXPECT_EQ(late.hearings, 1);
}

}  // namespace
}  // namespace coterie::redis
