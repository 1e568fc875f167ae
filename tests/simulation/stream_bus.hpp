// Redis in a simulated universe, as the adapter over streams sees it: commands, one stream, and
// channels.
//
// The contract is that of redis/bus.hpp as RedisBus keeps it. What one server asks is done and
// answered in its order. A connection may break at any time: then what was on its way may have been
// done or not, its answers are errors, what was published is lost, and what waits behind it is not.
// Redis keeps all that it has done.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "redis/bus.hpp"
#include "support/memory_bus.hpp"
#include "world.hpp"

namespace coterie::simulation {

class StreamBus;

class StreamRedis {
 public:
  explicit StreamRedis(World& world) : world_(world) {}

  // What has arrived here is done and answered.
  void act();
  void go_away();
  void come_back() { is_away_ = false; }
  bool is_away() const { return is_away_; }
  bool is_idle() const;
  // All entries, ever.
  const std::deque<test::MemoryRedis::Entry>& stream() const { return memory_.stream; }

 private:
  friend class StreamBus;

  redis::Reply answer(const redis::Command& command);
  TimePoint later(TimePoint than) const;

  World& world_;
  test::MemoryRedis memory_;
  bool is_away_ = false;
  std::vector<StreamBus*> buses_;
};

class StreamBus final : public redis::Bus {
 public:
  StreamBus(World& world, StreamRedis& redis);
  ~StreamBus() override;

  void start(OnMessage on_message, OnHearing on_hearing) override {
    on_message_ = std::move(on_message);
    on_hearing_ = std::move(on_hearing);
  }
  void stop() override;
  void post(Task task, std::size_t) override {
    if (!is_stopped_) posted_.push_back(std::move(task));
  }
  void publish(std::string channel, std::string message) override {
    run({"PUBLISH", std::move(channel), std::move(message)}, {});
  }
  void subscribe(std::string channel) override { names_.insert(std::move(channel)); }
  void subscribe_pattern(std::string pattern) override { names_.insert(std::move(pattern)); }
  void unsubscribe(const std::string& name) override { names_.erase(name); }
  void count_subscribers(std::string channel, OnCount on_count) override;
  void run(redis::Command command, OnReply on_reply) override {
    outgoing_.push_back({{}, std::move(command), std::move(on_reply)});
  }
  void run_waiting(redis::Command command, OnReply on_reply) override;
  bool is_up() const override { return is_greeted_; }
  void run_after(std::chrono::milliseconds delay, Task task) override {
    timers_.emplace(now() + delay, std::move(task));
  }

  // A turn of the bus's thread.
  void act();
  // The connections break.
  void cut();
  // The process is gone: nothing is sent any more.
  void die();
  bool is_idle() const;

 private:
  friend class StreamRedis;
  struct Asked {
    TimePoint due;
    redis::Command command;
    OnReply on_reply;
  };
  struct Answered {
    TimePoint due;
    OnReply on_reply;
    redis::Reply reply;
  };
  struct Message {
    TimePoint due;
    std::string channel;
    std::string text;
  };

  TimePoint now() const { return world_.clock.now(); }
  bool is_settled() const { return is_greeted_ && now() >= confirmed_at_; }
  void arrive();
  void hear();
  std::vector<OnReply> break_off();
  void take_turn(std::deque<Answered>& answers);

  World& world_;
  StreamRedis& redis_;
  OnMessage on_message_;
  OnHearing on_hearing_;
  bool is_stopped_ = false;
  std::deque<Task> posted_;
  std::multimap<TimePoint, Task> timers_;
  std::set<std::string> names_;
  std::deque<Asked> outgoing_;

  bool is_greeted_ = false;  // Of this connection:
  bool is_hearing_ = false;
  TimePoint retry_at_;
  TimePoint confirmed_at_;
  std::deque<Asked> sent_;
  std::deque<Answered> answers_;
  std::optional<Asked> waiting_;  // XREAD
  std::deque<Answered> read_;     // At most one.
  std::deque<Message> messages_;
};

}  // namespace coterie::simulation
