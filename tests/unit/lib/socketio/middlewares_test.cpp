// Middlewares: of a namespace, which see a client before it is let in, and of a socket, which see
// its events.
// SPDX-License-Identifier: MIT
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
using Seen = std::vector<std::string>;

struct Fixture {
  // A client on shard 0 that is connected, all that was registered before being in place.
  PacketClient& connect() {
    client.emplace(at, 0);
    client->join();
    client->take();
    return *client;
  }
  void say(std::string_view packet) {
    client->say(packet);
    at.settle();
  }
  // Middlewares of the socket are added when it connects.
  void use(EventMiddleware middleware) {
    space.on_connect(
        [middleware = std::move(middleware)](Socket& socket) { socket.use(middleware); });
  }
  void note(std::string event) {
    space.on(event, [this, event](Socket&, const Args& args) {
      seen.push_back(event + to_text(Json(args.values())));
    });
  }

  Seen seen;
  test::SteppedServer at;
  Namespace& space = at.server.of("/");
  std::optional<PacketClient> client;
};

// -- of a namespace -------------------------------------------------------------------------------

TEST(Middleware, that_goes_on_at_once_keeps_connect_and_event_of_one_payload_in_order) {
  Fixture f;
  for (int i = 0; i < 3; ++i) f.space.use([](Socket&, const Next& next) { next(); });
  f.space.on_connect([](Socket& socket) { socket.emit("welcome"); });
  f.space.on("first", [](Socket& socket) { socket.emit("second"); });
  PacketClient client(f.at, 0);
  client.say_at_once({"0", R"(2["first"])"});
  f.at.settle();
  EXPECT_EQ(client.take(),
            (Packets{R"(0{"sid":")" + client.sid() + "\"}", R"(2["welcome"])", R"(2["second"])"}));
}

TEST(Middleware, are_run_in_the_order_they_were_added) {
  Fixture f;
  for (const char* name : {"a", "b", "c"}) {
    f.space.use([&f, name](Socket&, const Next& next) {
      f.seen.emplace_back(name);
      next();
    });
  }
  f.connect();
  EXPECT_EQ(f.seen, (Seen{"a", "b", "c"}));
}

TEST(Middleware, may_go_on_later_from_another_shard) {
  Fixture f;
  std::optional<Next> waiting;
  f.space.use([&](Socket&, const Next& next) { waiting = next; });
  f.space.use([&](Socket& socket, const Next& next) {
    EXPECT_FALSE(socket.is_connected());
    f.seen.emplace_back("second");
    next();
  });
  PacketClient client(f.at, 0);
  client.join();
  EXPECT_EQ(client.take(), Packets{});
  EXPECT_EQ(f.space.socket_count(), 0u);
  f.at.on(1, [&] { (*waiting)(); });
  EXPECT_EQ(f.seen, Seen{});
  f.at.settle();
  EXPECT_EQ(f.seen, Seen{"second"});
  EXPECT_EQ(client.take().size(), 1u);
  EXPECT_EQ(f.space.socket_count(), 1u);
}

TEST(Middleware, goes_on_once_whatever_it_says_then) {
  Fixture f;
  int connects = 0;
  f.space.use([](Socket&, const Next& next) {
    next();
    next();
    next(ConnectError{"too late", {}});
  });
  f.space.on_connect([&](Socket&) { ++connects; });
  PacketClient client(f.at, 0);
  client.join();
  EXPECT_EQ(client.take().size(), 1u);
  EXPECT_EQ(connects, 1);
}

TEST(Middleware, that_goes_on_when_its_client_has_left_does_nothing) {
  Fixture f;
  std::vector<Next> waiting;
  f.space.use([&](Socket&, const Next& next) { waiting.push_back(next); });
  f.space.on_connect([&](Socket&) { f.seen.emplace_back("connected"); });
  f.space.on_disconnect([&](Socket&, std::string_view) { f.seen.emplace_back("disconnected"); });
  PacketClient one(f.at, 0);
  PacketClient two(f.at, 0);
  one.join();
  two.join();
  one.drop();
  two.drop();
  f.at.settle();
  waiting.at(0)();
  waiting.at(1)(ConnectError{"no", {}});
  f.at.settle();
  EXPECT_EQ(f.seen, Seen{});
  EXPECT_EQ(f.at.server.population(0).sockets, 0u);
}

