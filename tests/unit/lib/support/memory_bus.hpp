// Publish and subscribe between servers on this thread: a test lets messages arrive.
//
//   MemoryRedis redis;
//   auto bus = std::make_unique<MemoryBus>(redis);
//   redis.deliver();  // Everything on its way arrives; true when there was something.
// SPDX-License-Identifier: MIT
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "redis/bus.hpp"

namespace coterie::test {

class MemoryBus;

struct MemoryRedis {
  bool deliver();
  // As somebody would who is no server of ours.
  void publish(std::string channel, std::string message) {
    sent.emplace_back(channel, message);
    on_their_way.push_back([this, channel, message] { spread(channel, message); });
  }
  void spread(const std::string& channel, const std::string& message);

  std::vector<MemoryBus*> buses;
  std::deque<Task> on_their_way;
  std::vector<std::pair<std::string, std::string>> sent;  // Ever.
  bool is_up = true;
};

class MemoryBus final : public redis::Bus {
 public:
  explicit MemoryBus(MemoryRedis& redis) : redis_(redis) { redis_.buses.push_back(this); }
  ~MemoryBus() override { std::erase(redis_.buses, this); }

  void start(OnMessage on_message, OnHearing on_hearing) override {
    on_message_ = std::move(on_message);
    on_hearing_ = std::move(on_hearing);
  }
  void stop() override { is_stopped_ = true; }
  void post(Task task, std::size_t) override {
    if (!is_stopped_ && !is_full) posted.push_back(std::move(task));
  }
  void publish(std::string channel, std::string message) override {
    redis_.publish(std::move(channel), std::move(message));
  }
  void subscribe(std::string channel) override { names_.insert(std::move(channel)); }
  void subscribe_pattern(std::string pattern) override { names_.insert(std::move(pattern)); }
  void unsubscribe(const std::string& name) override { names_.erase(name); }
  void count_subscribers(std::string channel, OnCount on_count) override {
    redis_.on_their_way.push_back([this, channel, on_count] {
      std::size_t count = 0;
      for (const MemoryBus* bus : redis_.buses) count += bus->names_.count(channel);
      on_count(count);
    });
  }
  bool is_up() const override { return redis_.is_up; }
  void run_after(std::chrono::milliseconds delay, Task task) override {
    timers_.emplace(time_ + delay, std::move(task));
  }

  // A name is a pattern when it ends with an asterisk, and means what begins so.
  void hear(const std::string& channel, const std::string& message) {
    for (const std::string& name : std::set(names_)) {
      const bool is_pattern = name.ends_with('*');
      const bool is_meant =
          is_pattern ? channel.starts_with(name.substr(0, name.size() - 1)) : channel == name;
      if (is_meant && !is_stopped_) on_message_(name, message);
    }
  }
  void pass(std::chrono::milliseconds time) {
    time_ += time;
    while (!timers_.empty() && timers_.begin()->first <= time_) {
      auto due = timers_.extract(timers_.begin());
      due.mapped()();
    }
  }
  std::size_t subscriptions() const { return names_.size(); }
  // As when Redis has been away.
  void hear_again(bool may_have_lost) { on_hearing_(may_have_lost); }

  std::deque<Task> posted;
  bool is_full = false;  // What is posted is dropped.

 private:
  MemoryRedis& redis_;
  OnMessage on_message_;
  OnHearing on_hearing_;
  std::set<std::string> names_;
  std::multimap<std::chrono::milliseconds, Task> timers_;
  std::chrono::milliseconds time_{0};
  bool is_stopped_ = false;
};

inline void MemoryRedis::spread(const std::string& channel, const std::string& message) {
  for (MemoryBus* bus : std::vector(buses)) bus->hear(channel, message);
}

inline bool MemoryRedis::deliver() {
  bool was_busy = false;
  for (MemoryBus* bus : std::vector(buses)) {
    for (auto all = std::exchange(bus->posted, {}); !all.empty(); all.pop_front()) {
      was_busy = true;
      all.front()();
    }
  }
  for (auto all = std::exchange(on_their_way, {}); !all.empty(); all.pop_front()) {
    was_busy = true;
    all.front()();
  }
  return was_busy;
}

}  // namespace coterie::test
