// The bus on a real thread, with a server that a test lets break off.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <optional>

#include "redis/redis_bus.hpp"
#include "redis/scripted_server.hpp"

namespace coterie::tests {
namespace {

using Words = ScriptedServer::Words;

// What happens on other threads, for a test to wait for.
template <class T>
class Events {
 public:
  void add(T event) {
    std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
    added_.notify_all();
  }
  std::optional<T> next() {
    std::unique_lock lock(mutex_);
    const auto is_there = [this] { return read_ < events_.size(); };
    if (!added_.wait_for(lock, std::chrono::seconds(30), is_there)) return std::nullopt;
    return events_[read_++];
  }
  bool is_read() {
    std::lock_guard lock(mutex_);
    return read_ == events_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable added_;
  std::vector<T> events_;
  std::size_t read_ = 0;
};

struct Fixture {
  Fixture() {
    bus.start([](std::string_view, std::string_view) {},
              [this](redis::Bus::Hearing heard) { hearings.add(heard.may_have_lost); });
  }
  ~Fixture() { bus.stop(); }
  std::optional<std::string> answer(const Words& words) {
    if (words[0] == "PING") return "+PONG\r\n";
    if (words[0] == "ROLE") {
      const std::string role = is_replica.exchange(false) ? "slave" : "master";
      return "*1\r\n$" + std::to_string(role.size()) + "\r\n" + role + "\r\n";
    }
    if (words[0] == "CLUSTER") return "-ERR This instance has cluster support disabled\r\n";
    if (words[0] == "PUBLISH") {
      published.add(words[2]);
      return answers_publish ? ":1\r\n" : "";
    }
    if (!answers_subscribe) {
      subscriptions.add(words[1]);
      return "";
    }
    const std::string kind = words[0] == "SUBSCRIBE" ? "subscribe" : "psubscribe";
    return "*3\r\n$" + std::to_string(kind.size()) + "\r\n" + kind + "\r\n$" +
           std::to_string(words[1].size()) + "\r\n" + words[1] + "\r\n:1\r\n";
  }
  void subscribe() {
    bus.post(
        [this] {
          bus.subscribe("a");
          bus.subscribe_pattern("b*");
        },
        0);
  }
  void publish(const std::string& message) {
    bus.post([this, message] { bus.publish("a", message); }, 0);
  }