TEST(Middleware, refuses_with_a_message_and_what_it_likes_to_add) {
  Fixture f;
  f.space.use([](Socket& socket, const Next& next) {
    socket.join("room");
    next(ConnectError{"no", Json{{"code", 7}}});
  });
  PacketClient client(f.at, 0);
  client.join();
  EXPECT_EQ(client.take(), Packets{R"(4{"message":"no","data":{"code":7}})"});
  client.join();  // It may try again.
  EXPECT_EQ(client.take().size(), 1u);
  EXPECT_EQ(f.at.server.population(0).sockets, 0u);
  EXPECT_EQ(f.at.server.population(0).rooms, 0u);
}

TEST(Middleware, may_end_the_connection) {
  Fixture f;
  f.space.use([&](Socket& socket, const Next& next) {
    socket.disconnect(true);
    f.seen.emplace_back("ended");
    next();
  });
  PacketClient client(f.at, 0);
  client.join();
  EXPECT_TRUE(client.is_gone());
  EXPECT_EQ(client.take(), Packets{});
  EXPECT_EQ(f.seen, Seen{"ended"});
}

TEST(Middleware, that_has_not_gone_on_keeps_its_socket_within_the_reach_of_orders) {
  Fixture f;
  std::vector<Next> waiting;
  f.space.use([&](Socket& socket, const Next& next) {
    socket.join("user:7");
    waiting.push_back(next);
  });
  f.space.on_connect([&](Socket&) { f.seen.emplace_back("connected"); });
  PacketClient stays(f.at, 0);
  stays.join();
  f.space.to("user:7").sockets_join("group:1");
  f.space.to("user:7").sockets_leave("user:7");
  f.at.settle();
  PacketClient goes(f.at, 1);
  goes.join();
  f.space.to("user:7").disconnect_sockets(true);
  f.at.settle();
  EXPECT_FALSE(stays.is_gone());
  EXPECT_TRUE(goes.is_gone());
  for (const Next& next : waiting) next();
  f.at.settle();
  EXPECT_EQ(f.seen, Seen{"connected"});
  stays.take();
  f.space.to("user:7").emit("said", 1);
  f.space.to("group:1").emit("said", 2);
  f.at.settle();
  EXPECT_EQ(stays.take(), Packets{R"(2["said",2])"});
}

TEST(Middleware, that_has_not_gone_on_lets_no_event_through) {
  Fixture f;
  std::optional<Next> waiting;
  f.space.use([&](Socket&, const Next& next) { waiting = next; });
  f.note("early");
  PacketClient client(f.at, 0);
  client.say_at_once({"0", R"(2["early"])"});
  f.at.settle();
  EXPECT_TRUE(client.is_gone());
  EXPECT_EQ(f.seen, Seen{});
}

// -- of a socket ----------------------------------------------------------------------------------

TEST(EventMiddleware, sees_every_event_before_its_handlers_do) {
  Fixture f;
  f.use([&](Socket&, std::string_view event, const Args& args, const NextEvent& next) {
    f.seen.push_back("sees " + std::string(event) + to_text(Json(args.values())));
    next();
  });
  f.use([&](Socket&, std::string_view, const Args&, const NextEvent& next) {
    f.seen.emplace_back("second");
    next();
  });
  f.note("a");
  f.connect();
  f.say(R"(2["a",1])");
  f.say(R"(2["unknown"])");
  EXPECT_EQ(f.seen, (Seen{"sees a[1]", "second", "a[1]", "sees unknown[]", "second"}));
}

