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
    if (words[0] == "PUBLISH") {
      published.add(words[2]);
      return answers_publish ? ":1\r\n" : "";
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
  Events<bool> hearings;
  Events<std::string> published;
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

}  // namespace
}  // namespace coterie::tests