  std::atomic<bool> answers_publish = true;
  std::atomic<bool> answers_subscribe = true;
  std::atomic<bool> is_replica = false;  // When it is asked next.
  Events<bool> hearings;
  Events<std::string> published;
  Events<std::string> subscriptions;  // That are not answered.
  ScriptedServer server{[this](const Words& words) { return answer(words); }};
  redis::RedisBus bus{{.port = server.port()}, {}};
};

TEST(RedisBus, says_once_when_all_that_was_subscribed_to_is_heard) {
  Fixture f;
  f.subscribe();
  EXPECT_EQ(f.hearings.next(), false);
  f.publish("there");  // Behind both confirmations.
  EXPECT_EQ(f.published.next(), "there");
  EXPECT_TRUE(f.hearings.is_read());
}

TEST(RedisBus, says_so_again_each_time_that_its_connections_are_back) {
  Fixture f;
  f.subscribe();
  EXPECT_EQ(f.hearings.next(), false);
  for (int i = 0; i < 2; ++i) {
    f.server.cut_all();
    EXPECT_EQ(f.hearings.next(), false);
  }
  EXPECT_TRUE(f.hearings.is_read());
}

TEST(RedisBus, says_whether_what_was_published_may_be_lost) {
  Fixture f;
  f.subscribe();
  EXPECT_EQ(f.hearings.next(), false);
  f.answers_publish = false;
  f.publish("lost");
  EXPECT_EQ(f.published.next(), "lost");
  f.answers_publish = true;
  f.server.cut_all();
  EXPECT_EQ(f.hearings.next(), true);
  f.server.cut_all();
  EXPECT_EQ(f.hearings.next(), false);
}

TEST(RedisBus, says_so_when_too_much_has_waited_for_redis) {
  Fixture f;
  redis::RedisBus small({.port = f.server.port()}, {.queue_bytes_max = 1000});
  Events<bool> hearings;
  small.start([](std::string_view, std::string_view) {},
              [&](redis::Bus::Hearing heard) { hearings.add(heard.may_have_lost); });
  small.post(
      [&small] {
        // More than there is room for, before there can be a connection.
        for (int i = 0; i < 3; ++i) small.publish("a", std::string(500, 'x'));
        small.subscribe("a");
      },
      0);
  EXPECT_EQ(hearings.next(), true);
  small.stop();
}

TEST(RedisBus, says_all_at_its_end_though_it_does_not_hear_yet) {
  Fixture f;
  f.answers_subscribe = false;
  f.subscribe();
  f.publish("last");
  ASSERT_TRUE(f.subscriptions.next() && f.subscriptions.next());
  f.bus.stop();
  EXPECT_EQ(f.published.next(), "last");
}

TEST(RedisBus, leaves_a_server_that_sentinels_name_and_that_is_no_primary_any_more) {
  Fixture f;
  const ScriptedServer sentinel([&](const Words& words) -> std::optional<std::string> {
    if (words[0] == "PING") return "+PONG\r\n";
    const std::string port = std::to_string(f.server.port());
    return "*2\r\n$9\r\n127.0.0.1\r\n$" + std::to_string(port.size()) + "\r\n" + port + "\r\n";
  });
  f.is_replica = true;
  redis::RedisBus found({.host = "chat", .sentinels = {{{"127.0.0.1", sentinel.port()}}}}, {});
  Events<bool> hearings;
  found.start([](std::string_view, std::string_view) {},
              [&](redis::Bus::Hearing heard) { hearings.add(heard.may_have_lost); });
  found.post([&found] { found.subscribe("mine"); }, 0);
  EXPECT_EQ(hearings.next(), false);
  EXPECT_EQ(f.server.count({"ROLE"}), 2);
  EXPECT_EQ(f.server.count({"SUBSCRIBE", "mine"}), 1);
  EXPECT_EQ(sentinel.count({"SENTINEL", "get-master-addr-by-name", "chat"}), 2);
  found.stop();
}

// Two servers of a Cluster; only the first is connected to, and both are asked who is subscribed.
TEST(RedisBus, counts_subscribers_at_all_servers_of_a_cluster) {
  std::uint16_t ports[2] = {};
  const auto answer = [&](const Words& words, int count) -> std::optional<std::string> {
    if (words[0] == "PING") return "+PONG\r\n";
    if (words[0] == "PUBSUB") return "*2\r\n+a\r\n:" + std::to_string(count) + "\r\n";
    if (words[0] != "CLUSTER") return "*3\r\n+subscribe\r\n+a\r\n:1\r\n";
    const auto node = [&](int i) { return "*2\r\n$-1\r\n:" + std::to_string(ports[i]) + "\r\n"; };
    return "*2\r\n*3\r\n:0\r\n:8191\r\n" + node(0) + "*3\r\n:8192\r\n:16383\r\n" + node(1);
  };
  const ScriptedServer first([&](const Words& words) { return answer(words, 2); });
  const ScriptedServer second([&](const Words& words) { return answer(words, 3); });
  ports[0] = first.port();
  ports[1] = second.port();
  redis::RedisBus bus({.cluster_nodes = {{"127.0.0.1", second.port()}}}, {});
  Events<std::size_t> counts;
  bus.start([](std::string_view, std::string_view) {}, [](redis::Bus::Hearing) {});
  bus.post(
      [&] {
        bus.subscribe("a");
        bus.count_subscribers("a", [&](std::size_t count) { counts.add(count); });
      },
      0);
  EXPECT_EQ(counts.next(), 5U);
  EXPECT_EQ(first.count({"SUBSCRIBE", "a"}), 1);
  EXPECT_EQ(second.count({"SUBSCRIBE", "a"}), 0);
  bus.stop();
}

}  // namespace
}  // namespace coterie::tests
