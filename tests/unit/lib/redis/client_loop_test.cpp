// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <atomic>

#include "base/blocking.hpp"
#include "redis/client.hpp"
#include "redis/scripted_server.hpp"

namespace coterie::tests {
namespace {

using namespace std::chrono_literals;
using redis::Client;
using redis::Command;
using redis::Options;
using redis::Repeat;
using Words = ScriptedServer::Words;

constexpr const char* pong = "+PONG\r\n";

// Answers a PING as Redis does, and everything else with `answer`.
ScriptedServer::Answer beside_ping(ScriptedServer::Answer answer) {
  return [answer = std::move(answer)](const Words& words) {
    return words == Words{"PING"} ? std::optional<std::string>(pong) : answer(words);
  };
}
ScriptedServer::Answer always(std::string text) {
  return beside_ping([text = std::move(text)](const Words&) { return text; });
}

Options options_of(const ScriptedServer& server) {
  Options options;
  options.address.port = server.port();
  options.connect_timeout = 10s;
  options.command_timeout = 10s;
  return options;
}

class RedisClient : public testing::Test {
 protected:
  // What one command is answered with: a text, or the error.
  static std::string ask(Client& client, const Command& command, Repeat repeat = Repeat::never) {
    const auto reply = client.run(command, repeat);
    if (!reply) return std::string(reply.error().code) + ": " + reply.error().detail;
    const auto text = reply->text();
    return text ? *text : text.error().detail;
  }
  // What the client answers to anything when the server says `wire`.
  static std::string heard(const std::string& wire) {
    const ScriptedServer server(always(wire));
    Client client(options_of(server));
    return ask(client, {"ANY"});
  }
  static bool says(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
  }

