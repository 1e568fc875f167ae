// SPDX-License-Identifier: MIT
#include "redis/question.hpp"

#include <algorithm>
#include <iterator>

namespace coterie::redis {

void Question::on_count(std::size_t servers) {
  servers_ = servers;
  complete_if_all();
}

void Question::on_response(const Response& response) {
  if (take(response)) ++answered_;
  complete_if_all();
}

void Question::complete_if_all() {
  if (is_complete_ || !servers_ || answered_ < *servers_) return;
  is_complete_ = true;
  complete(0);
}

void Question::on_late() {
  if (!is_complete_) {
    is_complete_ = true;
    // Where Redis has not even counted them, one server at least has not been heard.
    const std::size_t servers = servers_.value_or(answered_ + 1);
    complete(servers - std::min(servers, answered_));
  }
  give_up();
}

bool SocketsQuestion::take(const Response& response) {
  std::ranges::move(response.sockets(), std::back_inserter(sockets_));
  return true;
}

void SocketsQuestion::complete(std::size_t missing) {
  sockets_.missing_servers = missing;
  handler_(std::move(sockets_));
}

bool ServersQuestion::take(const Response& response) {
  answers_.values.push_back(response.answer());
  return true;
}

void ServersQuestion::complete(std::size_t missing) {
  answers_.missing = missing;
  handler_(std::move(answers_));
}

bool ClientsQuestion::take(const Response& response) {
  if (response.kind == Response::Kind::client_count) {
    if (!is_told_) asked_ += response.client_count();
    return true;
  }
  if (response.kind == Response::Kind::client_ack) {
    ++acks_;
    listener_->on_answer(response.ack());
  }
  return false;
}

// Clients of a server that has not said how many they are count as one; and those of one that was
// not counted itself, when they have answered: nobody else's answer is waited for any less.
void ClientsQuestion::complete(std::size_t missing) {
  asked_ = std::max(asked_ + missing, acks_);
  is_told_ = true;
  listener_->on_asked(asked_);
}

}  // namespace coterie::redis
