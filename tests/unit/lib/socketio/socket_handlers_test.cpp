// Handlers that are added and removed while events run; handlers of the end.
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
  PacketClient& connect(ConnectHandler on_connect) {
    space.on_connect(std::move(on_connect));
    client.emplace(at, 0);
    client->join();
    client->take();
    return *client;
  }
  void say(std::string_view packet) {
    client->say(packet);
    at.settle();
  }
  // Adds a handler that notes `name`.
  void note(Socket& socket, std::string event, std::string name) {
    socket.on(std::move(event), [this, name](Socket&) { seen.push_back(name); });
  }

  Seen seen;
  test::SteppedServer at;
  Namespace& space = at.server.of("/");
  std::optional<PacketClient> client;
};

TEST(SocketHandlers, run_behind_those_of_the_namespace_in_the_order_they_were_added) {
  Fixture f;
  f.space.on("a", [&](Socket&) { f.seen.emplace_back("namespace"); });
  f.connect([&](Socket& socket) {
    f.note(socket, "a", "first");
    f.note(socket, "b", "other");
    f.note(socket, "a", "second");
  });
  f.say(R"(2["a"])");
  EXPECT_EQ(f.seen, (Seen{"namespace", "first", "second"}));
}

TEST(SocketHandlers, that_are_removed_hear_no_later_event) {
  Fixture f;
  f.connect([&](Socket& socket) {
    f.note(socket, "a", "a");
    f.note(socket, "b", "b");
    socket.off("a");
    socket.off("never");
  });
  f.say(R"(2["a"])");
  f.say(R"(2["b"])");
  EXPECT_EQ(f.seen, Seen{"b"});
}

TEST(SocketHandlers, may_remove_others_while_they_run_and_none_is_passed_over) {
  Fixture f;
  f.connect([&](Socket& socket) {
    f.note(socket, "other", "other");
    socket.on("a", [&](Socket& self) {
      f.seen.emplace_back("first");
      self.off("other");
    });
    f.note(socket, "a", "second");
    f.note(socket, "a", "third");
  });
  f.say(R"(2["a"])");
  EXPECT_EQ(f.seen, (Seen{"first", "second", "third"}));
  f.say(R"(2["other"])");
  EXPECT_EQ(f.seen.size(), 3u);
}

TEST(SocketHandlers, that_are_removed_by_one_before_them_hear_this_event_a_last_time) {
  Fixture f;
  f.connect([&](Socket& socket) {
    socket.on("a", [&](Socket& self) {
      f.seen.emplace_back("first");
      self.off("a");
    });
    f.note(socket, "a", "second");
  });
  f.say(R"(2["a"])");
  f.say(R"(2["a"])");
  EXPECT_EQ(f.seen, (Seen{"first", "second"}));
}

TEST(SocketHandlers, that_are_added_while_others_run_hear_the_next_event) {
  Fixture f;
  f.connect([&](Socket& socket) {
    socket.on("a", [&](Socket& self) {
      f.seen.emplace_back("first");
      f.note(self, "a", "added");
    });
  });
  f.say(R"(2["a"])");
  EXPECT_EQ(f.seen, Seen{"first"});
  f.say(R"(2["a"])");
  EXPECT_EQ(f.seen, (Seen{"first", "first", "added"}));
}

TEST(SocketHandlers, for_once_run_once) {
  Fixture f;
  f.connect([&](Socket& socket) {
    socket.once("a", [&](Socket& self) {
      f.seen.emplace_back("once");
      self.emit("a");
    });
    f.note(socket, "a", "always");
    socket.once("a", [&](Socket&) { f.seen.emplace_back("once too"); });
  });
  f.client->say_at_once({R"(2["a"])", R"(2["a"])"});
  f.at.settle();
  EXPECT_EQ(f.seen, (Seen{"once", "always", "once too", "always"}));
  EXPECT_EQ(f.client->take(), Packets{R"(2["a"])"});
}