  const AllowBlocking blocking;
};

TEST_F(RedisClient, sends_words_of_any_bytes_and_reads_them_back) {
  const ScriptedServer server(beside_ping([](const Words& words) {
    return "$" + std::to_string(words[1].size()) + "\r\n" + words[1] + "\r\n";
  }));
  Client client(options_of(server));
  const std::string bytes("\0\r\n$5\r\n\xFF", 8);
  EXPECT_EQ(ask(client, {"ECHO", bytes}), bytes);
  EXPECT_EQ(ask(client, {"ECHO", ""}), "");
}

TEST_F(RedisClient, tells_the_kinds_of_answers_apart) {
  EXPECT_EQ(heard("+OK\r\n"), "OK");
  EXPECT_EQ(heard(":5\r\n"), "the answer is not a text");
  EXPECT_EQ(heard("*0\r\n"), "the answer is not a text");
  EXPECT_EQ(heard("-ERR no such command\r\n"), "redis_refused: ERR no such command");
  const ScriptedServer server(always("*3\r\n:-7\r\n$-1\r\n*1\r\n+deep\r\n"));
  Client client(options_of(server));
  const auto list = client.run({"ANY"}, Repeat::never)->list();
  ASSERT_TRUE(list && list->size() == 3);
  EXPECT_EQ((*list)[0].integer().value(), -7);
  EXPECT_TRUE((*list)[1].is_nil());
  EXPECT_FALSE((*list)[1].maybe_text().value());
  EXPECT_EQ((*list)[2].list()->at(0).text().value(), "deep");
}

TEST_F(RedisClient, survives_a_server_that_speaks_something_else) {
  for (const char* wire :
       {"HTTP/1.1 400 Bad Request\r\n\r\n", "$x\r\n", "*1\r\n?\r\n", "$-5\r\n"}) {
    EXPECT_TRUE(says(heard(wire), "redis_unavailable")) << wire << " " << heard(wire);
  }
}

TEST_F(RedisClient, introduces_itself_before_it_asks) {
  const ScriptedServer server(always("+OK\r\n"));
  Options options = options_of(server);
  options.address.username = "chat";
  options.address.password = "hidden";
  options.database = 3;
  Client client(options);
  EXPECT_EQ(ask(client, {"GET", "key"}), "OK");
  EXPECT_EQ(
      server.commands(),
      (std::vector<Words>{{"AUTH", "chat", "hidden"}, {"SELECT", "3"}, {"PING"}, {"GET", "key"}}));
}

TEST_F(RedisClient, says_why_it_is_not_let_in) {
  const ScriptedServer server([](const Words&) { return "-NOAUTH Authentication required.\r\n"; });
  Client client(options_of(server));
  const auto answer = ask(client, {"GET", "key"});
  EXPECT_TRUE(says(answer, "redis_unavailable")) << answer;
  EXPECT_TRUE(says(answer, "NOAUTH Authentication required.")) << answer;
}

TEST_F(RedisClient, gets_an_answer_to_each_of_many_commands) {
  std::atomic<int> next = 0;
  const ScriptedServer server(
      beside_ping([&](const Words&) { return ":" + std::to_string(next++) + "\r\n"; }));
  Client client(options_of(server));
  const std::vector<Command> commands(1000, Command{"ANY"});
  const auto replies = client.run(commands, Repeat::never);
  ASSERT_TRUE(replies && replies->size() == 1000);
  for (int i = 0; i < 1000; ++i)
    EXPECT_EQ((*replies)[static_cast<std::size_t>(i)].integer().value(), i);
}

TEST_F(RedisClient, goes_on_with_a_connection_on_which_a_command_was_refused) {
  const ScriptedServer server(beside_ping(
      [](const Words& words) { return words[0] == "BAD" ? "-ERR bad\r\n" : "+fine\r\n"; }));
  Client client(options_of(server));
  const std::vector<Command> commands{{"GOOD"}, {"BAD"}, {"GOOD"}};
  const auto replies = client.run(commands, Repeat::never);
  ASSERT_FALSE(replies);
  EXPECT_EQ(replies.error(), Error("redis_refused", "ERR bad"));
  EXPECT_EQ(ask(client, {"GOOD"}), "fine");
  EXPECT_EQ(server.connections(), 1U);
}

TEST_F(RedisClient, replaces_an_idle_connection_that_was_cut_whatever_is_asked) {
  ScriptedServer server(always("+fine\r\n"));
  Client client(options_of(server));
  EXPECT_EQ(ask(client, {"FIRST"}), "fine");
  server.cut_all();
  EXPECT_EQ(ask(client, {"SECOND"}, Repeat::never), "fine");
  EXPECT_EQ(server.connections(), 2U);
}

TEST_F(RedisClient, asks_once_more_what_does_no_harm_and_nothing_else) {
  std::atomic<int> cuts = 1;
  const ScriptedServer server(beside_ping([&](const Words&) -> std::optional<std::string> {
    if (cuts-- > 0) return std::nullopt;
    return "+fine\r\n";
  }));
  Client client(options_of(server));
  EXPECT_EQ(ask(client, {"GET"}, Repeat::harmless), "fine");
  EXPECT_EQ(server.count({"GET"}), 2);
  cuts = 1;
  EXPECT_TRUE(says(ask(client, {"INCR"}, Repeat::never), "redis_unavailable"));
  EXPECT_EQ(server.count({"INCR"}), 1);
  cuts = 3;
  EXPECT_TRUE(says(ask(client, {"SET"}, Repeat::harmless), "redis_unavailable"));
  EXPECT_EQ(server.count({"SET"}), 2);
}

TEST_F(RedisClient, leaves_a_server_that_cannot_serve_for_another_connection) {
  std::atomic<bool> is_replica = true;
  const ScriptedServer server(beside_ping([&](const Words&) {
    return is_replica.exchange(false) ? "-READONLY You can't write\r\n" : "+fine\r\n";
  }));
  Client client(options_of(server));
  const auto answer = ask(client, {"SET"});
  EXPECT_TRUE(says(answer, "redis_unavailable")) << answer;
  EXPECT_TRUE(says(answer, "READONLY")) << answer;
  EXPECT_EQ(ask(client, {"SET"}), "fine");
  EXPECT_EQ(server.connections(), 2U);
}

TEST_F(RedisClient, refuses_at_once_while_redis_does_not_answer_and_comes_back) {
  std::atomic<bool> is_silent = true;
  const ScriptedServer server(
      beside_ping([&](const Words&) { return is_silent ? "" : "+fine\r\n"; }));
  Options options = options_of(server);
  options.command_timeout = 50ms;
  Client client(options);
  const auto answer = ask(client, {"GET"});
  EXPECT_TRUE(says(answer, "redis_unavailable")) << answer;
  EXPECT_TRUE(says(answer, "does not answer in time")) << answer;
  EXPECT_EQ(ask(client, {"GET"}), answer);
  EXPECT_EQ(server.count({"GET"}), 1);
  is_silent = false;
  while (ask(client, {"GET"}) != "fine") {
  }
}

TEST_F(RedisClient, names_the_address_where_nobody_listens) {
  Options options;
  {
    const ScriptedServer server(always(""));
    options.address.port = server.port();
  }
  Client client(options);
  const auto answer = ask(client, {"GET"});
  EXPECT_TRUE(says(answer, "127.0.0.1:" + std::to_string(options.address.port))) << answer;
  EXPECT_TRUE(says(answer, "refused")) << answer;
}

TEST_F(RedisClient, serves_many_threads_over_few_connections) {
  const ScriptedServer server(
      beside_ping([](const Words& words) { return "+" + words[1] + "\r\n"; }));
  Options options = options_of(server);
  options.connections_max = 2;
  Client client(options);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&client, i] {
      const AllowBlocking here;
      for (int n = 0; n < 200; ++n) {
        const std::string word = std::to_string(i * 1000 + n);
        EXPECT_EQ(ask(client, {"ECHO", word}), word);
      }
    });
  }
  threads.clear();
  EXPECT_LE(server.connections(), 2U);
}

