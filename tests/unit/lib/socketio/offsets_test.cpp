// The numbers that events carry with recovery, and the order of what one socket hears.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "socketio/adapter.hpp"
#include "socketio/socket.hpp"
#include "support/packet_client.hpp"
#include "support/stepped_server.hpp"

namespace coterie::socketio {
namespace {

using test::PacketClient;
using test::Packets;

ServerOptions with_recovery() {
  ServerOptions options;
  options.recovery = RecoveryOptions{};
  return options;
}

struct Fixture {
  Fixture() {
    space.on("do", [this](Socket& socket) { act(socket); });
    client.join();
    client.take();
  }
  // Lets the socket act, and returns what its client hears.
  Packets hear(std::function<void(Socket&)> its_act) {
    act = std::move(its_act);
    client.say(R"(2["do"])");
    at.settle();
    return client.take();
  }
  std::uint64_t offset() { return std::stoull(client.offset()); }

  std::function<void(Socket&)> act;
  test::SteppedServer at{with_recovery()};
  Namespace& space = at.server.of("/");
  PacketClient client{at, 1};
};

TEST(Offset, grows_by_one_with_every_event_to_whomever_it_goes) {
  Fixture f;
  f.hear([](Socket& socket) { socket.emit("a"); });
  const std::uint64_t first = f.offset();
  f.hear([&](Socket& socket) {
    f.space.to("elsewhere").emit("b");
    socket.broadcast().emit("c");
    socket.emit("d");
  });
  EXPECT_EQ(f.offset(), first + 3);
}

TEST(Offset, stands_behind_all_arguments) {
  Fixture f;
  const Packets packets = f.hear([](Socket& socket) {
    socket.emit("none");
    socket.emit("bytes", 1, Binary{SharedBytes(std::string_view("x"))});
  });
  const std::string last = f.client.offset();
  const std::string before = std::to_string(f.offset() - 1);
  EXPECT_EQ(packets,
            (Packets{R"(2["none",")" + before + "\"]",
                     R"(51-["bytes",1,{"_placeholder":true,"num":0},")" + last + "\"]", "bx"}));
}

TEST(Offset, of_a_volatile_event_is_that_of_the_last_one_kept) {
  Fixture f;
  f.hear([](Socket& socket) { socket.emit("a"); });
  const std::string last = f.client.offset();
  EXPECT_EQ(f.hear([](Socket& socket) { socket.as_volatile().emit("light", "text"); }),
            Packets{R"(2["light","text",")" + last + "\"]"});
  f.space.all().as_volatile().emit("light");
  f.at.settle();
  EXPECT_EQ(f.client.take(), Packets{R"(2["light",")" + last + "\"]"});
  f.hear([](Socket& socket) { socket.emit("b"); });
  EXPECT_EQ(f.offset(), std::stoull(last) + 1);
}

TEST(Offset, is_not_given_to_what_wants_an_answer_nor_to_answers) {
  Fixture f;
  f.space.on("asked", [](Socket&, const Ack& ack) { ack("yes"); });
  f.hear([](Socket& socket) { socket.emit("a"); });
  const std::uint64_t last = f.offset();
  EXPECT_EQ(f.hear([](Socket& socket) {
    socket.timeout(std::chrono::seconds(1)).emit_with_ack("q", [](const Result<Args>&) {}, 1);
  }),
            Packets{R"(20["q",1])"});
  f.space.all().emit_with_ack("all?", [](const Answers&) {}, 1);
  f.client.say(R"(25["asked"])");
  f.at.settle();
  EXPECT_EQ(f.client.take(), (Packets{R"(21["all?",1])", R"(35["yes"])"}));
  f.hear([](Socket& socket) { socket.emit("b"); });
  EXPECT_EQ(f.offset(), last + 1);
}

TEST(Order, of_broadcasts_and_direct_events_is_that_in_which_they_were_said) {
  Fixture f;
  EXPECT_EQ(f.hear([&](Socket& socket) {
               socket.emit("1");
               f.space.emit("2");
               socket.emit("3");
               f.space.to(std::string(socket.id())).emit("4");
               socket.emit("5");
             }).size(),
            5u);
  const std::uint64_t first = f.offset() - 4;
  PacketClient& client = f.client;
  client.drop();
  f.at.settle();
  PacketClient again(f.at, 0);
  again.claim(client.pid(), std::to_string(first));
  f.at.settle();
  EXPECT_EQ(again.take_events(), (Packets{R"(["2"])", R"(["3"])", R"(["4"])", R"(["5"])"}));
}

TEST(Order, puts_a_direct_event_behind_a_broadcast_that_still_waits_on_its_shard) {
  Fixture f;
  f.at.on(0, [&] { f.space.emit("from shard 0"); });  // In the inbox of shard 1.
  f.act = [](Socket& socket) { socket.emit("direct"); };
  f.client.say(R"(2["do"])");
  f.at.settle();
  EXPECT_EQ(f.client.take_events(), (Packets{R"(["from shard 0"])", R"(["direct"])"}));
}

TEST(Order, is_one_for_all_shards) {
  Fixture f;
  PacketClient other(f.at, 0);
  other.join();
  other.take();
  for (int round = 0; round < 20; ++round) {
    f.at.on(round % 2, [&] { f.space.emit("n", round); });
    if (round % 3 == 0) f.space.emit("outside", round);
  }
  f.at.settle();
  const Packets events = f.client.take_events();
  EXPECT_EQ(events.size(), 27u);
  EXPECT_EQ(events, other.take_events());
}

// Runs `meanwhile` while an event that has its place is still being published.
class SlowAdapter final : public Adapter {
 public:
  void publish(const std::string&, const Envelope&, std::string_view, const Arguments&) override {
    meanwhile();
  }
  void tell(const std::string&, std::string_view, const Arguments&) override {}
  void ask(const std::string&, std::string_view, const Arguments&, std::chrono::milliseconds,
           AnswersHandler) override {}
  void save(SavedSession) override {}
  void take(const Id&, const std::string&, const Asker&,
            std::function<void(std::optional<SavedSession>)> taken) override {
    taken(std::nullopt);
  }

  std::function<void()> meanwhile = [] {};
};

TEST(Publishing, keeps_no_shard_from_letting_clients_in_and_handing_out_events) {
  const auto adapter = std::make_shared<SlowAdapter>();
  ServerOptions options = with_recovery();
  options.adapter = adapter;
  test::SteppedServer at{std::move(options)};
  at.server.of("/");
  PacketClient one(at, 1);
  one.join();
  PacketClient two(at, 1);
  adapter->meanwhile = [&] {
    two.join();
    EXPECT_EQ(one.take_events().size(), 1u);
  };
  at.server.of("/").emit("news");
  EXPECT_TRUE(two.take_events().empty()) << "it came behind the event";
  EXPECT_EQ(at.server.of("/").socket_count(), 2u);
}

}  // namespace
}  // namespace coterie::socketio
