// A home for Engine.IO sessions whose time and turns a test moves by hand: no thread, no socket.
// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engineio/polling.hpp"
#include "engineio/session.hpp"
#include "support/seeded_random.hpp"

namespace coterie::test {

// What the layer above a session has heard: "text:…", "binary:…", "closed:…".
using Heard = std::vector<std::string>;

class Listener final : public engineio::SessionHandler {
 public:
  explicit Listener(std::shared_ptr<Heard> heard) : heard_(std::move(heard)) {}
  void on_message(std::string_view message, bool is_binary) override {
    heard_->push_back((is_binary ? "binary:" : "text:") + std::string(message));
  }
  void on_closed(std::string_view reason) override {
    heard_->push_back("closed:" + std::string(reason));
  }

 private:
  std::shared_ptr<Heard> heard_;
};

// The answer to one request: empty until it comes.
using Answer = std::shared_ptr<std::optional<net::Response>>;

class ManualSessions final : public engineio::SessionOwner {
 public:
  const engineio::Options& options() const override { return engine_options; }
  TimePoint now() const override { return now_; }
  TimerWheel& timers() override { return wheel_; }
  void flush_later(engineio::Session& session) override { to_flush_.push_back(&session); }
  void remove(engineio::Session& session,
              std::unique_ptr<engineio::SessionHandler> handler) override {
    dead_handlers_.push_back(std::move(handler));
    const auto found = live_.find(&session);
    dead_.push_back(std::move(found->second));
    live_.erase(found);
  }

  engineio::Session& make(engineio::Dialect dialect = {}) {
    auto session = std::make_unique<engineio::Session>(*this, Id::random(random_),
                                                       engineio::Handshake(), dialect);
    engineio::Session& made = *session;
    live_.emplace(&made, std::move(session));
    return made;
  }
  bool lives(const engineio::Session& session) const {
    return live_.contains(const_cast<engineio::Session*>(&session));
  }

  // What a loop does when a turn ends.
  void end_turn() {
    for (engineio::Session* session : std::exchange(to_flush_, {})) {
      if (lives(*session) && session->polling()) session->polling()->flush();
    }
    dead_.clear();
    dead_handlers_.clear();
  }
  // Lets time pass, tick by tick as a loop would see it.
  void pass(std::chrono::milliseconds time) {
    const TimePoint end = now_ + time;
    while (now_ < end) {
      const auto due = wheel_.next_due();
      now_ = due ? std::min(std::max(*due, now_), end) : end;
      wheel_.advance(now_);
      end_turn();
    }
  }
  // The same, seen by a loop that was busy all the while.
  void jump(std::chrono::milliseconds time) {
    now_ += time;
    wheel_.advance(now_);
    end_turn();
  }

  engineio::Options engine_options;

 private:
  SeededRandom random_;
  TimePoint now_{std::chrono::hours(1)};
  TimerWheel wheel_{now_};
  std::map<engineio::Session*, std::unique_ptr<engineio::Session>> live_;
  std::vector<std::unique_ptr<engineio::Session>> dead_;
  std::vector<std::unique_ptr<engineio::SessionHandler>> dead_handlers_;
  std::vector<engineio::Session*> to_flush_;
};

// A polling session and its client.
struct PollingClient {
  explicit PollingClient(ManualSessions& where, engineio::Dialect dialect = {})
      : owner(where), session(where.make(dialect)) {
    session.open_polling(std::make_unique<Listener>(heard));
    owner.end_turn();
  }

  Answer get(net::ContentCoding coding = net::ContentCoding::identity) {
    auto answer = std::make_shared<std::optional<net::Response>>();
    session.polling()->on_get(reply_to(answer), coding);
    owner.end_turn();
    return answer;
  }
  Answer post(std::string body, std::string_view type = "text/plain;charset=UTF-8") {
    net::Request request;
    request.method = "POST";
    request.fields.add("Content-Type", std::string(type));
    request.body = std::move(body);
    auto answer = std::make_shared<std::optional<net::Response>>();
    session.polling()->on_post(request, reply_to(answer));
    owner.end_turn();
    return answer;
  }
  // The client goes away while its poll waits.
  void abort_poll() {
    session.polling()->on_poll_aborted(session.polling()->poll_number());
    owner.end_turn();
  }
  void send(std::string_view text, engineio::Encoding encoding = {}) {
    session.send(engineio::Frame(engineio::PacketType::message, text, {}, encoding));
  }
  bool lives() const { return owner.lives(session); }

  static net::Reply reply_to(const Answer& answer) {
    return net::Reply([answer](net::Response response) { *answer = std::move(response); });
  }

  ManualSessions& owner;
  std::shared_ptr<Heard> heard = std::make_shared<Heard>();
  engineio::Session& session;  // Gone once it has ended: see lives().
};

// "200 body", "400 body"; "waiting" while there is none.
inline std::string text_of(const Answer& answer) {
  if (!*answer) return "waiting";
  return std::to_string((*answer)->status) + " " + (*answer)->body;
}

}  // namespace coterie::test