// -- a Redis Cluster ------------------------------------------------------------------------------

std::string bulk(const std::string& text) {
  return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
}

// Two servers: `low` has the slots below 10,000 ("bar", 5061), `high` the others ("foo", 12182),
// until a test says otherwise.
class RedisClusterClient : public RedisClient {
 protected:
  std::optional<std::string> answer(const Words& words, bool is_low) {
    if (words[0] == "PING") return pong;
    if (words[0] == "CLUSTER") return slots();
    if (words[0] == "ASKING") return "+OK\r\n";
    if (is_down && !is_low) return std::nullopt;
    if (is_low == is_at_low(words.back())) return "+" + words[0] + " " + words.back() + "\r\n";
    const auto to = std::to_string(is_low ? high.port() : low.port());
    return "-MOVED " + std::to_string(redis::slot_of(words.back())) + " 127.0.0.1:" + to + "\r\n";
  }
  bool is_at_low(const std::string& key) const { return redis::slot_of(key) < first_of_high; }
  std::string slots() const {
    const int border = first_of_high;
    const auto range = [](int first, int last, std::uint16_t port) {
      return "*3\r\n:" + std::to_string(first) + "\r\n:" + std::to_string(last) + "\r\n*2\r\n" +
             bulk("127.0.0.1") + ":" + std::to_string(port) + "\r\n";
    };
    const std::string first = range(0, border - 1, low.port());
    return border == 16384 ? "*1\r\n" + first
                           : "*2\r\n" + first + range(border, 16383, high.port());
  }

  std::atomic<int> first_of_high = 10'000;
  std::atomic<bool> is_down = false;
  const ScriptedServer low{[this](const Words& words) { return answer(words, true); }};
  const ScriptedServer high{[this](const Words& words) { return answer(words, false); }};
  Client client{options_of(low)};
};

