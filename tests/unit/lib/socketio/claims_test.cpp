// Whose session is it? Clients that claim what another holds, or claims as well; and middlewares.
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

ServerOptions with_recovery(RecoveryOptions recovery = {}) {
  ServerOptions options;
  options.recovery = recovery;
  options.allow_eio3 = true;
  return options;
}

struct Fixture {
  explicit Fixture(RecoveryOptions recovery = {}) : at(with_recovery(recovery)) {
    space.on_connect([](Socket& socket) { socket.join("room"); });
    space.on_disconnect([this](Socket&, std::string_view reason) { left.emplace_back(reason); });
  }
  PacketClient connected(unsigned shard) {
    PacketClient client(at, shard);
    client.join();
    client.take();
    return client;
  }
  PacketClient claiming(const PacketClient& before, unsigned shard) {
    PacketClient client(at, shard);
    client.claim(before.pid(), before.offset());
    return client;
  }
  std::size_t sockets() {
    return at.server.population(0).sockets + at.server.population(1).sockets;
  }

  std::vector<std::string> left;
  test::SteppedServer at;
  Namespace& space = at.server.of("/");
};

TEST(Claim, takes_over_from_a_connection_that_is_still_there) {
  for (const unsigned shard : {0u, 1u}) {
    Fixture f;
    PacketClient ghost = f.connected(0);
    PacketClient client = f.claiming(ghost, shard);
    f.at.settle();
    EXPECT_EQ(client.sid(), ghost.sid());
    EXPECT_EQ(f.left, std::vector<std::string>{"transport close"});
    EXPECT_TRUE(ghost.is_gone());
    EXPECT_EQ(f.sockets(), 1u);
    f.space.to("room").emit("n", 1);
    f.at.settle();
    EXPECT_EQ(client.take_events(), Packets{R"(["n",1])"});
  }
}

TEST(Claim, takes_over_again_from_where_the_session_has_moved_to) {
  Fixture f;
  PacketClient first = f.connected(0);
  PacketClient second = f.claiming(first, 1);
  f.at.settle();
  PacketClient third = f.claiming(second, 0);
  f.at.settle();
  EXPECT_EQ(third.sid(), first.sid());
  EXPECT_TRUE(second.is_gone());
  PacketClient fourth = f.claiming(third, 0);
  f.at.settle();
  EXPECT_EQ(fourth.sid(), first.sid());
  EXPECT_EQ(f.sockets(), 1u);
}

TEST(Claim, loses_nothing_that_its_ghost_was_told_meanwhile) {
  Fixture f;
  PacketClient ghost = f.connected(0);
  ghost.stop_polling();
  f.at.settle();
  f.space.to("room").emit("n", 1);  // The waiting poll fetches it,
  f.at.settle();
  f.space.to("room").emit("n", 2);  // and this one stays with the server.
  f.at.settle();
  PacketClient client = f.claiming(ghost, 1);
  f.at.settle();
  EXPECT_EQ(ghost.take_events(), Packets{R"(["n",1])"});
  EXPECT_EQ(client.take_events(), Packets{R"(["n",2])"});
}

TEST(Claim, of_two_at_once_restores_one_session) {
  // All ways in which the first turns of both shards can follow each other.
  for (unsigned order = 0; order < 16; ++order) {
    for (const bool is_alive : {false, true}) {
      Fixture f;
      PacketClient before = f.connected(order & 1);
      if (!is_alive) before.drop();
      if (!is_alive) f.at.settle();
      PacketClient one = f.claiming(before, 0);
      PacketClient two = f.claiming(before, 1);
      for (unsigned turn = 0; turn < 4; ++turn) f.at.step((order >> turn) & 1);
      f.at.settle();
      const auto holds_it = [&](const PacketClient& client) {
        return client.sid() == before.sid() && !client.is_gone();
      };
      EXPECT_EQ(holds_it(one) + holds_it(two), 1) << order;
      EXPECT_EQ(f.sockets(), 2u - one.is_gone() - two.is_gone()) << order;
      f.space.to(before.sid()).emit("n", 1);
      f.at.settle();
      EXPECT_EQ(one.take_events().size() + two.take_events().size(), 1u) << order;
    }
  }
}

TEST(Claim, of_a_session_that_was_restored_finds_its_new_owner) {
  Fixture f;
  PacketClient before = f.connected(0);
  before.drop();
  f.at.settle();
  PacketClient one = f.claiming(before, 1);
  f.at.settle();
  PacketClient two = f.claiming(before, 1);
  f.at.settle();
  EXPECT_TRUE(one.is_gone());
  EXPECT_EQ(two.sid(), before.sid());
}

