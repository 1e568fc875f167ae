// Redis between servers on this thread: a test lets messages arrive. Beside publish and subscribe
// it knows one stream, and values that are kept until they are taken.
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
#include "socketio/offset.hpp"

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

  redis::Reply answer(const redis::Command& command);

  struct Entry {
    socketio::Offset id;
    redis::Command fields;
  };
  std::deque<Entry> stream;
  socketio::Offset last{1'000'000, 0};  // A millisecond later with every entry.
  std::map<std::string, std::string> values;
  std::vector<redis::Command> commands;  // Ever.

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
  void post(Task task, std::size_t bytes) override {
    bytes_posted += bytes;
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
  void run(redis::Command command, OnReply on_reply) override {
    if (is_mute) return unsent.push_back({std::move(command), std::move(on_reply)});
    redis_.on_their_way.push_back([this, command, on_reply] {
      if (!redis_.is_up) return on_reply ? on_reply(Error("redis_cut")) : void();
      const redis::Reply reply = redis_.answer(command);
      if (is_deaf || deaf_to == command[0]) return unsent.push_back({command, on_reply});
      if (on_reply) on_reply(reply);
    });
  }
  // XREAD waits until there is something behind its offset.
  void run_waiting(redis::Command command, OnReply on_reply) override {
    ++reads;
    const bool blocks = command[3] == "BLOCK";
    redis::Reply reply = redis_.answer(command);
    if (reply.is_nil() && blocks) {
      waiting = {{std::move(command), std::move(on_reply)}};
    } else {
      redis_.on_their_way.push_back([on_reply, reply] { on_reply(reply); });
    }
  }
  // What has waited is sent now.
  void speak() {
    is_mute = false;
    for (auto& [command, on_reply] : std::exchange(unsent, {})) run(command, on_reply);
  }
  void come_up() { on_hearing_({.is_anew = true}); }
  // The connections break: what was asked is never answered.
  void cut() {
    for (auto& [command, on_reply] : std::exchange(unsent, {})) {
      if (on_reply) on_reply(Error("redis_cut"));
    }
    for (auto& [command, on_reply] : std::exchange(waiting, {})) on_reply(Error("redis_cut"));
  }
  bool wake() {
    if (waiting.empty() || redis_.answer(waiting.front().command).is_nil()) return false;
    const Asked asked = std::move(waiting.front());
    waiting.clear();
    asked.on_reply(redis_.answer(asked.command));
    return true;
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
  void hear_again(bool may_have_lost) { on_hearing_({true, may_have_lost}); }

  std::deque<Task> posted;
  std::size_t bytes_posted = 0;  // Ever.
  std::size_t reads = 0;         // XREAD, ever.
  struct Asked {
    redis::Command command;
    OnReply on_reply;
  };
  std::vector<Asked> waiting;  // At most one XREAD.
  std::vector<Asked> unsent;
  bool is_mute = false;  // What is asked does not reach Redis,
  bool is_deaf = false;  // or it does, and the answer does not come back,
  std::string deaf_to;   // as to this command.
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

inline redis::Reply MemoryRedis::answer(const redis::Command& command) {
  using redis::Reply;
  commands.push_back(command);
  const auto text = [](std::string value) { return Reply(Reply::Value(std::move(value))); };
  const auto list = [](Reply::List values) { return Reply(Reply::Value(std::move(values))); };
  const auto found = [&](auto is_wanted, std::size_t most) {
    Reply::List entries;
    for (const Entry& entry : stream) {
      if (!is_wanted(entry.id) || entries.size() == most) continue;
      Reply::List fields;
      for (const std::string& field : entry.fields) fields.push_back(text(field));
      entries.push_back(list({text(entry.id.text()), list(std::move(fields))}));
    }
    return entries;
  };
  if (command[0] == "XADD") {  // stream MAXLEN ~ length *
    ++last.time;
    stream.push_back({last, redis::Command(command.begin() + 6, command.end())});
    return text(last.text());
  }
  if (command[0] == "XREAD") {
    const auto from = *socketio::Offset::parse(command.back());
    auto entries = found([&](const auto& id) { return id > from; }, std::stoul(command[2]));
    if (entries.empty()) return Reply();
    return list({list({text("socket.io"), list(std::move(entries))})});
  }
  if (command[0] == "XRANGE") {
    if (command[2] == "-") return list(found([](const auto&) { return true; }, 1));
    const auto at = *socketio::Offset::parse(command[2]);
    return list(found([&](const auto& id) { return id == at; }, 1));
  }
  if (command[0] == "XREVRANGE") {
    const std::string& end = command[2];
    const auto most = end == "+" ? last : socketio::Offset{std::stoull(end), UINT64_MAX};
    auto entries = found([&](const auto& id) { return id <= most; }, SIZE_MAX);
    if (entries.size() > 1) entries.erase(entries.begin(), entries.end() - 1);
    return list(std::move(entries));
  }
  if (command[0] == "SET") values[command[1]] = command[2];
  if (command[0] != "GETDEL") return text("OK");
  const auto taken = values.extract(command[1]);
  return taken ? text(taken.mapped()) : Reply();
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
  for (MemoryBus* bus : std::vector(buses)) was_busy |= bus->wake();
  return was_busy;
}

}  // namespace coterie::test
