// SEAM: publish and subscribe, and any other command of Redis, on one thread of its own.
//
// RedisBus is the real one; tests have one in memory, whose turns they take.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/task.hpp"
#include "redis/reply.hpp"
#include "redis/resp.hpp"

namespace coterie::redis {

class Bus {
 public:
  // `subscription` is the channel or the pattern that was subscribed to.
  using OnMessage = std::function<void(std::string_view subscription, std::string_view message)>;
  using OnCount = std::function<void(std::size_t)>;
  using OnReply = std::function<void(Result<Reply>)>;
  // All that was subscribed to is heard. On a connection that `is_anew` (the first, or Redis was
  // away) what others published before went unheard; `may_have_lost`: of what was published here,
  // too, and that may turn out later as well.
  struct Hearing {
    bool is_anew = false;
    bool may_have_lost = false;
  };
  using OnHearing = std::function<void(Hearing hearing)>;

  virtual ~Bus() = default;

  // Begins; before anything else. What comes in is handed out on the bus's thread.
  virtual void start(OnMessage on_message, OnHearing on_hearing) = 0;
  // Ends: nothing runs on the bus's thread any more. Any other thread; safe to repeat.
  virtual void stop() = 0;
  // Runs `task`, which holds so many bytes, on the bus's thread, in the order of the calls. Any
  // thread. After stop(), or when too much waits already, it is dropped.
  virtual void post(Task task, std::size_t bytes) = 0;

  // What follows is for the bus's thread only.

  // In order. What cannot be sent yet waits, within bounds; what was on its way when the connection
  // breaks is lost.
  virtual void publish(std::string channel, std::string message) = 0;
  virtual void subscribe(std::string channel) = 0;
  virtual void subscribe_pattern(std::string pattern) = 0;
  virtual void unsubscribe(const std::string& channel_or_pattern) = 0;
  // How many servers are subscribed to the channel now; asked behind what was published. Never
  // called when the connection breaks first.
  virtual void count_subscribers(std::string channel, OnCount on_count) = 0;
  // A command, in one order with what is published, and like that it waits while it cannot be sent.
  // Error "redis_cut": the connection broke before there was a reply, or too much waits; it may
  // have run. What wants no reply waits for the next connection. A reply that is an error breaks
  // the connection: another one may do better.
  virtual void run(Command command, OnReply on_reply) = 0;
  // The same for a command that lets Redis wait, on a connection of its own. Only while is_up().
  virtual void run_waiting(Command command, OnReply on_reply) = 0;
  // Are we connected? Then what is published is sent as soon as what was subscribed to is heard.
  virtual bool is_up() const = 0;
  virtual void run_after(std::chrono::milliseconds delay, Task task) = 0;
};

}  // namespace coterie::redis