TEST(SocketHandlers, for_once_may_ask_for_once_more) {
  Fixture f;
  std::function<void(Socket&)> again = [&](Socket& socket) {
    f.seen.emplace_back("once");
    socket.once("a", [&](Socket& self) { again(self); });
  };
  f.connect([&](Socket& socket) { socket.once("a", [&](Socket& self) { again(self); }); });
  for (int i = 0; i < 3; ++i) f.say(R"(2["a"])");
  EXPECT_EQ(f.seen, (Seen{"once", "once", "once"}));
}

TEST(SocketHandlers, that_let_another_event_go_on_pass_nobody_over) {
  Fixture f;
  std::optional<NextEvent> waiting;
  f.connect([&](Socket& socket) {
    socket.use([&](Socket&, std::string_view event, const Args&, const NextEvent& next) {
      event == "slow" ? void(waiting = next) : next();
    });
    socket.once("slow", [&](Socket&) { f.seen.emplace_back("slow"); });
    socket.on("a", [&](Socket&) {
      f.seen.emplace_back("first");
      (*waiting)();
    });
    f.note(socket, "a", "second");
  });
  f.say(R"(2["slow"])");
  f.say(R"(2["a"])");
  EXPECT_EQ(f.seen, (Seen{"first", "slow", "second"}));
}

TEST(SocketHandlers, run_no_more_once_one_of_them_has_put_the_socket_out) {
  Fixture f;
  f.connect([&](Socket& socket) {
    socket.on("a", [&](Socket& self) {
      f.seen.emplace_back("first");
      self.disconnect();
    });
    f.note(socket, "a", "second");
  });
  f.client->say_at_once({R"(2["a"])"});
  f.at.settle();
  EXPECT_EQ(f.seen, Seen{"first"});
}

// -- the end --------------------------------------------------------------------------------------

struct End : Fixture {
  // Notes what the socket and its rooms are like in every handler of the end.
  void note_all() {
    const auto note = [this](std::string which) {
      return [this, which](Socket& socket, std::string_view reason) {
        seen.push_back(which + ": " + std::string(reason) + ", rooms " +
                       std::to_string(socket.rooms().size()));
      };
    };
    space.on_disconnecting(note("disconnecting"));
    space.on_disconnect(note("disconnect"));
    connect([note](Socket& socket) {
      socket.join("room");
      socket.on_disconnect(note("its disconnect"));
      socket.on_disconnecting(note("its disconnecting"));
    });
  }
  Seen expected(const std::string& reason) {
    return {"disconnecting: " + reason + ", rooms 2", "its disconnecting: " + reason + ", rooms 2",
            "disconnect: " + reason + ", rooms 0", "its disconnect: " + reason + ", rooms 0"};
  }
};

TEST(Disconnecting, comes_before_the_rooms_are_left_and_disconnect_behind) {
  End f;
  f.note_all();
  f.say("1");
  EXPECT_EQ(f.seen, f.expected("client namespace disconnect"));
  EXPECT_FALSE(f.client->is_gone());
}

TEST(Disconnecting, names_the_reason) {
  const auto reason_of = [](auto end) {
    End f;
    f.note_all();
    end(f);
    f.at.settle();
    EXPECT_EQ(f.seen.size(), 4u);
    return f.seen.empty() ? "" : f.seen.front().substr(15, f.seen.front().find(',') - 15);
  };
  EXPECT_EQ(reason_of([](End& f) { f.client->drop(); }), "transport error");
  EXPECT_EQ(reason_of([](End& f) { f.client->close(); }), "transport close");
  EXPECT_EQ(reason_of([](End& f) { f.client->say("nonsense"); }), "forced close");
  EXPECT_EQ(reason_of([](End& f) { f.space.all().disconnect_sockets(); }),
            "server namespace disconnect");
  EXPECT_EQ(reason_of([](End& f) { f.space.all().disconnect_sockets(true); }),
            "server namespace disconnect");
  EXPECT_EQ(reason_of([](End& f) { f.at.server.close(); }), "server shutting down");
  EXPECT_EQ(reason_of([](End& f) {
              f.client->stop_polling();
              f.at.pass(std::chrono::seconds(46));
            }),
            "ping timeout");
}

