// on_any and on_any_outgoing: who watches sees what the handlers and the client see, no more.
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
using Seen = std::vector<std::string>;

ServerOptions options_with(bool recovery) {
  ServerOptions options;
  if (recovery) options.recovery = RecoveryOptions{};
  return options;
}

std::string told(std::string_view event, const Args& args) {
  std::string text = std::string(event) + to_text(Json(args.values()));
  for (const SharedBytes& bytes : args.attachments()) text.append("+").append(bytes.view());
  return text;
}

struct Fixture {
  explicit Fixture(std::string_view nsp = "/", bool recovery = false)
      : at(options_with(recovery)), space(at.server.of(nsp)) {
    space.on_connect([this](Socket& socket) {
      socket.on_any_outgoing([this](Socket&, std::string_view event, const Args& args) {
        out.push_back(told(event, args));
      });
      if (connected) connected(socket);
    });
    space.on("do", [this](Socket& socket) { act(socket); });
  }
  // What is seen to go out while the socket acts.
  Seen watch(std::function<void(Socket&)> its_act) {
    act = std::move(its_act);
    if (!client) {
      client.emplace(at, 0);
      client->join(space.name());
    }
    client->say("2" + (space.name() == "/" ? "" : space.name() + ",") + R"(["do"])");
    at.settle();
    return std::exchange(out, {});
  }

  Seen in;
  Seen out;
  ConnectHandler connected;
  std::function<void(Socket&)> act;
  test::SteppedServer at;
  Namespace& space;
  std::optional<PacketClient> client;
};

TEST(OnAny, sees_every_event_before_its_handlers_the_namespaces_first) {
  Fixture f;
  f.space.on_any([&](Socket&, std::string_view event, const Args& args) {
    f.in.push_back("all " + told(event, args));
  });
  f.space.on("a", [&](Socket&) { f.in.emplace_back("handler"); });
  f.connected = [&](Socket& socket) {
    socket.on("a", [&](Socket&) { f.in.emplace_back("its handler"); });
    socket.on_any([&](Socket&, std::string_view event, const Args& args) {
      f.in.push_back("own " + told(event, args));
    });
  };
  f.client.emplace(f.at, 0);
  f.client->join();
  f.client->say(R"(2["a",1])");
  f.client->say(R"(51-["unknown",{"_placeholder":true,"num":0}])", {"bytes"});
  f.at.settle();
  const std::string unknown = R"(unknown[{"_placeholder":true,"num":0}]+bytes)";
  EXPECT_EQ(f.in, (Seen{"all a[1]", "own a[1]", "handler", "its handler", "all " + unknown,
                        "own " + unknown}));
}

TEST(OnAny, sees_what_a_middleware_refuses) {
  Fixture f;
  f.space.on_any([&](Socket&, std::string_view event, const Args&) { f.in.emplace_back(event); });
  f.connected = [](Socket& socket) {
    socket.use(
        [](Socket&, std::string_view, const Args&, const NextEvent& next) { next(Error("no")); });
  };
  f.client.emplace(f.at, 0);
  f.client->join();
  f.client->say(R"(2["a"])");
  f.at.settle();
  EXPECT_EQ(f.in, Seen{"a"});
}

TEST(OnAny, that_is_added_while_another_sees_an_event_sees_the_next) {
  Fixture f;
  f.connected = [&](Socket& socket) {
    socket.on_any([&](Socket& self, std::string_view, const Args&) {
      f.in.emplace_back("first");
      self.on_any([&](Socket&, std::string_view, const Args&) { f.in.emplace_back("added"); });
    });
  };
  f.client.emplace(f.at, 0);
  f.client->join();
  f.client->say(R"(2["a"])");
  f.at.settle();
  EXPECT_EQ(f.in, Seen{"first"});
}

// A '[' or a digit at the end of a namespace's name must not be taken for what stands behind it.
class OnAnyOutgoing : public testing::TestWithParam<std::tuple<const char*, bool>> {
 protected:
  Fixture f{std::get<0>(GetParam()), std::get<1>(GetParam())};
};

TEST_P(OnAnyOutgoing, sees_events_without_and_with_arguments) {
  EXPECT_EQ(f.watch([](Socket& socket) {
    socket.emit("none");
    socket.emit("some", "text", 1, Json(JsonArray{"[", "]"}));
    socket.emit("[7[");
  }),
            (Seen{"none[]", R"(some["text",1,["[","]"]])", "[7[[]"}));
}

