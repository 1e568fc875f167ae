// Namespaces that are made when clients ask for them.
// SPDX-License-Identifier: MIT
#include "socketio/namespaces.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "socketio/socket.hpp"
#include "support/packet_client.hpp"
#include "support/stepped_server.hpp"

namespace coterie::socketio {
namespace {

using test::PacketClient;
using test::Packets;
using Names = std::vector<std::string>;

ServerOptions cleaning() {
  ServerOptions options;
  options.cleanup_empty_child_namespaces = true;
  return options;
}

Names names_of(const ParentNamespace& parent) {
  Names names;
  for (const auto& child : parent.children()) names.push_back(child->name());
  return names;
}

const Packets invalid{R"(4/room-2,{"message":"Invalid namespace"})"};

TEST(DynamicNamespace, is_made_once_however_many_shards_ask_in_one_turn) {
  test::SteppedServer at({}, 3);
  ParentNamespace& rooms = at.server.of_pattern(R"(/room-\d+)");
  Names made;
  at.server.on_new_namespace([&](Namespace& space) { made.push_back(space.name()); });
  std::vector<PacketClient> clients;
  for (unsigned i = 0; i < 9; ++i) clients.emplace_back(at, i % 3);
  for (PacketClient& client : clients) client.say("0/room-1,");
  at.settle();
  EXPECT_EQ(made, Names{"/room-1"});
  ASSERT_EQ(names_of(rooms), Names{"/room-1"});
  EXPECT_EQ(rooms.children().front()->socket_count(), 9u);
  rooms.children().front()->emit("hello");
  at.settle();
  for (PacketClient& client : clients) EXPECT_EQ(client.take_events(), Packets{R"(["hello"])"});
}

TEST(DynamicNamespace, has_all_that_is_registered_for_its_parent) {
  test::SteppedServer at;
  Names seen;
  at.server.of_pattern("/room-.")
      .use([&](Socket&, const Next& next) {
        seen.emplace_back("middleware");
        next();
      })
      .on_connect([&](Socket&) { seen.emplace_back("connect"); })
      .on("event", [&](Socket&) { seen.emplace_back("event"); })
      .on_any([&](Socket&, std::string_view, const Args&) { seen.emplace_back("any"); })
      .on_disconnecting([&](Socket&, std::string_view) { seen.emplace_back("disconnecting"); })
      .on_disconnect([&](Socket&, std::string_view) { seen.emplace_back("disconnect"); });
  PacketClient client(at, 0);
  client.join("/room-1");
  client.say(R"(2/room-1,["event"])");
  client.say("1/room-1,");
  at.settle();
  EXPECT_EQ(seen, (Names{"middleware", "connect", "any", "event", "disconnecting", "disconnect"}));
}

TEST(DynamicNamespace, may_be_given_more_when_it_is_made) {
  test::SteppedServer at;
  ParentNamespace& rooms = at.server.of_pattern("/room-.");
  std::size_t siblings = 0;
  at.server.on_new_namespace([&](Namespace& space) {
    siblings = rooms.children().size();
    space.on_connect([&](Socket& socket) { socket.emit("welcome", socket.id()); });
  });
  for (const unsigned shard : {0u, 1u}) {
    PacketClient client(at, shard);
    client.join("/room-1");
    EXPECT_EQ(client.take().back(), R"(2/room-1,["welcome",")" + client.sid() + R"("])");
  }
  EXPECT_EQ(siblings, 1u);
}

TEST(DynamicNamespace, is_of_the_first_parent_that_takes_its_name) {
  test::SteppedServer at;
  ParentNamespace& first = at.server.of_pattern("/a.*");
  ParentNamespace& second = at.server.of_pattern("/.*b");
  PacketClient client(at, 0);
  for (const char* nsp : {"/ab", "/b", "/a"}) client.join(nsp);
  EXPECT_EQ(names_of(first), (Names{"/a", "/ab"}));
  EXPECT_EQ(names_of(second), Names{"/b"});
}

TEST(DynamicNamespace, is_not_made_where_one_was_named_at_the_start) {
  test::SteppedServer at;
  ParentNamespace& parent = at.server.of_pattern(".*");
  Namespace& named = at.server.of("/named");
  PacketClient client(at, 0);
  client.join("/named");
  EXPECT_EQ(named.socket_count(), 1u);
  EXPECT_EQ(names_of(parent), Names{});
}

TEST(DynamicNamespace, is_none_for_a_name_that_only_begins_as_the_pattern) {
  test::SteppedServer at;
  at.server.of_pattern("/room");
  PacketClient client(at, 0);
  client.join("/room-2");
  EXPECT_EQ(client.take(), invalid);
}

TEST(DynamicNamespace, asks_for_the_auth_of_every_client) {
  test::SteppedServer at;
  at.server.of_matching(
      [](std::string_view, const Json& auth) { return auth.as_object().contains("token"); });
  PacketClient friendly(at, 0);
  PacketClient stranger(at, 1);
  friendly.join("/room-2", R"({"token":1})");
  EXPECT_TRUE(friendly.take().front().starts_with("0/room-2,{"));
  stranger.join("/room-2", R"({"other":1})");
  EXPECT_EQ(stranger.take(), invalid);
  stranger.join("/room-2");
  EXPECT_EQ(stranger.take(), invalid);
}

TEST(DynamicNamespace, is_one_of_so_many_at_most) {
  ServerOptions options = cleaning();
  options.limits.dynamic_namespaces_max = 1;
  test::SteppedServer at(options);
  at.server.of_pattern("/room-.");
  at.server.of("/named");
  PacketClient client(at, 0);
  client.join("/room-1");
  client.take();
  client.join("/room-2");
  EXPECT_EQ(client.take(), invalid);
  client.join("/named");
  EXPECT_TRUE(client.take().front().starts_with("0/named,"));
  client.say("1/room-1,");
  at.settle();
  client.join("/room-2");
  EXPECT_TRUE(client.take().front().starts_with("0/room-2,"));
}

TEST(ParentNamespace, speaks_to_the_sockets_of_all_its_children_and_to_no_others) {
  test::SteppedServer at;
  ParentNamespace& rooms = at.server.of_pattern("/room-.");
  at.server.of_pattern("/hall-.");
  at.server.of("/");
  PacketClient one(at, 0);
  PacketClient two(at, 1);
  PacketClient other(at, 0);
  one.join("/room-1");
  two.join("/room-2");
  other.join("/hall-1");
  other.join("/");
  for (PacketClient* client : {&one, &two, &other}) client->take();
  rooms.emit("hello", 1);
  at.settle();
  EXPECT_EQ(one.take(), Packets{R"(2/room-1,["hello",1])"});
  EXPECT_EQ(two.take(), Packets{R"(2/room-2,["hello",1])"});
  EXPECT_EQ(other.take(), Packets{});
}

TEST(EmptyChild, stays_unless_told_otherwise) {
  test::SteppedServer at;
  ParentNamespace& rooms = at.server.of_pattern("/room-.");
  PacketClient client(at, 0);
  client.join("/room-1");
  client.say("1/room-1,");
  at.settle();
  EXPECT_EQ(names_of(rooms), Names{"/room-1"});
}

TEST(EmptyChild, goes_with_its_last_socket_and_comes_again) {
  test::SteppedServer at(cleaning());
  ParentNamespace& rooms = at.server.of_pattern("/room-.");
  int made = 0;
  at.server.on_new_namespace([&](Namespace&) { ++made; });
  PacketClient one(at, 0);
  PacketClient two(at, 1);
  one.join("/room-1");
  two.join("/room-1");
  one.say("1/room-1,");
  at.settle();
  EXPECT_EQ(names_of(rooms), Names{"/room-1"});
  two.drop();
  at.settle();
  EXPECT_EQ(names_of(rooms), Names{});
  one.join("/room-1");
  EXPECT_EQ(names_of(rooms), Names{"/room-1"});
  EXPECT_EQ(made, 2);
}

TEST(EmptyChild, is_there_to_the_end_of_its_last_sockets_handlers) {
  test::SteppedServer at(cleaning());
  ParentNamespace& rooms = at.server.of_pattern("/room-.");
  Names heard;
  rooms.on_disconnecting([&](Socket& socket, std::string_view) {
    socket.to("somewhere").emit("leaving");
    heard.push_back(socket.handshake().query().get("EIO").data());
  });
  rooms.on_disconnect([&](Socket& socket, std::string_view) {
    socket.broadcast().emit("gone");
    socket.on_disconnect([](Socket&, std::string_view) {});
    heard.emplace_back("gone");
  });
  for (const bool is_dropped : {true, false}) {
    PacketClient client(at, 0);
    client.join("/room-1");
    is_dropped ? client.drop() : client.say("1/room-1,");
    at.settle();
  }
  EXPECT_EQ(heard.size(), 4u);
  EXPECT_EQ(names_of(rooms), Names{});
}

TEST(EmptyChild, goes_with_a_socket_that_was_refused) {
  test::SteppedServer at(cleaning());
  ParentNamespace& rooms = at.server.of_pattern("/room-.");
  rooms.use([](Socket&, const Next& next) { next(ConnectError{"no", {}}); });
  PacketClient client(at, 0);
  client.join("/room-1");
  EXPECT_EQ(client.take(), Packets{R"(4/room-1,{"message":"no"})"});
  EXPECT_EQ(names_of(rooms), Names{});
}

TEST(EmptyChild, waits_for_a_socket_whose_middleware_waits) {
  test::SteppedServer at(cleaning());
  ParentNamespace& rooms = at.server.of_pattern("/room-.");
  std::optional<Next> waiting;
  rooms.use([&](Socket&, const Next& next) { waiting = next; });
  PacketClient client(at, 0);
  client.join("/room-1");
  PacketClient other(at, 1);
  other.join("/room-1");
  other.drop();
  at.settle();
  EXPECT_EQ(names_of(rooms), Names{"/room-1"});
  client.drop();
  at.settle();
  EXPECT_EQ(names_of(rooms), Names{});
  (*waiting)();
  at.settle();
}

TEST(EmptyChild, is_not_touched_by_sockets_of_named_namespaces) {
  test::SteppedServer at(cleaning());
  ParentNamespace& rooms = at.server.of_pattern("/room-.");
  Namespace& named = at.server.of("/named");
  PacketClient client(at, 0);
  client.join("/named");
  client.join("/room-1");
  client.say("1/named,");
  at.settle();
  EXPECT_EQ(names_of(rooms), Names{"/room-1"});
  client.say("1/room-1,");
  client.join("/named");
  EXPECT_EQ(named.socket_count(), 1u);
}

TEST(EmptyChild, leaves_what_the_application_has_kept_of_it_harmless) {
  test::SteppedServer at(cleaning());
  ParentNamespace& rooms = at.server.of_pattern("/room-.");
  std::optional<SocketRef> ref;
  std::optional<Ack> ack;
  std::optional<BroadcastOperator> everyone;
  rooms.on("keep", [&](Socket& socket, const Ack& its_ack) {
    ref = socket.ref();
    ack = its_ack;
    everyone = socket.broadcast().to("room");
  });
  PacketClient client(at, 0);
  client.join("/room-1");
  client.say(R"(2/room-1,7["keep"])");
  client.say("1/room-1,");
  at.settle();
  ASSERT_EQ(names_of(rooms), Names{});
  PacketClient successor(at, 0);
  successor.join("/room-1");
  successor.take();
  int called = 0;
  const auto use = [&](int shard) {
    ref->run([&](Socket&) { ++called; });
    ref->dispatch([&](Socket&) { ++called; });
    everyone->emit("hello", shard);
    everyone->sockets_join("other");
    everyone->disconnect_sockets(true);
    everyone->for_each([&](Socket&) { ++called; });
  };
  for (const unsigned shard : {0u, 1u}) at.on(shard, [&] { use(static_cast<int>(shard)); });
  (*ack)("late");
  at.settle();
  EXPECT_EQ(called, 0);
  EXPECT_EQ(successor.take(), Packets{});
}

TEST(EmptyChild, still_tells_who_has_answered_before_it_went) {
  test::SteppedServer at(cleaning());
  ParentNamespace& rooms = at.server.of_pattern("/room-.");
  PacketClient one(at, 0);
  PacketClient two(at, 1);
  one.join("/room-1");
  two.join("/room-1");
  one.take();
  std::vector<Answers> results;
  rooms.children().front()->all().emit_with_ack(
      "question", [&](Answers answers) { results.push_back(std::move(answers)); });
  at.settle();
  EXPECT_EQ(one.take(), Packets{R"(2/room-1,0["question"])"});
  one.say(R"(3/room-1,0["yes"])");
  one.say("1/room-1,");
  two.drop();
  at.settle();
  ASSERT_EQ(names_of(rooms), Names{});
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results.front().values.size(), 1u);
  EXPECT_EQ(results.front().missing, 1u);
}

}  // namespace
}  // namespace coterie::socketio