TEST(Claim, skips_the_middlewares_when_told_so) {
  for (const bool skip : {true, false}) {
    Fixture f({.skip_middlewares = skip});
    std::vector<bool> seen;
    f.space.use([&](Socket& socket, const Next& next) {
      seen.push_back(socket.is_recovered());
      next();
    });
    PacketClient client = f.connected(0);
    client.drop();
    f.at.settle();
    PacketClient again = f.claiming(client, 1);
    f.at.settle();
    EXPECT_EQ(again.sid(), client.sid());
    EXPECT_EQ(seen, skip ? std::vector{false} : (std::vector{false, true}));
  }
}

TEST(Claim, that_is_none_sees_the_middlewares) {
  Fixture f;
  int seen = 0;
  f.space.use([&](Socket&, const Next& next) {
    ++seen;
    next();
  });
  PacketClient client(f.at, 0);
  client.claim("AAxxxxxxxxxxxxxxxxxx", "1");
  f.at.settle();
  EXPECT_EQ(seen, 1);
}

TEST(Claim, may_be_refused_by_a_middleware) {
  Fixture f({.skip_middlewares = false});
  f.space.use([](Socket& socket, const Next& next) {
    socket.is_recovered() ? next(ConnectError{"not again", {}}) : next();
  });
  PacketClient client = f.connected(0);
  client.drop();
  f.at.settle();
  PacketClient again = f.claiming(client, 1);
  f.at.settle();
  EXPECT_EQ(again.take(), Packets{R"(4{"message":"not again"})"});
  EXPECT_EQ(f.sockets(), 0u);
}

TEST(Claim, hears_what_is_said_while_its_middleware_waits) {
  Fixture f({.skip_middlewares = false});
  std::optional<Next> waiting;
  f.space.use([&](Socket& socket, const Next& next) {
    socket.is_recovered() ? void(waiting = next) : next();
  });
  PacketClient client = f.connected(0);
  client.drop();
  f.at.settle();
  f.space.to("room").emit("n", 1);
  PacketClient again = f.claiming(client, 1);
  f.at.settle();
  f.space.to("room").emit("n", 2);
  f.at.settle();
  EXPECT_EQ(again.take(), Packets{});
  (*waiting)();
  f.at.settle();
  EXPECT_EQ(again.take_events(), (Packets{R"(["n",1])", R"(["n",2])"}));
}

TEST(Claim, whose_client_leaves_while_its_middleware_waits_may_be_made_again) {
  Fixture f({.skip_middlewares = false});
  std::optional<Next> waiting;
  f.space.use([&](Socket& socket, const Next& next) {
    socket.is_recovered() && !waiting ? void(waiting = next) : next();
  });
  PacketClient client = f.connected(0);
  client.drop();
  f.at.settle();
  f.space.to("room").emit("n", 1);
  PacketClient again = f.claiming(client, 1);
  f.at.settle();
  again.drop();
  f.at.settle();
  (*waiting)();
  PacketClient once_more = f.claiming(client, 0);
  f.at.settle();
  EXPECT_EQ(once_more.sid(), client.sid());
  EXPECT_EQ(once_more.take_events(), Packets{R"(["n",1])"});
}

TEST(Claim, is_closed_when_the_log_forgets_while_its_middleware_waits) {
  Fixture f({.skip_middlewares = false, .events_max = 2});
  std::optional<Next> waiting;
  f.space.use([&](Socket& socket, const Next& next) {
    socket.is_recovered() ? void(waiting = next) : next();
  });
  PacketClient client = f.connected(0);
  client.drop();
  f.at.settle();
  PacketClient again = f.claiming(client, 1);
  f.at.settle();
  for (int n = 0; n < 3; ++n) f.space.emit("n", n);
  (*waiting)();
  f.at.settle();
  EXPECT_TRUE(again.is_gone());
  EXPECT_EQ(f.sockets(), 0u);
}

TEST(Claim, is_nothing_where_sessions_are_not_kept) {
  test::SteppedServer at;
  at.server.of("/");
  PacketClient client(at, 0);
  client.join("/", R"({"pid":"AAxxxxxxxxxxxxxxxxxx","offset":"1"})");
  EXPECT_EQ(client.take(), Packets{R"(0{"sid":")" + client.sid() + "\"}"});
}

TEST(OldClient, is_given_no_secret) {
  Fixture f;
  std::string body;
  f.at.on(0, [&] {
    net::Request request;
    request.method = "GET";
    request.target = "/socket.io/?EIO=3&transport=polling&b64=1";
    f.at.route.handler(std::move(request),
                       net::Reply([&](net::Response response) { body = response.body; }));
  });
  EXPECT_TRUE(body.ends_with("2:40")) << body;
  EXPECT_EQ(body.find("pid"), std::string::npos);
  EXPECT_EQ(f.space.socket_count(), 1u);
}

}  // namespace
}  // namespace coterie::socketio
