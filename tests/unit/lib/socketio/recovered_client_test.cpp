// Clients that come back, on shards that take their turns by hand.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "socketio/socket.hpp"
#include "support/packet_client.hpp"
#include "support/stepped_server.hpp"

namespace coterie::socketio {
namespace {

using std::chrono::seconds;
using test::PacketClient;
using test::Packets;

struct Fixture {
  explicit Fixture(RecoveryOptions recovery = {}, ServerOptions more = {})
      : at(with(std::move(more), recovery)), space(at.server.of("/")) {
    space.on("join", [](Socket& socket, const Json& room) { socket.join(room.as_string()); });
    space.on("leave", [](Socket& socket, const Json& room) { socket.leave(room.as_string()); });
    space.on_connect([this](Socket& socket) { recovered.push_back(socket.is_recovered()); });
    space.on_disconnect([this](Socket&, std::string_view reason) { left.emplace_back(reason); });
  }
  static ServerOptions with(ServerOptions options, RecoveryOptions recovery) {
    options.recovery = recovery;
    options.allow_eio3 = true;
    return options;
  }
  PacketClient connected(unsigned shard, std::string_view room = "") {
    PacketClient client(at, shard);
    client.join();
    if (!room.empty()) client.say(R"(2["join",")" + std::string(room) + R"("])");
    at.settle();
    client.take();
    return client;
  }
  // A new connection of who was `before`.
  PacketClient back(const PacketClient& before, unsigned shard) {
    return back(before, shard, before.offset());
  }
  PacketClient back(const PacketClient& before, unsigned shard, std::string_view offset) {
    PacketClient client(at, shard);
    client.claim(before.pid(), offset);
    at.settle();
    return client;
  }
  void lose(PacketClient& client) {
    client.drop();
    at.settle();
  }
  void say(int n, std::string room = "room") { space.to(std::move(room)).emit("n", n); }