TEST_F(RedisClusterClient, is_what_it_becomes_when_a_command_is_sent_elsewhere) {
  EXPECT_EQ(ask(client, {"GET", "bar"}), "GET bar");
  EXPECT_EQ(low.count({"CLUSTER", "SLOTS"}) + high.count({"CLUSTER", "SLOTS"}), 0);
  const std::vector<Command> commands{{"GET", "foo"}, {"GET", "bar"}, {"PTTL", "foo"}};
  const auto replies = client.run(commands, Repeat::never);
  ASSERT_TRUE(replies) << replies.error().detail;
  EXPECT_EQ((*replies)[0].text().value(), "GET foo");
  EXPECT_EQ((*replies)[1].text().value(), "GET bar");
  EXPECT_EQ((*replies)[2].text().value(), "PTTL foo");
  // Then it knows.
  EXPECT_EQ(ask(client, {"DEL", "foo"}), "DEL foo");
  EXPECT_EQ(low.count({"DEL", "foo"}), 0);
  EXPECT_EQ(low.count({"CLUSTER", "SLOTS"}), 1);
}

TEST_F(RedisClusterClient, has_a_key_at_each_server_and_pings_them_all) {
  EXPECT_TRUE(client.ping());
  const auto shares = client.shares("coterie:ping").value();
  ASSERT_EQ(shares.size(), 2U);
  EXPECT_EQ(low.count({"EXISTS", shares[0].key}), 1);
  EXPECT_EQ(high.count({"EXISTS", shares[1].key}), 1);
  is_down = true;
  const auto ping = client.ping();
  ASSERT_FALSE(ping);
  EXPECT_TRUE(says(ping.error().detail, std::to_string(high.port()))) << ping.error().detail;
}

TEST_F(RedisClusterClient, goes_to_who_has_taken_over_and_does_what_may_have_run_once) {
  EXPECT_TRUE(client.ping());
  is_down = true;
  first_of_high = 16'384;
  // It may have run; the next who comes knows better, half a second later at most.
  EXPECT_TRUE(says(ask(client, {"INCR", "foo"}, Repeat::never), "redis_unavailable"));
  EXPECT_EQ(low.count({"INCR", "foo"}), 0);
  while (ask(client, {"GET", "foo"}, Repeat::harmless) != "GET foo") {
  }
  EXPECT_EQ(ask(client, {"GET", "bar"}), "GET bar");
}

TEST_F(RedisClusterClient, needs_one_of_its_nodes_to_begin) {
  Options options = options_of(low);
  {
    const ScriptedServer gone(always(""));
    options.address.cluster_nodes = {{"127.0.0.1", gone.port()}};
  }
  Client lost(options);
  const auto answer = ask(lost, {"GET", "foo"});
  EXPECT_TRUE(says(answer, "redis_unavailable: no node tells where keys are: 127.0.0.1:"))
      << answer;
  options.address.cluster_nodes.push_back({"127.0.0.1", low.port()});
  Client found(options);
  EXPECT_EQ(ask(found, {"GET", "foo"}), "GET foo");
  EXPECT_EQ(low.count({"GET", "foo"}), 0);
}

TEST_F(RedisClient, follows_a_slot_that_is_on_its_way_and_gives_up_on_endless_ways) {
  const ScriptedServer target(always("+here\r\n"));
  const ScriptedServer source(
      always("-ASK 12182 127.0.0.1:" + std::to_string(target.port()) + "\r\n"));
  Client client(options_of(source));
  EXPECT_EQ(ask(client, {"INCR", "foo"}), "here");
  EXPECT_EQ(target.commands(), (std::vector<Words>{{"PING"}, {"ASKING"}, {"INCR", "foo"}}));

  const std::uint16_t* port = nullptr;
  const ScriptedServer mad(beside_ping([&](const Words& words) {
    if (words[0] == "CLUSTER") return std::string("-NOPERM no\r\n");
    return "-MOVED 12182 127.0.0.1:" + std::to_string(*port) + "\r\n";
  }));
  const std::uint16_t own = mad.port();
  port = &own;
  Client dizzy(options_of(mad));
  EXPECT_TRUE(says(ask(dizzy, {"GET", "foo"}), "each server says that another has the key"));
  EXPECT_EQ(mad.count({"GET", "foo"}), 6);
}

}  // namespace
}  // namespace coterie::tests
