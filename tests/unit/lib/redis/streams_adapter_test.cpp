// What is said and asked over a stream, and who comes back: on two servers of one cluster.
// SPDX-License-Identifier: MIT
#include "redis/streams_adapter.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "redis/streams_fixture.hpp"

namespace coterie::redis {
namespace {

using socketio::Answers;
using socketio::Args;
using socketio::RemoteSockets;
using socketio::Socket;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::PacketClient;
using test::Packets;
using test::streams::Fixture;
using test::streams::Node;
using test::streams::numbers;

TEST(StreamsAdapter, delivers_what_is_said_on_all_servers_in_the_order_of_the_stream) {
  Fixture f;
  PacketClient a = f.connected(f.one);
  PacketClient b = f.connected(f.two);
  f.one.space.to("room").emit("n", 1);
  f.two.space.to("room").emit("n", 2);
  f.one.at.settle();
  EXPECT_EQ(a.take_events(), Packets{});  // Not before it has its place.
  f.settle();
  const Packets heard = a.take_events();
  EXPECT_EQ(heard.size(), 2u);
  EXPECT_EQ(heard, b.take_events());
  EXPECT_EQ(a.offset(), f.redis.last.text());
  EXPECT_EQ(a.offset(), b.offset());
}

TEST(StreamsAdapter, moves_and_disconnects_sockets_in_the_same_order) {
  Fixture f;
  PacketClient a = f.connected(f.one);
  PacketClient b = f.connected(f.two);
  f.one.space.to("room").sockets_join("more");
  f.one.space.to("more").emit("n", 1);
  f.one.space.to("more").sockets_leave("more");
  f.one.space.to("more").emit("n", 2);
  f.settle();
  EXPECT_EQ(a.take_events(), numbers({1}));
  EXPECT_EQ(b.take_events(), numbers({1}));
  f.two.space.to("room").disconnect_sockets();
  f.settle();
  EXPECT_EQ(a.take(), Packets{"1"});
  EXPECT_EQ(b.take(), Packets{"1"});
}

TEST(StreamsAdapter, does_not_let_what_is_volatile_or_local_wait_nor_keeps_it) {
  Fixture f;
  PacketClient a = f.connected(f.one);
  PacketClient b = f.connected(f.two);
  f.say(f.one, 1);
  a.take(), b.take();
  const std::string offset = a.offset();
  const std::size_t entries = f.redis.stream.size();
  f.one.space.all().as_volatile().emit("n", 2);
  f.one.space.local().emit("n", 3);
  f.one.at.settle();
  EXPECT_EQ(a.take_events(), numbers({2, 3}));
  f.settle();
  EXPECT_EQ(b.take_events(), numbers({2}));
  EXPECT_EQ(a.offset(), offset);
  EXPECT_EQ(b.offset(), offset);
  EXPECT_EQ(f.redis.stream.size(), entries);
}

TEST(StreamsAdapter, brings_a_direct_event_to_its_socket_alone) {
  Fixture f;
  PacketClient a = f.connected(f.one);
  PacketClient b = f.connected(f.two, a.sid());  // In the room of its name.
  f.one.space.on("me", [](Socket& socket) { socket.emit("n", 1); });
  a.say(R"(2["me"])");
  f.settle();
  EXPECT_EQ(a.take_events(), numbers({1}));
  EXPECT_EQ(b.take_events(), Packets{});
  f.one.space.to(a.sid()).emit("n", 2);
  f.settle();
  EXPECT_EQ(b.take_events(), numbers({2}));
}

TEST(StreamsAdapter, lets_a_client_continue_on_another_server_and_brings_what_it_has_missed) {
  for (const bool forth : {true, false}) {
    Fixture f;
    Node& from = forth ? f.one : f.two;
    Node& to = forth ? f.two : f.one;
    PacketClient a = f.connected(from);
    a.say(R"(2["note",[1,{"x":null}]])");
    f.say(from, 1);
    a.take();
    f.lose(a);
    f.say(from, 2);
    f.say(to, 3);
    to.space.to("elsewhere").emit("n", 100);
    to.space.to(a.sid()).emit("n", 4);
    f.settle();
    PacketClient again = f.back(a, to);
    EXPECT_EQ(again.sid(), a.sid());
    EXPECT_EQ(to.recovered, std::vector{true});
    f.say(from, 5);
    EXPECT_EQ(again.take_events(), numbers({2, 3, 4, 5}));
    f.lose(again);
    f.say(to, 6);
    PacketClient third = f.back(again, from);
    EXPECT_EQ(third.take_events(), numbers({6}));
    EXPECT_TRUE(f.redis.values.empty());
  }
}

TEST(StreamsAdapter, lets_one_continue_who_has_heard_nothing_yet) {
  Fixture f;
  f.say(f.one, 1);
  PacketClient a = f.connected(f.one);
  f.lose(a);
  f.say(f.two, 2);
  PacketClient again = f.back(a, f.two);
  EXPECT_EQ(again.take_events(), numbers({2}));
}

TEST(StreamsAdapter, hands_a_session_out_once) {
  Fixture f;
  PacketClient a = f.connected(f.one);
  f.say(f.one, 1);
  f.lose(a);
  PacketClient first = f.back(a, f.two);
  f.lose(first);
  f.redis.values.clear();  // Its time was up.
  PacketClient second = f.back(a, f.two);
  EXPECT_EQ(f.two.recovered, (std::vector{true, false}));
  EXPECT_NE(second.sid(), a.sid());
}

TEST(StreamsAdapter, keeps_the_session_of_a_client_that_is_lost_again_while_it_waits) {
  Fixture f;
  PacketClient a = f.connected(f.one);
  f.say(f.one, 1);
  a.take();
  f.lose(a);
  PacketClient hasty(f.two.at, 1);
  hasty.claim(a.pid(), a.offset(), "/");
  f.two.at.settle();
  hasty.drop();
  f.two.at.settle();
  f.settle();  // Only now Redis hands out the session.
  EXPECT_TRUE(f.two.recovered.empty());
  f.say(f.two, 2);
  PacketClient again = f.back(a, f.one);
  EXPECT_EQ(f.one.recovered, (std::vector{false, true}));
  EXPECT_EQ(again.take_events(), numbers({2}));
}

TEST(StreamsAdapter,
     gives_a_session_that_a_client_has_not_waited_for_to_the_same_one_that_asks_again) {
  Fixture f;
  PacketClient a = f.connected(f.one);
  f.say(f.one, 1);
  a.take();
  f.lose(a);
  auto reading = std::exchange(f.two.bus->waiting, {});  // It lies behind.
  f.say(f.one, 2);
  PacketClient hasty = f.back(a, f.two);
  hasty.drop();
  f.settle();
  PacketClient again = f.back(a, f.two);
  EXPECT_TRUE(f.two.recovered.empty());
  f.two.bus->waiting = std::move(reading);
  f.settle();
  EXPECT_EQ(f.two.recovered, std::vector{true});
  EXPECT_EQ(again.sid(), a.sid());
  EXPECT_EQ(again.take_events(), numbers({2}));
}

TEST(StreamsAdapter, lets_all_begin_anew_who_ask_at_once_for_a_session_that_has_gone) {
  Fixture f;
  PacketClient a = f.connected(f.one);
  f.lose(a);
  f.redis.values.clear();
  std::vector<PacketClient> all;
  for (int i = 0; i < 3; ++i) all.emplace_back(f.two.at, 1).claim(a.pid(), a.offset());
  f.settle();
  f.pass(milliseconds(1));
  EXPECT_EQ(f.two.recovered, (std::vector{false, false, false}));
}

TEST(StreamsAdapter, says_that_nobody_could_be_asked_when_too_much_waits) {
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

TEST(StreamsAdapter, lets_a_client_begin_anew_when_too_much_waits) {
  Fixture f;
  PacketClient a = f.connected(f.one);
  f.lose(a);
  f.two.bus->is_full = true;
  PacketClient again = f.back(a, f.two);
  EXPECT_EQ(f.two.recovered, std::vector{false});
}

TEST(StreamsAdapter, counts_what_answers_and_sessions_hold_while_they_wait) {
  Fixture f;
  f.two.space.on_server_event("q", [&](const Args&, const socketio::ServerAck& ack) {
    ack(socketio::arguments(std::string(10'000, 'x')));
  });
  std::size_t before = f.two.bus->bytes_posted;
  f.one.space.server_side_emit_with_ack("q", seconds(1), [](const Answers&) {});
  f.settle();
  EXPECT_GT(f.two.bus->bytes_posted - before, 10'000u);
  PacketClient a = f.connected(f.one, std::string(10'000, 'r'));
  before = f.one.bus->bytes_posted;
  f.lose(a);
  EXPECT_GT(f.one.bus->bytes_posted - before, 10'000u);
}

TEST(StreamsAdapter, reads_once_though_what_it_asks_waits_for_the_connection_after_the_next) {
  Fixture f;
  PacketClient a = f.connected(f.one);
  f.one.bus->cut();
  f.one.bus->is_mute = true;
  f.one.bus->come_up();
  f.one.bus->come_up();
  const std::size_t reads = f.one.bus->reads;
  f.one.bus->speak();
  f.settle();
  EXPECT_EQ(f.one.bus->reads - reads, 2u);  // What there is, and then it waits.
  f.say(f.two, 1);
  EXPECT_EQ(a.take_events(), numbers({1}));
}

TEST(StreamsAdapter, lets_a_client_continue_whose_dead_connection_another_server_still_holds) {
  Fixture f;
  PacketClient a = f.connected(f.one);
  f.say(f.one, 1);
  a.take();
  a.stop_polling();
  f.settle();
  f.say(f.one, 2);
  PacketClient again = f.back(a, f.two);
  EXPECT_EQ(f.two.recovered, std::vector{true});
  EXPECT_EQ(again.sid(), a.sid());
  f.say(f.two, 3);
  EXPECT_EQ(f.one.space.socket_count(), 0u);
}

TEST(StreamsAdapter, begins_anew_for_a_session_of_another_namespace_or_of_nobody) {
  Fixture f;
  PacketClient a = f.connected(f.one, "", "/child-1");
  f.lose(a);
  PacketClient elsewhere = f.back(a, f.two);
  EXPECT_EQ(f.two.recovered, std::vector{false});
  for (const char* session : {"", "{", "{}", "gqN", R"({"sid":"x","pid":"y"})"}) {
    f.redis.values["sio:session:" + std::string(20, 'p')] = session;
    PacketClient client(f.two.at, 0);
    client.claim(std::string(20, 'p'), f.redis.last.text());
    f.settle();
    EXPECT_FALSE(f.two.recovered.back()) << session;
  }
}

TEST(StreamsAdapter, brings_a_client_from_one_that_has_gone_to_one_that_has_just_started) {
  Fixture f;
  PacketClient a = f.connected(f.one);
  f.say(f.one, 1);
  a.take();
  f.lose(a);
  f.say(f.one, 2);
  Node three(f.redis, 3);
  f.nodes.push_back(&three);
  f.settle();
  f.say(three, 3);
  PacketClient again = f.back(a, three);
  EXPECT_EQ(three.recovered, std::vector{true});
  EXPECT_EQ(again.take_events(), numbers({2, 3}));
}

TEST(StreamsAdapter, does_not_deliver_the_past_to_clients_of_a_server_that_starts) {
  Fixture f;
  f.say(f.one, 1);
  f.one.space.all().sockets_join("past");
  f.settle();
  f.redis.is_up = false;
  Node three(f.redis, 3);
  f.nodes = {&three};
  PacketClient early(three.at, 0);
  early.join();
  f.redis.is_up = true;
  three.bus->come_up();
  f.settle();
  early.take();
  f.two.space.to("past").emit("n", 2);
  f.two.space.emit("n", 3);
  f.nodes = {&f.one, &f.two, &three};
  f.settle();
  EXPECT_EQ(early.take_events(), numbers({3}));
}

TEST(StreamsAdapter, keeps_the_past_of_namespaces_that_clients_bring_along) {
  Fixture f;
  PacketClient a = f.connected(f.one, "", "/child-1");
  PacketClient stays = f.connected(f.one, "", "/child-1");
  f.lose(a);
  // As another server would say it there.
  f.redis.answer(
      {"XADD", "socket.io", "MAXLEN", "~", "9", "*", "uid", "node", "nsp", "/child-1", "type", "3",
       "data",
       R"({"packet":{"type":2,"data":["n",1]},"opts":{"rooms":[],"except":[],"flags":{}}})"});
  f.settle();
  EXPECT_EQ(stays.take_events(), numbers({1}));
  PacketClient again = f.back(a, f.two, "/child-1");
  EXPECT_EQ(again.sid(), a.sid());
  EXPECT_EQ(again.take_events(), numbers({1}));
}

TEST(StreamsAdapter, finds_asks_and_tells_all_servers) {
  Fixture f;
  PacketClient a = f.connected(f.one);
  PacketClient b = f.connected(f.two);
  RemoteSockets found;
  f.one.space.all().fetch_sockets([&](RemoteSockets sockets) { found = std::move(sockets); });
  f.settle();
  EXPECT_EQ(found.size(), 2u);
  EXPECT_EQ(found.missing_servers, 0u);
  Args heard;
  f.two.space.on_server_event("q", [&](const Args& args, const socketio::ServerAck& ack) {
    heard = args;
    ack(socketio::arguments("an answer"));
  });
  Answers answers;
  f.one.space.server_side_emit_with_ack(
      "q", seconds(1), [&](Answers all) { answers = std::move(all); }, 7);
  f.settle();
  EXPECT_EQ(heard[0], Json(7));
  ASSERT_EQ(answers.values.size(), 1u);
  EXPECT_EQ(answers.values[0][0], Json("an answer"));
  Answers of_clients;
  f.one.space.all().emit_with_ack("who", [&](Answers all) { of_clients = std::move(all); });
  f.settle();
  const auto answer = [&](PacketClient& client, const std::string& name) {
    const Packets packets = client.take();
    ASSERT_EQ(packets.size(), 1u);
    const std::string id = packets[0].substr(1, packets[0].find('[') - 1);
    client.say("3" + id + "[\"" + name + "\"]");
  };
  answer(a, "a");
  answer(b, "b");
  f.settle();
  EXPECT_EQ(of_clients.values.size(), 2u);
  EXPECT_EQ(of_clients.missing, 0u);
}

TEST(StreamsAdapter, passes_over_nonsense) {
  Fixture f;
  PacketClient a = f.connected(f.one);
  const std::vector<Command> entries{
      {},
      {"nsp"},
      {"nsp", "/"},
      {"nsp", "/", "type", "3"},
      {"nsp", "/", "type", "3", "data", ""},
      {"nsp", "/", "type", "3", "data", "{"},
      {"nsp", "/", "type", "3", "data", "{}"},
      {"nsp", "/", "type", "3", "data", "gqN"},
      {"nsp", "/", "type", "99", "data", "{}"},
      {"nsp", "/", "type", "-3", "data", "{}"},
      {"nsp", "/nobody", "type", "3", "data", "{}"},
      {"nsp", "/", "type", "4", "data", R"({"opts":{"rooms":7},"rooms":["x"]})"},
      {"nsp", "/", "type", "6", "data", R"({"opts":null,"close":true})"},
      {"nsp", "/", "type", "7", "data", R"({"opts":{},"requestId":"x"})"},
      {"nsp", "/", "type", "3", "data", R"({"packet":{"type":2,"data":["disconnect"]},"opts":{}})"},
      {"nsp", "/", "type", "3", "n", "99999999999999999999999", "uid", "x", "data", "{}"},
  };
  for (Command fields : entries) {
    fields.insert(fields.begin(), {"XADD", "socket.io", "MAXLEN", "~", "9", "*"});
    f.redis.answer(fields);
  }
  for (const char* message : {"", "\xc1", "\x93", "{", "\x81\xa1x"}) {
    f.redis.publish("socket.io#/#", message);
    f.redis.publish("socket.io-cede#/#", message);
  }
  f.settle();
  f.say(f.two, 1);
  EXPECT_EQ(a.take_events(), numbers({1}));
  EXPECT_GT(f.one.adapter->malformed(), 10u);
  EXPECT_EQ(f.one.gaps, 0);
}

}  // namespace
}  // namespace coterie::redis
