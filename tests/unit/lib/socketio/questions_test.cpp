// One socket is asked (emit_with_ack), and one asks (Ack).
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

using std::chrono::seconds;
using test::PacketClient;
using test::Packets;

struct Fixture {
  Fixture() {
    space.on("ask", [this](Socket& socket) { ask(socket); });
    client.emplace(at, 0);
    client->join();
    client->take();
    idle_timers = at.armed_timers();
  }
  void ask(Socket& socket) {
    socket.timeout(seconds(5))
        .emit_with_ack(
            "q",
            [this](const Result<Args>& answer) {
              told.push_back(answer ? to_text(Json(answer->values()))
                                    : std::string(answer.error().code));
            },
            1);
  }
  void say(std::string_view packet) {
    client->say(packet);
    at.settle();
  }

  std::vector<std::string> told;
  test::SteppedServer at;
  Namespace& space = at.server.of("/");
  std::optional<PacketClient> client;
  std::size_t idle_timers = 0;
};

using Told = std::vector<std::string>;

TEST(Question, is_told_its_answer_and_leaves_nothing_behind) {
  Fixture f;
  f.say(R"(2["ask"])");
  EXPECT_EQ(f.client->take(), Packets{R"(20["q",1])"});
  EXPECT_EQ(f.at.armed_timers(), f.idle_timers + 1);
  f.say(R"(30["yes",{"n":[1]}])");
  EXPECT_EQ(f.told, Told{R"(["yes",{"n":[1]}])"});
  EXPECT_EQ(f.at.armed_timers(), f.idle_timers);
}

TEST(Question, is_told_when_time_is_up_and_no_later_answer) {
  Fixture f;
  f.say(R"(2["ask"])");
  f.at.pass(seconds(4));
  EXPECT_EQ(f.told, Told{});
  f.at.pass(seconds(1));
  EXPECT_EQ(f.told, Told{"timeout"});
  EXPECT_EQ(f.at.armed_timers(), f.idle_timers);
  f.say(R"(30["late"])");
  EXPECT_EQ(f.told, Told{"timeout"});
  EXPECT_FALSE(f.client->is_gone());
}

TEST(Question, is_told_that_its_socket_has_left) {
  Fixture f;
  f.say(R"(2["ask"])");
  f.say(R"(2["ask"])");
  f.client->drop();
  f.at.settle();
  EXPECT_EQ(f.told, (Told{"disconnected", "disconnected"}));
  EXPECT_EQ(f.at.armed_timers(), 0u);
}

TEST(Question, of_a_socket_that_has_left_is_told_at_once) {
  Fixture f;
  f.space.on_disconnecting([&](Socket& socket, std::string_view) { f.ask(socket); });
  f.space.on_disconnect([&](Socket& socket, std::string_view) { f.ask(socket); });
  f.client->drop();
  f.at.settle();
  EXPECT_EQ(f.told, (Told{"disconnected", "disconnected"}));
}

TEST(Question, takes_one_answer) {
  Fixture f;
  f.say(R"(2["ask"])");
  f.client->say_at_once({R"(30["first"])", R"(30["second"])"});
  f.at.settle();
  EXPECT_EQ(f.told, Told{R"(["first"])"});
}

TEST(Question, takes_no_answer_to_another) {
  Fixture f;
  f.say(R"(2["ask"])");
  f.say(R"(31["unknown"])");
  f.say(R"(39007199254740990["unknown"])");
  EXPECT_EQ(f.told, Told{});
  EXPECT_FALSE(f.client->is_gone());
  f.say(R"(2["ask"])");
  f.say(R"(31["b"])");
  f.say(R"(30["a"])");
  EXPECT_EQ(f.told, (Told{R"(["b"])", R"(["a"])"}));
}

TEST(Question, takes_no_answer_from_another_socket) {
  Fixture f;
  f.say(R"(2["ask"])");
  PacketClient other(f.at, 0);
  other.join();
  other.say(R"(30["not asked"])");
  f.at.settle();
  EXPECT_EQ(f.told, Told{});
}

TEST(Question, is_answered_with_bytes) {
  Fixture f;
  std::string bytes;
  f.space.on("ask-bytes", [&](Socket& socket) {
    socket.timeout(seconds(5)).emit_with_ack("q", [&](const Result<Args>& answer) {
      bytes = answer->binary((*answer)[0].at("deep"))->view();
    });
  });
  f.say(R"(2["ask-bytes"])");
  f.client->say(R"(61-0[{"deep":{"_placeholder":true,"num":0}}])", {std::string("\0\xFF", 2)});
  f.at.settle();
  EXPECT_EQ(bytes, std::string("\0\xFF", 2));
}

TEST(Question, may_ask_again_in_its_answer) {
  Fixture f;
  f.space.on("ask-twice", [&](Socket& socket) {
    socket.timeout(seconds(5))
        .emit_with_ack("first", [&f, ref = socket.ref()](const Result<Args>&) {
          ref.dispatch([&f](Socket& again) { f.ask(again); });
        });
  });
  f.say(R"(2["ask-twice"])");
  f.say(R"(30[])");
  f.say(R"(31["yes"])");
  EXPECT_EQ(f.told, Told{R"(["yes"])"});
}

TEST(Question, that_is_volatile_is_dropped_for_a_client_that_cannot_take_it) {
  Fixture f;
  f.space.on("ask-lightly", [&](Socket& socket) {
    socket.emit("first");
    socket.as_volatile().timeout(seconds(5)).emit_with_ack("q", [&](const Result<Args>& answer) {
      f.told.emplace_back(answer.error().code);
    });
  });
  f.say(R"(2["ask-lightly"])");
  EXPECT_EQ(f.client->take(), Packets{R"(2["first"])"});
  f.at.pass(seconds(5));
  EXPECT_EQ(f.told, Told{"timeout"});
}

TEST(Ack, answers_once_with_what_the_handler_says) {
  Fixture f;
  f.space.on("asked", [](Socket& socket, const Ack& ack) {
    EXPECT_TRUE(ack);
    ack("yes", 1);
    EXPECT_FALSE(ack);
    ack("again");
    socket.emit("behind");
  });
  f.say(R"(213["asked"])");
  EXPECT_EQ(f.client->take(), (Packets{R"(313["yes",1])", R"(2["behind"])"}));
}

TEST(Ack, may_be_given_later_and_from_another_shard) {
  Fixture f;
  std::optional<Ack> kept;
  f.space.on("asked", [&](Socket&, const Ack& ack) { kept = ack; });
  f.say(R"(27["asked"])");
  f.at.on(1, [&] { (*kept)(Binary{SharedBytes(std::string_view("x"))}); });
  f.at.settle();
  EXPECT_EQ(f.client->take(), (Packets{R"(61-7[{"_placeholder":true,"num":0}])", "bx"}));
}

TEST(Ack, to_a_client_that_has_left_goes_nowhere) {
  Fixture f;
  std::optional<Ack> kept;
  f.space.on("asked", [&](Socket&, const Ack& ack) { kept = ack; });
  f.say(R"(27["asked"])");
  f.client->drop();
  f.at.settle();
  (*kept)("late");
  f.at.settle();
  EXPECT_EQ(f.client->take(), Packets{});
}

}  // namespace
}  // namespace coterie::socketio
