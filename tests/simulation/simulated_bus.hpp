// Redis in a simulated universe: what it promises to publishers and subscribers, and no more.
//
// The contract is that of redis/bus.hpp as RedisBus keeps it. What one server publishes is heard in
// its order; what two publish, in any. A connection may break at any time: what is on its way then
// is lost, in both directions, what waits behind it is not; and Redis may count a dead subscriber
// for a while. Each loss is counted, by who said it and who has not heard it: whatever else a
// server misses is a bug.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "redis/bus.hpp"
#include "world.hpp"

namespace coterie::simulation {

class SimulatedBus;

class SimulatedRedis {
 public:
  SimulatedRedis(World& world, bool has_one_order) : world_(world), has_one_order_(has_one_order) {}

  // What has arrived here is handed on.
  void act();
  void go_away();
  void come_back() { is_away_ = false; }
  bool is_away() const { return is_away_; }
  // Everyone is connected and subscribed, and nobody else is counted.
  bool is_whole() const;
  // How often anything has gone wrong, or anyone come or gone.
  std::uint64_t disturbances() const { return disturbances_; }
  // So much of what that server has said did not reach the other one. Servers are numbered from 1;
  // what was lost for `everyone` could not reach those that begin later, either.
  static constexpr unsigned everyone = 0;
  std::uint64_t losses(unsigned from, unsigned to) const;
  bool is_idle() const;

 private:
  friend class SimulatedBus;
  struct Ghost {
    std::set<std::string> names;
    TimePoint until;
  };
  struct Sent {
    TimePoint due;
    std::string channel;
    std::string message;
    redis::Bus::OnCount on_count;
  };

  void arrive(SimulatedBus& from, Sent sent);
  void lose(unsigned from);
  void lose(unsigned from, unsigned to);
  TimePoint later(TimePoint than) const;

  World& world_;
  const bool has_one_order_;  // As one Redis has it; not so where there are several.
  bool is_away_ = false;
  std::uint64_t disturbances_ = 0;
  std::vector<SimulatedBus*> buses_;
  std::vector<Ghost> ghosts_;
  std::map<std::pair<unsigned, unsigned>, std::uint64_t> losses_;
};

class SimulatedBus final : public redis::Bus {
 public:
  // No more bytes than that wait to be sent, or as tasks.
  SimulatedBus(World& world, SimulatedRedis& redis, unsigned number, std::size_t bytes_max);
  ~SimulatedBus() override;

  void start(OnMessage on_message, OnHearing on_hearing) override {
    on_message_ = std::move(on_message);
    on_hearing_ = std::move(on_hearing);
  }
  void stop() override;
  void post(Task task, std::size_t bytes) override;
  void publish(std::string channel, std::string message) override;
  void subscribe(std::string channel) override { want(std::move(channel)); }
  void subscribe_pattern(std::string pattern) override { want(std::move(pattern)); }
  void unsubscribe(const std::string& channel_or_pattern) override;
  void count_subscribers(std::string channel, OnCount on_count) override;
  // There are no streams here: the adapter over publish and subscribe asks for none of these.
  void run(redis::Command, OnReply) override { COTERIE_CHECK(false); }
  void run_waiting(redis::Command, OnReply) override { COTERIE_CHECK(false); }
  bool is_up() const override { return is_greeted_; }
  void run_after(std::chrono::milliseconds delay, Task task) override;

  // A turn of the bus's thread.
  void act();
  // The connections break.
  void cut();
  // The process is gone: nothing is sent any more.
  void die();
  bool is_settled() const { return is_greeted_ && is_confirmed(); }
  bool is_idle() const;
  std::size_t backlog() const;  // Messages on their way, in either direction.
  std::size_t subscriptions() const { return wanted_.size(); }

 private:
  friend class SimulatedRedis;
  struct Outgoing {
    std::string channel;
    std::string message;
    OnCount on_count;
    std::size_t bytes() const { return channel.size() + message.size(); }
  };
  struct Incoming {
    TimePoint due;
    std::string channel;
    std::string message;
  };
  struct Order {  // To Redis: subscribe or unsubscribe.
    TimePoint due;
    std::string name;
    bool is_wanted;
  };

  static bool is_meant(const std::string& name, const std::string& channel);
  static bool is_among(const std::set<std::string>& names, const std::string& channel);
  bool is_confirmed() const { return orders_.empty() && now() >= confirmed_at_; }
  TimePoint now() const { return world_.clock.now(); }
  void want(std::string name);
  void order(std::string name, bool is_wanted);
  void connect();
  void run_posted();
  void run_due();
  void hear();
  void send();
  void enqueue(Outgoing outgoing);

  World& world_;
  SimulatedRedis& redis_;
  const unsigned number_;
  const std::size_t bytes_max_;
  OnMessage on_message_;
  OnHearing on_hearing_;
  bool is_stopped_ = false;
  std::deque<Task> posted_;
  std::size_t posted_bytes_ = 0;
  std::multimap<TimePoint, Task> timers_;
  std::set<std::string> wanted_;
  std::deque<Outgoing> outgoing_;
  std::size_t outgoing_bytes_ = 0;

  bool may_have_lost_ = false;  // Since the last time that everything was heard.
  bool is_greeted_ = false;     // Of this connection:
  bool is_hearing_ = false;
  TimePoint retry_at_;
  TimePoint confirmed_at_;
  std::deque<Order> orders_;
  std::set<std::string> subscribed_;  // As Redis knows it.
  std::deque<SimulatedRedis::Sent> sent_;
  std::map<unsigned, std::deque<Incoming>> incoming_;  // By publisher; or all in one.
  std::deque<std::pair<TimePoint, Task>> replies_;
};

}  // namespace coterie::simulation