  test::SteppedServer at;
  Namespace& space;
  std::vector<bool> recovered;
  std::vector<std::string> left;
};

TEST(RecoveredClient, has_its_id_its_rooms_and_its_data_again) {
  Fixture f;
  f.space.on("remember", [](Socket& socket, const Json& what) { socket.data()["what"] = what; });
  std::vector<std::string> rooms;
  JsonObject data;
  f.space.on("facts", [&](Socket& socket) {
    rooms = socket.rooms();
    data = socket.data();
  });
  PacketClient client = f.connected(0, "room");
  client.say(R"(2["remember",{"deep":[1]}])");
  f.at.settle();
  f.lose(client);
  PacketClient again = f.back(client, 1);
  EXPECT_EQ(again.sid(), client.sid());
  EXPECT_EQ(again.pid(), client.pid());
  EXPECT_EQ(f.recovered, (std::vector{false, true}));
  again.say(R"(2["facts"])");
  f.at.settle();
  EXPECT_EQ(rooms, (std::vector<std::string>{client.sid(), "room"}));
  EXPECT_EQ(to_text(data), R"({"what":{"deep":[1]}})");
}

TEST(RecoveredClient, hears_what_it_has_missed_before_it_is_told_that_it_is_connected) {
  Fixture f;
  PacketClient client = f.connected(0, "room");
  f.lose(client);
  f.say(1);
  f.say(100, "elsewhere");
  f.space.emit("n", 2);
  f.space.to(client.sid()).emit("n", 3);
  f.space.to("room").except(client.sid()).emit("n", 100);
  f.at.settle();
  PacketClient again = f.back(client, 1);
  const Packets packets = again.take();
  ASSERT_EQ(packets.size(), 4u);
  EXPECT_TRUE(packets[0].starts_with(R"(2["n",1,")"));
  EXPECT_TRUE(packets[1].starts_with(R"(2["n",2,")"));
  EXPECT_TRUE(packets[2].starts_with(R"(2["n",3,")"));
  EXPECT_TRUE(packets[3].starts_with(R"(0{"sid":")" + client.sid()));
}

TEST(RecoveredClient, hears_once_what_waits_in_its_new_shards_inbox) {
  Fixture f;
  PacketClient client = f.connected(0, "room");
  f.lose(client);
  PacketClient again(f.at, 1);
  again.claim(client.pid(), client.offset());
  // Shard 1 takes its turn with the CONNECT and, behind it, the task that drains its hub.
  f.at.on(0, [&] { f.say(1); });
  f.at.settle();
  f.say(2);
  f.at.settle();
  EXPECT_EQ(again.take_events(), (Packets{R"(["n",1])", R"(["n",2])"}));
}

TEST(RecoveredClient, hears_once_what_its_old_shard_has_not_handed_out_yet) {
  Fixture f;
  PacketClient client = f.connected(1, "room");
  f.at.on(0, [&] { f.say(1); });  // In the inbox of shard 1, whose client is dead already.
  client.drop();
  f.at.step(0);
  PacketClient again(f.at, 0);
  again.claim(client.pid(), client.offset());
  f.at.step(0);
  f.at.on(0, [&] { f.say(2); });
  f.at.settle();
  EXPECT_EQ(again.take_events(), (Packets{R"(["n",1])", R"(["n",2])"}));
}

TEST(RecoveredClient, hears_once_what_others_say_in_every_gap_of_its_return) {
  // The publisher's and the client's shard take turns in all orders of a few.
  for (unsigned order = 0; order < 64; ++order) {
    Fixture f;
    PacketClient client = f.connected(1, "room");
    f.lose(client);
    PacketClient again(f.at, order & 1);
    again.claim(client.pid(), client.offset());
    Packets expected;
    for (int turn = 0; turn < 6; ++turn) {
      const unsigned shard = (order >> turn) & 1;
      f.at.on(shard, [&] { f.say(turn); });
      expected.push_back("[\"n\"," + std::to_string(turn) + "]");
    }
    f.at.settle();
    EXPECT_EQ(again.take_events(), expected) << order;
  }
}

TEST(RecoveredClient, catches_up_with_more_than_is_read_at_a_time) {
  Fixture f;
  PacketClient client = f.connected(0, "room");
  f.lose(client);
  for (int n = 0; n < 3000; ++n) f.say(n);
  f.at.settle();
  PacketClient again = f.back(client, 1);
  const Packets events = again.take_events();
  ASSERT_EQ(events.size(), 3000u);
  EXPECT_EQ(events.front(), R"(["n",0])");
  EXPECT_EQ(events.back(), R"(["n",2999])");
}

TEST(RecoveredClient, has_left_the_rooms_that_it_had_left) {
  Fixture f;
  PacketClient client = f.connected(0, "room");
  client.say(R"(2["join","other"])");
  client.say(R"(2["leave","room"])");
  f.at.settle();
  f.lose(client);
  f.say(1);
  f.say(2, "other");
  PacketClient again = f.back(client, 0);
  f.say(3);
  f.say(4, "other");
  f.at.settle();
  EXPECT_EQ(again.take_events(), (Packets{R"(["n",2])", R"(["n",4])"}));
}

TEST(RecoveredClient, may_go_and_come_back_again_and_again) {
  Fixture f;
  PacketClient client = f.connected(0, "room");
  const std::string sid = client.sid();
  int n = 0;
  for (unsigned round = 0; round < 6; ++round) {
    f.lose(client);
    f.say(++n);
    PacketClient again = f.back(client, round % 2);
    EXPECT_EQ(again.take_events(), Packets{"[\"n\"," + std::to_string(n) + "]"});
    EXPECT_EQ(again.sid(), sid);
    client = again;
  }
  EXPECT_EQ(f.at.server.population(0).sockets + f.at.server.population(1).sockets, 1u);
}

TEST(RecoveredClient, continues_from_where_it_connected_when_it_has_heard_nothing) {
  Fixture f;
  f.space.emit("n", 100);
  f.at.settle();
  PacketClient client = f.connected(0);
  f.lose(client);
  f.space.emit("n", 1);
  PacketClient again = f.back(client, 1, "");
  EXPECT_EQ(again.take_events(), Packets{R"(["n",1])"});
}

TEST(RecoveredClient, is_not_told_what_was_said_before_it_connected) {
  Fixture f;
  PacketClient witness = f.connected(0, "room");
  f.say(1);
  f.at.settle();
  const std::string early = witness.offset();
  f.say(2);
  f.at.settle();
  PacketClient client = f.connected(0, "room");
  f.say(3);
  f.at.settle();
  f.lose(client);
  PacketClient again = f.back(client, 1, early);
  EXPECT_EQ(again.sid(), client.sid());
  EXPECT_EQ(again.take_events(), Packets{R"(["n",3])"});
}

TEST(RecoveredClient, is_never_told_what_was_on_its_way_when_it_first_connected) {
  Fixture f;
  PacketClient client(f.at, 1);
  client.say("0");
  f.at.on(0, [&] { f.space.emit("n", 1); });  // In the inbox of shard 1, behind the CONNECT.
  f.at.settle();
  EXPECT_EQ(client.take_events(), Packets{});
  f.lose(client);
  PacketClient again = f.back(client, 0);
  EXPECT_EQ(again.sid(), client.sid());
  EXPECT_EQ(again.take_events(), Packets{});
}

// Whoever comes back is looked at by a middleware, which takes its time.
struct CheckedFixture : Fixture {
  CheckedFixture() : Fixture({.skip_middlewares = false}) {
    space.use([this](Socket& socket, const Next& next) {
      seen = socket.rooms();
      if (socket.is_recovered() && check) check(socket);
      resume = next;
    });
  }
  PacketClient connected() {
    PacketClient client(at, 0);
    client.join();
    (*resume)();
    at.settle();
    client.say(R"(2["join","room"])");
    at.settle();
    client.take();
    return client;
  }
  PacketClient back_and_in(const PacketClient& before, unsigned shard) {
    PacketClient again = back(before, shard);
    (*resume)();
    at.settle();
    return again;
  }

  std::function<void(Socket&)> check;
  std::optional<Next> resume;
  std::vector<std::string> seen;
};

TEST(CheckedReturn, shows_middlewares_the_rooms_of_before) {
  CheckedFixture f;
  PacketClient client = f.connected();
  f.lose(client);
  f.say(1);
  PacketClient again = f.back_and_in(client, 1);
  EXPECT_EQ(f.seen, (std::vector<std::string>{client.sid(), "room"}));
  EXPECT_EQ(again.take_events(), Packets{R"(["n",1])"});
  EXPECT_EQ(f.recovered.back(), true);
}

TEST(CheckedReturn, hears_what_it_missed_in_rooms_that_a_middleware_lets_it_join) {
  CheckedFixture f;
  f.check = [](Socket& socket) {
    socket.join("joined meanwhile");
    socket.leave("room");
  };
  PacketClient client = f.connected();
  f.lose(client);
  f.say(1, "joined meanwhile");
  f.say(2);
  PacketClient again = f.back(client, 1);
  f.say(3, "joined meanwhile");
  (*f.resume)();
  f.say(4, "joined meanwhile");
  f.at.settle();
  EXPECT_EQ(again.take_events(), (Packets{R"(["n",1])", R"(["n",3])", R"(["n",4])"}));
}

TEST(CheckedReturn, hears_what_is_said_in_a_room_that_it_is_put_into_meanwhile) {
  CheckedFixture f;
  f.check = [](Socket& socket) { socket.join("user"); };
  PacketClient client = f.connected();
  f.lose(client);
  PacketClient again = f.back(client, 1);
  f.at.on(0, [&] {
    f.space.to("user").sockets_join("new");
    f.say(1, "new");
  });
  (*f.resume)();
  f.at.settle();
  EXPECT_EQ(again.take_events(), Packets{R"(["n",1])"});
}

TEST(CheckedReturn, begins_anew_when_a_middleware_says_so) {
  CheckedFixture f;
  f.check = [](Socket& socket) { socket.begin_anew(); };
  PacketClient client = f.connected();
  f.lose(client);
  f.say(1);
  f.space.to(client.sid()).emit("n", 2);
  PacketClient again = f.back_and_in(client, 1);
  f.say(3);
  f.at.settle();
  EXPECT_EQ(again.take_events(), Packets{});
  EXPECT_EQ(f.recovered.back(), false);
  EXPECT_NE(again.pid(), client.pid());
  // The session of before is gone for everybody; the new one is not.
  f.check = nullptr;
  PacketClient late = f.back_and_in(client, 0);
  EXPECT_EQ(f.recovered.back(), false);
  f.lose(again);
  EXPECT_EQ(f.back_and_in(again, 0).pid(), again.pid());
}

TEST(CheckedReturn, keeps_its_session_when_it_leaves_before_it_is_let_in) {
  CheckedFixture f;
  f.check = [](Socket& socket) { socket.join("other"); };
  PacketClient client = f.connected();
  f.lose(client);
  f.say(1);
  PacketClient again = f.back(client, 1);
  f.lose(again);
  PacketClient third = f.back_and_in(client, 0);
  EXPECT_EQ(f.seen, (std::vector<std::string>{client.sid(), "room", "other"}));
  EXPECT_EQ(third.take_events(), Packets{R"(["n",1])"});
}

TEST(CheckedReturn, that_is_sent_away_while_it_catches_up_counts_nowhere) {
  CheckedFixture f;
  f.check = [](Socket& socket) { socket.join("user"); };
  PacketClient client = f.connected();
  f.lose(client);
  PacketClient again = f.back(client, 1);
  f.at.on(0, [&] { f.space.to("user").disconnect_sockets(true); });
  (*f.resume)();
  f.at.settle();
  EXPECT_EQ(f.space.socket_count(), 0u);
  EXPECT_EQ(f.recovered.size(), 1u);
  PacketClient fresh(f.at, 1);
  fresh.say("0");
  f.at.settle();
  f.at.on(0, [&] { f.space.all().disconnect_sockets(true); });
  (*f.resume)();
  f.at.settle();
  EXPECT_EQ(f.space.socket_count(), 0u);
  EXPECT_EQ(f.recovered.size(), 1u);
}

TEST(RecoveredClient, obeys_what_was_ordered_while_it_waits_to_be_let_in) {
  Fixture f({.skip_middlewares = false});
  std::optional<Next> waiting;
  f.space.use([&](Socket& socket, const Next& next) {
    socket.is_recovered() ? void(waiting = next) : next();
  });
  PacketClient client = f.connected(0, "room");
  f.lose(client);
  PacketClient again = f.back(client, 1);
  f.space.to("room").sockets_join("more");
  f.space.to(client.sid()).sockets_leave("room");
  f.space.to("more").emit("more", 1);
  f.space.to("room").emit("room", 1);
  f.at.settle();
  (*waiting)();
  f.at.settle();
  EXPECT_EQ(again.take_events(), Packets{R"(["more",1])"});
}

TEST(RecoveredClient, hears_what_is_said_behind_an_order_that_was_on_its_way_when_it_came) {
  Fixture f;
  PacketClient client = f.connected(0);
  f.lose(client);
  PacketClient again(f.at, 1);
  again.claim(client.pid(), client.offset());
  f.at.on(0, [&] {
    f.space.to(client.sid()).sockets_join("room");
    f.say(1);
  });
  f.at.settle();
  EXPECT_EQ(again.take_events(), Packets{R"(["n",1])"});
}

TEST(RecoveredClient, that_is_sent_away_while_it_waits_to_be_let_in_does_not_come_back) {
  Fixture f({.skip_middlewares = false});
  std::optional<Next> waiting;
  f.space.use([&](Socket& socket, const Next& next) {
    socket.is_recovered() ? void(waiting = next) : next();
  });
  PacketClient client = f.connected(0, "room");
  f.lose(client);
  PacketClient again = f.back(client, 1);
  f.space.to("room").disconnect_sockets(true);
  f.at.settle();
  EXPECT_TRUE(again.is_gone());
  (*waiting)();
  f.at.settle();
  EXPECT_EQ(f.space.socket_count(), 0u);
  PacketClient third = f.back(client, 0);
  EXPECT_NE(third.pid(), client.pid());
}

TEST(RecoveredClient, may_be_lost_again_before_it_is_let_in) {
  Fixture f({.skip_middlewares = false});
  std::vector<Next> waiting;
  f.space.use([&](Socket& socket, const Next& next) {
    socket.is_recovered() ? waiting.push_back(next) : next();
  });
  PacketClient client = f.connected(0, "room");
  f.lose(client);
  PacketClient second = f.back(client, 1);
  PacketClient third = f.back(client, 1);  // And nobody knows that the second has gone.
  ASSERT_EQ(waiting.size(), 2u);
  waiting[0]();  // Lets nobody in, though a socket of that id waits.
  f.at.settle();
  EXPECT_EQ(third.take(), Packets{});
  waiting[1]();
  f.at.settle();
  EXPECT_EQ(third.pid(), client.pid());
  EXPECT_EQ(third.take().size(), 1u);
  EXPECT_EQ(f.space.socket_count(), 1u);
}

TEST(RecoveredClient, is_not_answered_what_it_asked_on_the_connection_before) {
  Fixture f;
  std::optional<Ack> late;
  std::optional<NextEvent> waiting;
  int handled = 0;
  f.space.on("ask", [&](Socket&, const Args&, const Ack& ack) { late = ack; });
  f.space.on("slow", [&](Socket&) { ++handled; });
  f.space.on_connect([&](Socket& socket) {
    if (socket.is_recovered()) return;
    socket.use([&](Socket&, std::string_view event, const Args&, const NextEvent& next) {
      event == "slow" ? void(waiting = next) : next();
    });
  });
  PacketClient client = f.connected(0);
  client.say(R"(27["ask"])");
  client.say(R"(2["slow"])");
  f.at.settle();
  f.lose(client);
  PacketClient again = f.back(client, 0);
  again.take();
  (*late)("too late");
  (*waiting)();
  f.at.settle();
  EXPECT_EQ(again.take(), Packets{});
  EXPECT_EQ(handled, 0);
}

TEST(ConnectingClient, that_is_sent_away_by_what_is_on_its_way_is_not_let_in) {
  Fixture f;
  std::optional<Next> waiting;
  f.space.use([&](Socket& socket, const Next& next) {
    socket.join("banned");
    waiting = next;
  });
  PacketClient client(f.at, 1);
  client.join();
  // The turn of shard 1 lets the client in before it looks into its inbox.
  f.at.shards[1].post([&] { (*waiting)(); });
  f.space.to("banned").disconnect_sockets(true);
  f.at.settle();
  EXPECT_TRUE(client.is_gone());
  EXPECT_EQ(f.recovered, std::vector<bool>{});
  EXPECT_EQ(f.space.socket_count(), 0u);
}

TEST(ReturningClient, begins_anew_with_an_offset_that_is_none) {
  Fixture f;
  for (const char* offset : {"x", "-1", " 1", "1 ", "+1", "0x1", "1.0", "18446744073709551616",
                             "18446744073709551615", "1", "0"}) {
    PacketClient client = f.connected(0);
    f.space.emit("n", 1);
    f.at.settle();
    f.lose(client);
    PacketClient again = f.back(client, 1, offset);
    const bool is_from_before = std::string_view(offset) == "1" || std::string_view(offset) == "0";
    EXPECT_EQ(again.sid() == client.sid(), is_from_before) << offset;
  }
}

TEST(ReturningClient, begins_anew_with_an_offset_beyond_the_last) {
  Fixture f;
  PacketClient client = f.connected(0);
  f.space.emit("n", 1);
  f.at.settle();
  f.lose(client);
  const std::string beyond = std::to_string(std::stoull(client.offset()) + 1);
  EXPECT_NE(f.back(client, 0, beyond).sid(), client.sid());
}

TEST(ReturningClient, begins_anew_when_its_secret_is_none) {
  Fixture f;
  PacketClient client = f.connected(0);
  f.lose(client);
  for (const char* auth : {R"({"pid":7})", R"({"pid":null})", R"({"pid":""})", R"({"pid":["x"]})",
                           R"({"pid":"xxxxxxxxxxxxxxxxxxxx"})", R"({"offset":"1"})"}) {
    PacketClient again(f.at, 0);
    again.join("/", auth);
    EXPECT_NE(again.sid(), client.sid()) << auth;
    EXPECT_FALSE(f.recovered.back());
  }
  EXPECT_EQ(f.back(client, 0).sid(), client.sid());
}

TEST(ReturningClient, begins_anew_when_what_it_missed_is_forgotten) {
  Fixture f({.events_max = 2});
  PacketClient client = f.connected(0, "room");
  f.lose(client);
  for (int n = 0; n < 3; ++n) f.say(n);
  PacketClient again = f.back(client, 1);
  EXPECT_NE(again.sid(), client.sid());
  EXPECT_EQ(again.take_events(), Packets{});
}

TEST(ReturningClient, begins_anew_when_it_was_away_too_long) {
  Fixture f({.max_disconnection = seconds(10)});
  PacketClient client = f.connected(0);
  f.lose(client);
  f.at.pass(seconds(10));
  EXPECT_NE(f.back(client, 0).sid(), client.sid());
}

TEST(ReturningClient, begins_anew_in_another_namespace) {
  Fixture f;
  f.at.server.of("/other");
  PacketClient client = f.connected(0);
  f.lose(client);
  PacketClient again(f.at, 0);
  again.claim(client.pid(), "", "/other");
  f.at.settle();
  EXPECT_NE(again.sid(), client.sid());
}

TEST(ReturningClient, begins_anew_after_a_farewell) {
  Fixture f;
  PacketClient client = f.connected(0);
  client.say("1");
  f.at.settle();
  EXPECT_EQ(f.left.back(), "client namespace disconnect");
  EXPECT_NE(f.back(client, 0).sid(), client.sid());
  PacketClient other = f.connected(0);
  f.space.all().disconnect_sockets();
  f.at.settle();
  EXPECT_EQ(f.left.back(), "server namespace disconnect");
  EXPECT_NE(f.back(other, 0).sid(), other.sid());
}

TEST(ReturningClient, is_recovered_from_every_other_end) {
  Fixture f;
  PacketClient dropped = f.connected(0);
  f.lose(dropped);
  EXPECT_EQ(f.left.back(), "transport error");
  EXPECT_EQ(f.back(dropped, 0).sid(), dropped.sid());
  PacketClient closed = f.connected(0);
  closed.close();
  f.at.settle();
  EXPECT_EQ(f.left.back(), "transport close");
  EXPECT_EQ(f.back(closed, 0).sid(), closed.sid());
  PacketClient silent = f.connected(0);
  silent.stop_polling();
  f.at.pass(seconds(46));
  EXPECT_EQ(f.left.back(), "ping timeout");
  EXPECT_EQ(f.back(silent, 0).sid(), silent.sid());
  PacketClient present = f.connected(0);
  f.at.server.close();
  f.at.settle();
  EXPECT_EQ(f.left.back(), "server shutting down");
  EXPECT_EQ(f.back(present, 0).sid(), present.sid());
}

}  // namespace
}  // namespace coterie::socketio
