// The answers to an event that was emitted to many: collected until all have come, or time is up.
//
// Every shard says how many of its sockets were asked, every answer comes in on its socket's shard,
// and so does the news that a socket has left; whoever brings the last piece, or the timeout,
// finishes. Any thread.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>

#include "socketio/adapter.hpp"

namespace coterie::socketio {

class BroadcastAnswers {
 public:
  // `shards` will call on_asked(); `handler` is called once, by whoever finishes.
  BroadcastAnswers(std::size_t shards, AnswersHandler handler)
      : shards_left_(shards), handler_(std::move(handler)) {}

  void on_asked(std::size_t sockets);
  void on_answer(Args args);
  void on_left();  // One of those asked will not answer any more.
  void on_timeout();

 private:
  void finish_if_complete(std::unique_lock<std::mutex> lock);
  void finish(std::unique_lock<std::mutex> lock);

  std::mutex mutex_;
  std::size_t shards_left_;
  std::size_t asked_ = 0;
  std::size_t left_ = 0;
  Answers answers_;
  AnswersHandler handler_;  // Null once it was called.
};

}  // namespace coterie::socketio
