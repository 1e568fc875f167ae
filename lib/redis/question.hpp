// What a server has asked the others of its cluster, and what has come in answer so far.
//
// Each server answers once; how many there are Redis counts. Of a question to clients each server
// first tells how many it has asked, and then passes on their acks. One thread.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "redis/saying.hpp"
#include "socketio/adapter.hpp"

namespace coterie::redis {

class Question {
 public:
  virtual ~Question() = default;

  // So many servers have to answer.
  void on_count(std::size_t servers);
  void on_response(const Response& response);
  // Time is up: whoever asked is told what there is.
  void on_late();
  // It could not be asked: one server at least is not heard.
  virtual void on_unasked() { on_late(); }
  // Nothing that comes in could change anything any more.
  bool is_over() const { return is_complete_ && !awaits_more(); }

 protected:
  // True when this is the answer of a server.
  virtual bool take(const Response& response) = 0;
  // Called once, when so many servers' answers are missing.
  virtual void complete(std::size_t missing) = 0;
  virtual bool awaits_more() const { return false; }
  virtual void give_up() {}

 private:
  void complete_if_all();

  std::optional<std::size_t> servers_;
  std::size_t answered_ = 0;
  bool is_complete_ = false;
};

// fetch_sockets()
class SocketsQuestion final : public Question {
 public:
  explicit SocketsQuestion(socketio::SocketsHandler handler) : handler_(std::move(handler)) {}

 private:
  bool take(const Response& response) override;
  void complete(std::size_t missing) override;

  socketio::RemoteSockets sockets_;
  const socketio::SocketsHandler handler_;
};

// server_side_emit_with_ack()
class ServersQuestion final : public Question {
 public:
  explicit ServersQuestion(socketio::AnswersHandler handler) : handler_(std::move(handler)) {}

 private:
  bool take(const Response& response) override;
  void complete(std::size_t missing) override;

  socketio::Answers answers_;
  const socketio::AnswersHandler handler_;
};

// emit_with_ack()
class ClientsQuestion final : public Question {
 public:
  explicit ClientsQuestion(std::shared_ptr<socketio::AnswersListener> listener)
      : listener_(std::move(listener)) {}

  // Our own clients may still answer.
  void on_unasked() override {
    listener_->on_asked(1);
    listener_->on_left();
  }

 private:
  bool take(const Response& response) override;
  void complete(std::size_t missing) override;
  bool awaits_more() const override { return acks_ < asked_; }
  void give_up() override { listener_->on_timeout(); }

  std::size_t asked_ = 0;
  std::size_t acks_ = 0;
  bool is_told_ = false;  // How many were asked, which is the last word on it.
  const std::shared_ptr<socketio::AnswersListener> listener_;
};

}  // namespace coterie::redis
