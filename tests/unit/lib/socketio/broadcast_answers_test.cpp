// SPDX-License-Identifier: MIT
#include "socketio/broadcast_answers.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

#include "net/workers.hpp"
#include "socketio/socket.hpp"
#include "support/packet_client.hpp"
#include "support/stepped_server.hpp"

namespace coterie::socketio {
namespace {

using std::chrono::seconds;
using test::PacketClient;
using test::Packets;

Args answer(int number) {
  return Args(JsonArray{number});
}

// What a handler has been called with: "1 2 missing 1"; empty while it has not been called.
struct Told {
  AnswersHandler handler() {
    return [this](const Answers& answers) {
      ++times;
      for (const Args& args : answers.values) {
        text.append(args.size() > 0 ? to_text(args[0]) : "nothing").append(" ");
      }
      text.append("missing ").append(std::to_string(answers.missing));
    };
  }
  std::string text;
  int times = 0;
};

TEST(BroadcastAnswers, are_complete_when_all_shards_have_asked_and_all_have_answered) {
  Told told;
  BroadcastAnswers answers(2, told.handler());
  answers.on_asked(1);
  answers.on_answer(answer(1));
  EXPECT_EQ(told.text, "");
  answers.on_asked(1);
  EXPECT_EQ(told.text, "");
  answers.on_answer(answer(2));
  EXPECT_EQ(told.text, "1 2 missing 0");
}

TEST(BroadcastAnswers, may_all_come_before_the_last_shard_has_asked) {
  Told told;
  BroadcastAnswers answers(3, told.handler());
  answers.on_asked(2);
  answers.on_answer(answer(1));
  answers.on_answer(answer(2));
  answers.on_asked(0);
  EXPECT_EQ(told.text, "");
  answers.on_asked(0);
  EXPECT_EQ(told.text, "1 2 missing 0");
}

TEST(BroadcastAnswers, are_complete_at_once_when_nobody_is_asked) {
  Told told;
  BroadcastAnswers answers(2, told.handler());
  answers.on_asked(0);
  EXPECT_EQ(told.text, "");
  answers.on_asked(0);
  EXPECT_EQ(told.text, "missing 0");
}

TEST(BroadcastAnswers, are_those_in_time_when_time_is_up) {
  Told told;
  BroadcastAnswers answers(2, told.handler());
  answers.on_asked(2);
  answers.on_answer(answer(1));
  answers.on_asked(1);
  answers.on_timeout();
  EXPECT_EQ(told.text, "1 missing 2");
}

TEST(BroadcastAnswers, that_are_late_are_ignored) {
  Told told;
  BroadcastAnswers answers(2, told.handler());
  answers.on_asked(2);
  answers.on_timeout();
  EXPECT_EQ(told.text, "missing 2");
  answers.on_answer(answer(1));
  answers.on_timeout();
  answers.on_asked(1);
  answers.on_answer(answer(2));
  answers.on_answer(answer(3));
  EXPECT_EQ(told.times, 1);
}

TEST(BroadcastAnswers, do_not_wait_for_those_who_have_left) {
  Told told;
  BroadcastAnswers answers(1, told.handler());
  answers.on_asked(3);
  answers.on_left();
  answers.on_answer(answer(1));
  EXPECT_EQ(told.text, "");
  answers.on_left();
  EXPECT_EQ(told.text, "1 missing 2");
  answers.on_left();
  EXPECT_EQ(told.times, 1);
}

TEST(BroadcastAnswers, may_let_go_of_themselves_in_their_handler) {
  std::shared_ptr<BroadcastAnswers> answers;
  answers = std::make_shared<BroadcastAnswers>(1, [&](const Answers&) { answers.reset(); });
  answers->on_asked(1);
  const auto alive = answers;
  alive->on_answer(answer(1));
  EXPECT_EQ(answers, nullptr);
}

TEST(BroadcastAnswers, call_their_handler_once_whichever_threads_bring_them) {
  constexpr int rounds = 200;
  constexpr std::size_t sockets = 4;
  net::Workers workers({.name = "test", .threads = 4, .queue_max = 100'000});
  std::atomic<int> calls = 0;
  std::atomic<std::size_t> values = 0;
  for (int round = 0; round < rounds; ++round) {
    auto answers = std::make_shared<BroadcastAnswers>(2, [&](const Answers& all) {
      ++calls;
      values += all.values.size() + all.missing;
    });
    for (int shard = 0; shard < 2; ++shard) {
      ASSERT_TRUE(workers.run([answers] { answers->on_asked(sockets / 2); }));
    }
    for (std::size_t i = 0; i < sockets; ++i) {
      ASSERT_TRUE(
          workers.run([answers, i] { i == 0 ? answers->on_left() : answers->on_answer(Args()); }));
    }
    if (round % 2 == 0) ASSERT_TRUE(workers.run([answers] { answers->on_timeout(); }));
  }
  workers.stop();
  EXPECT_EQ(calls, rounds);
  EXPECT_LE(values, rounds * sockets);
}

// -- asked through a namespace --------------------------------------------------------------------

struct Asking {
  Asking() {
    for (PacketClient* client : {&one, &two, &three}) {
      client->join();
      client->take();
    }
    idle_timers = at.armed_timers();
  }
  void ask(std::chrono::milliseconds timeout = seconds(5)) {
    at.server.of("/").all().timeout(timeout).emit_with_ack("q", told.handler(), 1);
    at.settle();
  }

  test::SteppedServer at;
  Told told;
  PacketClient one{(at.server.of("/"), at), 0};
  PacketClient two{at, 1};
  PacketClient three{at, 1};
  std::size_t idle_timers = 0;
};

TEST(AskedBroadcast, is_told_all_answers_and_leaves_nothing_behind) {
  Asking f;
  f.ask();
  EXPECT_EQ(f.one.take(), Packets{R"(20["q",1])"});
  EXPECT_EQ(f.three.take(), Packets{R"(20["q",1])"});
  EXPECT_EQ(f.at.armed_timers(), f.idle_timers + 2);  // One on each shard.
  f.three.say(R"(30["c"])");
  f.at.settle();
  f.one.say(R"(30["a"])");
  f.two.say(R"(30[])");
  f.at.settle();
  EXPECT_EQ(f.told.text, R"("c" "a" nothing missing 0)");
  EXPECT_EQ(f.at.armed_timers(), f.idle_timers);
}

TEST(AskedBroadcast, is_told_what_has_come_in_time_and_leaves_nothing_behind) {
  Asking f;
  f.ask();
  f.two.say(R"(30["b"])");
  f.at.pass(seconds(4));
  EXPECT_EQ(f.told.text, "");
  f.at.pass(seconds(1));
  EXPECT_EQ(f.told.text, R"("b" missing 2)");
  EXPECT_EQ(f.at.armed_timers(), f.idle_timers);
  f.one.say(R"(30["late"])");
  f.at.settle();
  EXPECT_EQ(f.told.times, 1);
  EXPECT_FALSE(f.one.is_gone());
}

TEST(AskedBroadcast, counts_nobodys_answer_twice_and_no_strangers) {
  Asking f;
  f.at.server.of("/").to(f.one.sid()).emit_with_ack("q", f.told.handler());
  f.at.settle();
  f.two.say(R"(30["not asked"])");
  f.one.say(R"(31["another question"])");
  f.at.settle();
  EXPECT_EQ(f.told.text, "");
  f.one.say(R"(30["a"])");
  f.one.say(R"(30["again"])");
  f.at.settle();
  EXPECT_EQ(f.told.text, R"("a" missing 0)");
  EXPECT_EQ(f.told.times, 1);
}

TEST(AskedBroadcast, does_not_wait_for_those_who_leave) {
  Asking f;
  f.ask();
  f.one.say(R"(30["a"])");
  f.two.say("1");
  f.at.settle();
  EXPECT_EQ(f.told.text, "");
  f.three.drop();
  f.at.settle();
  EXPECT_EQ(f.told.text, R"("a" missing 2)");
}

TEST(AskedBroadcast, leaves_nothing_behind_when_all_have_left) {
  Asking f;
  f.ask();
  for (PacketClient* client : {&f.one, &f.two, &f.three}) client->drop();
  f.at.settle();
  EXPECT_EQ(f.told.text, "missing 3");
  EXPECT_EQ(f.at.armed_timers(), 0u);
}

TEST(AskedBroadcast, may_ask_again_when_it_is_told) {
  Asking f;
  Namespace& space = f.at.server.of("/");
  space.to(f.one.sid()).emit_with_ack("q", [&](const Answers&) {
    space.emit("then", 1);
    space.all().emit_with_ack("q", f.told.handler());
  });
  f.at.settle();
  f.one.drop();
  f.at.settle();
  EXPECT_EQ(f.two.take(), (Packets{R"(2["then",1])", R"(21["q"])"}));
  for (PacketClient* client : {&f.two, &f.three}) client->say(R"(31["yes"])");
  f.at.settle();
  EXPECT_EQ(f.told.text, R"("yes" "yes" missing 0)");
}

TEST(AskedBroadcast, asks_nobody_who_cannot_take_it_right_now_when_it_is_volatile) {
  Asking f;
  f.two.stop_polling();
  f.at.server.of("/").emit("last", 1);  // What the poll of two still fetches.
  f.at.settle();
  f.at.server.of("/").all().as_volatile().emit_with_ack("q", f.told.handler());
  f.at.settle();
  f.one.say(R"(30["a"])");
  f.three.say(R"(30["c"])");
  f.at.settle();
  EXPECT_EQ(f.told.text, R"("a" "c" missing 0)");
}

TEST(AskedBroadcast, is_told_bytes_as_well) {
  Asking f;
  std::string bytes;
  f.at.server.of("/").to(f.one.sid()).emit_with_ack("q", [&](const Answers& answers) {
    bytes = answers.values.at(0).binary(answers.values.at(0)[1])->view();
  });
  f.at.settle();
  f.one.say(R"(61-0["a",{"_placeholder":true,"num":0}])", {std::string("\0\x1E\xFF", 3)});
  f.at.settle();
  EXPECT_EQ(bytes, std::string("\0\x1E\xFF", 3));
}

}  // namespace
}  // namespace coterie::socketio
