// Publish and subscribe over Redis: a thread with connections that come back by themselves.
//
// One connection publishes and asks, another one is subscribed, and where it is wanted a third one
// lets Redis wait (XREAD). When one breaks (or is silent for too long) all are made anew, after a
// pause that grows, and subscribed to everything again.
//
// In a Redis Cluster each server hears what is published at any other, but counts its own
// subscribers only. All our connections go to the server that has the first slot, so what servers
// of ours tell each other does not depend on how those of Redis do; who is subscribed elsewhere is
// asked for there.
//
// What was published meanwhile has waited, in order; when too much waits the oldest goes: whoever
// was away wants to know what is, not what was. The log says how much that was.
//
// Nobody else waits for Redis: post() puts a task under a lock, and all else is this thread's.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/guarded.hpp"
#include "net/pollable.hpp"
#include "net/workers.hpp"
#include "redis/address.hpp"
#include "redis/bus.hpp"
#include "redis/link.hpp"
#include "redis/slots.hpp"
#include "redis/subscriber_count.hpp"

namespace coterie::redis {

struct BusLimits {
  std::size_t queue_bytes_max = 64'000'000;    // Of messages that wait for Redis: minutes of chat.
  std::size_t message_bytes_max = 16'000'000;  // Of one message that comes in.
};

class RedisBus final : public Bus {
 public:
  enum class Waits : bool { no, yes };  // Is there to be a connection that lets Redis wait?
  RedisBus(Address address, BusLimits limits, Waits waits = Waits::no);
  ~RedisBus() override;

  void start(OnMessage on_message, OnHearing on_hearing) override;
  void stop() override;
  void post(Task task, std::size_t bytes) override;
  void publish(std::string channel, std::string message) override;
  void subscribe(std::string channel) override { add(std::move(channel), false); }
  void subscribe_pattern(std::string pattern) override { add(std::move(pattern), true); }
  void unsubscribe(const std::string& channel_or_pattern) override;
  void count_subscribers(std::string channel, OnCount on_count) override;
  void run(Command command, OnReply on_reply) override;
  void run_waiting(Command command, OnReply on_reply) override;
  bool is_up() const override { return session_ && session_->is_greeted; }
  void run_after(std::chrono::milliseconds delay, Task task) override;

 private:
  struct Outgoing {
    Command command;
    OnReply on_reply;  // Empty: nobody wants to know.
    std::size_t bytes() const;
  };
  struct Line {
    std::unique_ptr<Link> link;
    TimePoint heard{};
    std::deque<OnReply> awaited = {};  // What its next replies are for; empty: for nothing.
  };
  // The connections of one time that Redis is there.
  struct Session {
    Line speaker;
    Line listener;
    Line waiter;  // Without a link where none is wanted.
    TimePoint began{};
    TimePoint pinged{};
    Place place = {};             // Where all of them end.
    bool is_greeted = false;      // Redis has let us in, on all.
    unsigned greetings_left = 0;  // Answers that are to come for that.
    std::size_t unconfirmed = 0;  // Subscriptions that Redis has not confirmed.
    std::string trouble = {};     // Why this has to end.
    std::vector<Line*> lines();
  };

  static constexpr std::size_t overhead_bytes = 64;  // What a message holds beside itself, about.

  void run_thread() noexcept;
  void turn();
  Result<Place> find_place();
  void connect();
  void greet();
  void ask_role();
  void poll_links();
  void on_awaited_reply(Line& line, const redisReply& reply);
  void on_listener_reply(const redisReply& reply);
  void on_pushed(const redisReply& reply);
  void note_greeting();
  void note_hearing();
  void check_silence();
  void part(const std::string& why);
  void send_outgoing();
  void farewell();
  void add(std::string name, bool is_pattern);
  void make_room();
  void run_posted();
  void run_due();
  int wait_milliseconds() const;
  bool is_stopping() const;

  const Address address_;  // Fixed after construction
  const BusLimits limits_;
  const Waits waits_;
  const std::string name_;  // In the log.
  OnMessage on_message_;
  OnHearing on_hearing_;

  struct Inbox {
    std::vector<Task> tasks;
    std::size_t bytes = 0;
    std::size_t refused = 0;
    bool is_stopping = false;
  };
  Guarded<Inbox> inbox_;  // Any thread
  net::Wakeup wakeup_;

  std::unique_ptr<Session> session_;  // Only on the bus's thread
  TimePoint retry_at_{};
  std::chrono::milliseconds pause_;
  bool is_away_told_ = false;
  bool is_hearing_ = false;     // What was subscribed to; whoever waits for that has been told.
  bool may_have_lost_ = false;  // Something that was published, since they were told last.
  bool is_alone_ = false;       // Redis is one server, as it has said.
  std::vector<Place> cluster_ = {};  // The servers of the Redis Cluster; empty: it is none.
  std::unique_ptr<SubscriberCount> elsewhere_;  // Null where there is no such place.
  std::map<std::string, bool> subscriptions_;   // Is it a pattern?
  std::deque<Outgoing> outgoing_;
  std::size_t outgoing_bytes_ = 0;
  std::size_t dropped_ = 0;
  std::multimap<TimePoint, Task> timers_;

  net::Workers thread_;  // Last: it ends before what it uses.
};

}  // namespace coterie::redis
