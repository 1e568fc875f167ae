// SPDX-License-Identifier: MIT
#include "socketio/broadcast_answers.hpp"

#include <algorithm>
#include <utility>

namespace coterie::socketio {

void BroadcastAnswers::on_asked(std::size_t sockets) {
  std::unique_lock lock(mutex_);
  --askers_left_;
  asked_ += sockets;
  finish_if_complete(std::move(lock));
}

void BroadcastAnswers::on_answer(Args args) {
  std::unique_lock lock(mutex_);
  if (!handler_) return;  // Too late.
  answers_.values.push_back(std::move(args));
  finish_if_complete(std::move(lock));
}

void BroadcastAnswers::on_left() {
  std::unique_lock lock(mutex_);
  ++left_;
  finish_if_complete(std::move(lock));
}

void BroadcastAnswers::on_timeout() {
  finish(std::unique_lock(mutex_));
}

void BroadcastAnswers::finish_if_complete(std::unique_lock<std::mutex> lock) {
  // More than were asked: another server may have said so.
  if (askers_left_ == 0 && answers_.values.size() + left_ >= asked_) finish(std::move(lock));
}

void BroadcastAnswers::finish(std::unique_lock<std::mutex> lock) {
  const AnswersHandler handler = std::exchange(handler_, nullptr);
  if (!handler) return;
  answers_.missing = asked_ - std::min(asked_, answers_.values.size());
  Answers answers = std::move(answers_);
  lock.unlock();  // The handler may do anything.
  handler(std::move(answers));
}

}  // namespace coterie::socketio