TEST(EventMiddleware, that_refuses_calls_on_error_and_no_handler) {
  Fixture f;
  f.use([](Socket&, std::string_view event, const Args&, const NextEvent& next) {
    event == "bad" ? next(Error("forbidden", "not this one")) : next();
  });
  f.space.on_connect([&](Socket& socket) {
    for (const char* which : {"first ", "second "}) {
      socket.on_error([&f, which](Socket&, const Error& error) {
        f.seen.push_back(which + std::string(error.code) + ": " + error.detail);
      });
    }
  });
  f.note("bad");
  f.note("good");
  f.connect();
  f.say(R"(2["bad"])");
  f.say(R"(2["good"])");
  EXPECT_EQ(f.seen,
            (Seen{"first forbidden: not this one", "second forbidden: not this one", "good[]"}));
  EXPECT_FALSE(f.client->is_gone());
}

TEST(EventMiddleware, may_wait_while_later_events_go_through) {
  Fixture f;
  std::optional<NextEvent> waiting;
  f.use([&](Socket&, std::string_view event, const Args&, const NextEvent& next) {
    event == "slow" ? void(waiting = next) : next();
  });
  f.space.on("slow", [&](Socket&, const Args& args, const Ack& ack) {
    f.seen.push_back("slow " + std::string(args.binary(args[0])->view()));
    ack("done");
  });
  f.note("quick");
  f.connect();
  f.client->say(R"(51-3["slow",{"_placeholder":true,"num":0}])", {"bytes"});
  f.say(R"(2["quick"])");
  EXPECT_EQ(f.seen, Seen{"quick[]"});
  f.at.on(1, [&] { (*waiting)(); });
  f.at.settle();
  EXPECT_EQ(f.seen, (Seen{"quick[]", "slow bytes"}));
  EXPECT_EQ(f.client->take(), Packets{R"(33["done"])"});
}

TEST(EventMiddleware, goes_on_once) {
  Fixture f;
  f.use([&](Socket&, std::string_view, const Args&, const NextEvent& next) {
    next();
    next();
    next(Error("late"));
  });
  f.space.on_connect([&](Socket& socket) {
    socket.on_error([&](Socket&, const Error&) { f.seen.emplace_back("error"); });
  });
  f.note("a");
  f.connect();
  f.say(R"(2["a"])");
  EXPECT_EQ(f.seen, Seen{"a[]"});
}

TEST(EventMiddleware, that_puts_the_socket_out_lets_nothing_through) {
  for (const bool close : {false, true}) {
    Fixture f;
    f.use([&, close](Socket& socket, std::string_view, const Args&, const NextEvent& next) {
      socket.disconnect(close);
      f.seen.emplace_back("out");
      next();
    });
    f.note("a");
    f.connect();
    f.say(R"(2["a"])");
    EXPECT_EQ(f.seen, Seen{"out"});
    EXPECT_EQ(f.client->take(), Packets{"1"});
    EXPECT_EQ(f.client->is_gone(), close);
  }
}

TEST(EventMiddleware, that_goes_on_when_its_socket_has_left_does_nothing) {
  Fixture f;
  std::optional<NextEvent> waiting;
  f.use([&](Socket&, std::string_view, const Args&, const NextEvent& next) { waiting = next; });
  f.note("a");
  f.connect();
  f.say(R"(2["a"])");
  f.client->drop();
  f.at.settle();
  (*waiting)();
  f.at.settle();
  EXPECT_EQ(f.seen, Seen{});
}

TEST(EventMiddleware, that_is_added_in_another_sees_the_next_event) {
  Fixture f;
  f.use([&](Socket& socket, std::string_view, const Args&, const NextEvent& next) {
    socket.use([&](Socket&, std::string_view, const Args&, const NextEvent& then) {
      f.seen.emplace_back("added");
      then();
    });
    next();
  });
  f.note("a");
  f.connect();
  f.say(R"(2["a"])");
  EXPECT_EQ(f.seen, Seen{"a[]"});
  f.say(R"(2["a"])");
  EXPECT_EQ(f.seen, (Seen{"a[]", "added", "a[]"}));
}

}  // namespace
}  // namespace coterie::socketio