TEST(Disconnecting, may_speak_to_the_rooms_but_not_to_the_socket) {
  Fixture f;
  f.space.on_disconnecting([](Socket& socket, std::string_view) {
    EXPECT_FALSE(socket.is_connected());
    socket.emit("to itself");
    socket.to("room").emit("leaving");
  });
  f.space.on_disconnect([](Socket& socket, std::string_view) {
    socket.join("room");
    EXPECT_TRUE(socket.rooms().empty());
    socket.emit("to itself");
    socket.to("room").emit("left");
  });
  f.connect([](Socket& socket) { socket.join("room"); });
  PacketClient other(f.at, 1);
  other.join();
  other.take();
  f.say("1");
  EXPECT_EQ(f.client->take(), Packets{});
  EXPECT_EQ(other.take(), (Packets{R"(2["leaving"])", R"(2["left"])"}));
}

TEST(Disconnecting, may_disconnect_again_which_is_nothing_new) {
  for (const bool close : {false, true}) {
    End f;
    f.note_all();
    f.space.on_disconnecting(
        [close](Socket& socket, std::string_view) { socket.disconnect(close); });
    f.space.on_disconnect([close](Socket& socket, std::string_view) { socket.disconnect(close); });
    f.say("1");
    EXPECT_EQ(f.seen, f.expected("client namespace disconnect"));
    EXPECT_EQ(f.client->is_gone(), close);
    EXPECT_EQ(f.at.server.population(0).sockets, 0u);
  }
}

TEST(Disconnecting, of_a_connection_ends_all_its_sockets_in_the_order_they_came) {
  Fixture f;
  const auto note = [&](std::string_view name) {
    Namespace& space = f.at.server.of(name);
    space.on_disconnect([&](Socket&, std::string_view reason) {
      f.seen.push_back(space.name() + " " + std::string(reason));
    });
  };
  for (const char* name : {"/", "/a", "/b"}) note(name);
  f.connect([](Socket&) {});
  f.client->join("/a");
  f.client->join("/b");
  f.client->drop();
  f.at.settle();
  EXPECT_EQ(f.seen, (Seen{"/ transport error", "/a transport error", "/b transport error"}));
}

TEST(Disconnecting, may_end_the_whole_connection_from_one_of_its_namespaces) {
  Fixture f;
  Namespace& other = f.at.server.of("/other");
  other.on_disconnect(
      [&](Socket&, std::string_view reason) { f.seen.push_back("other: " + std::string(reason)); });
  f.space.on_disconnecting([](Socket& socket, std::string_view) { socket.disconnect(true); });
  f.space.on_disconnect(
      [&](Socket&, std::string_view reason) { f.seen.push_back("first: " + std::string(reason)); });
  f.connect([](Socket&) {});
  f.client->join("/other");
  f.client->take();
  f.say("1");
  EXPECT_EQ(f.client->take(), Packets{"1/other,"});
  EXPECT_EQ(f.seen,
            (Seen{"other: server namespace disconnect", "first: client namespace disconnect"}));
  EXPECT_TRUE(f.client->is_gone());
}

TEST(Disconnecting, leaves_the_data_to_the_last_handler_also_when_it_is_kept) {
  ServerOptions options;
  options.recovery = RecoveryOptions{};
  Seen seen;
  test::SteppedServer at(options);
  at.server.of("/").on_connect([](Socket& socket) { socket.data()["name"] = "a"; });
  at.server.of("/").on_disconnect(
      [&](Socket& socket, std::string_view) { seen.push_back(to_text(Json(socket.data()))); });
  PacketClient client(at, 0);
  client.join();
  client.drop();
  at.settle();
  EXPECT_EQ(seen, Seen{R"({"name":"a"})"});
}

}  // namespace
}  // namespace coterie::socketio