TEST_P(OnAnyOutgoing, sees_a_text_at_the_end_that_looks_like_an_offset) {
  EXPECT_EQ(f.watch([](Socket& socket) { socket.emit("n", "1234567890"); }),
            Seen{R"(n["1234567890"])"});
}

TEST_P(OnAnyOutgoing, sees_broadcasts) {
  EXPECT_EQ(f.watch([this](Socket& socket) {
    f.space.emit("all", 1);
    f.space.to(std::string(socket.id())).emit("own room", 2);
    socket.broadcast().emit("others", 3);
  }),
            (Seen{"all[1]", "own room[2]"}));
}

TEST_P(OnAnyOutgoing, sees_attachments) {
  EXPECT_EQ(f.watch([](Socket& socket) {
    socket.emit("bytes", Binary{SharedBytes(std::string_view("x"))}, 1);
  }),
            Seen{R"(bytes[{"_placeholder":true,"num":0},1]+x)"});
}

TEST_P(OnAnyOutgoing, sees_what_wants_an_answer_with_all_its_arguments) {
  const auto ignore = [](const Result<Args>&) {};
  EXPECT_EQ(f.watch([&](Socket& socket) {
    socket.timeout(std::chrono::seconds(1)).emit_with_ack("question", ignore, "text");
    socket.timeout(std::chrono::seconds(1))
        .emit_with_ack("bytes?", ignore, Binary{SharedBytes(std::string_view("x"))});
  }),
            (Seen{R"(question["text"])", R"(bytes?[{"_placeholder":true,"num":0}]+x)"}));
  EXPECT_EQ(f.watch([this](Socket&) {
    f.space.all().emit_with_ack("all?", [](const Answers&) {}, "text");
  }),
            Seen{R"(all?["text"])"});
}

TEST_P(OnAnyOutgoing, sees_volatile_events_that_are_sent) {
  EXPECT_EQ(f.watch([](Socket& socket) {
    socket.as_volatile().emit("light", 1);
    socket.as_volatile().emit("dropped", 2);
  }),
            Seen{"light[1]"});
}

INSTANTIATE_TEST_SUITE_P(Namespaces, OnAnyOutgoing,
                         testing::Combine(testing::Values("/", "/chat", "/[", "/a[7", "/a]1", "/9",
                                                          "/[[["),
                                          testing::Bool()),
                         [](const auto& parameters) {
                           return "n" + std::to_string(parameters.index / 2) +
                                  (std::get<1>(parameters.param) ? "_with_recovery" : "");
                         });

TEST(Outgoing, may_speak_itself) {
  for (const bool recovery : {false, true}) {
    Fixture f("/", recovery);
    f.connected = [&](Socket& socket) {
      socket.on_any_outgoing([](Socket& self, std::string_view event, const Args&) {
        if (event == "first") self.emit("second");
      });
    };
    f.watch([](Socket& socket) { socket.emit("first"); });
    EXPECT_EQ(f.client->take_events(), (test::Packets{R"(["first"])", R"(["second"])"}));
  }
}

TEST(Outgoing, may_put_its_socket_out) {
  for (const bool recovery : {false, true}) {
    Fixture f("/", recovery);
    f.connected = [&](Socket& socket) {
      socket.on_any_outgoing(
          [](Socket& self, std::string_view, const Args&) { self.disconnect(true); });
    };
    f.client.emplace(f.at, 0);
    f.client->join();
    f.space.emit("first");
    f.space.emit("second");
    f.at.settle();
    EXPECT_EQ(f.out, Seen{"first[]"});
    EXPECT_TRUE(f.client->is_gone());
  }
}

TEST(Outgoing, is_not_told_of_acks_and_control_packets) {
  Fixture f;
  f.space.on("asked", [](Socket&, const Ack& ack) { ack("yes"); });
  f.client.emplace(f.at, 0);
  f.client->join();
  f.client->say(R"(21["asked"])");
  f.at.settle();
  f.space.all().disconnect_sockets();
  f.at.settle();
  EXPECT_EQ(f.out, Seen{});
  EXPECT_EQ(f.client->take().size(), 3u);
}

}  // namespace
}  // namespace coterie::socketio
