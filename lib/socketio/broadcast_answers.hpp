// The answers to an event that was emitted to many: collected until all have come, or time is up.
//
// Every shard says how many of its sockets were asked, every answer comes in on its socket's shard,
// and so does the news that a socket has left; the adapter says the same for all other servers.
// Whoever brings the last piece, or the timeout, finishes. Any thread.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>

#include "socketio/adapter.hpp"

namespace coterie::socketio {

class BroadcastAnswers final : public AnswersListener {
 public:
  // So many will call on_asked(); `handler` is called once, by whoever finishes.
  BroadcastAnswers(std::size_t askers, AnswersHandler handler)
      : askers_left_(askers), handler_(std::move(handler)) {}

  void on_asked(std::size_t sockets) override;
  void on_answer(Args args) override;
  void on_left() override;
  void on_timeout() override;

 private:
  void finish_if_complete(std::unique_lock<std::mutex> lock);
  void finish(std::unique_lock<std::mutex> lock);

  std::mutex mutex_;
  std::size_t askers_left_;
  std::size_t asked_ = 0;
  std::size_t left_ = 0;
  Answers answers_;
  AnswersHandler handler_;  // Null once it was called.
};

}  // namespace coterie::socketio
