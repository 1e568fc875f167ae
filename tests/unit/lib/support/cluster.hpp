// Two servers of one cluster on this thread, and the wire between them, which a test lets deliver.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "socketio/adapter.hpp"
#include "support/stepped_server.hpp"

namespace coterie::test {

class Cluster {
 public:
  Cluster() = default;
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  // Everything that is on its way arrives, and what comes of it as well.
  void settle() {
    do {
      first.settle();
      second.settle();
      deliver();
    } while (!wire_.empty());
    first.settle();
    second.settle();
  }
  void deliver() {
    for (std::deque<Task> all = std::exchange(wire_, {}); !all.empty(); all.pop_front()) {
      all.front()();
    }
  }
  std::size_t sent() const { return sent_; }  // Messages from one server to the other, ever.

 private:
  class Wired;

  socketio::ServerOptions options(bool is_first);
  void send(Task message) {
    ++sent_;
    wire_.push_back(std::move(message));
  }

  std::deque<Task> wire_;
  std::size_t sent_ = 0;
  const socketio::RecoveryOptions recovery_;
  ManualClock clock_;
  socketio::SavedSessions sessions_{recovery_, clock_};

 public:
  SteppedServer first{options(true), 2, 1};
  SteppedServer second{options(false), 2, 2};
};

// What one of the servers says goes to the other one; sessions wait in one place.
class Cluster::Wired final : public socketio::Adapter {
 public:
  Wired(Cluster& cluster, bool is_first) : cluster_(cluster), is_first_(is_first) {}

  void publish(const std::string& nsp, const socketio::Envelope& envelope, std::string_view event,
               const socketio::Arguments& arguments) override {
    cluster_.send([this, nsp, envelope, event = std::string(event), arguments] {
      repeat(other().server.of(nsp).local(), envelope, event, arguments);
    });
  }
  void tell(const std::string& nsp, std::string_view event,
            const socketio::Arguments& arguments) override {
    say(nsp, event, arguments, [](const socketio::Arguments&) {});
  }
  void ask(const std::string& nsp, std::string_view event, const socketio::Arguments& arguments,
           std::chrono::milliseconds timeout, socketio::AnswersHandler answers) override {
    const auto once = std::make_shared<socketio::AnswersHandler>(std::move(answers));
    const auto finish = [once](socketio::Answers all) {
      if (const auto handler = std::exchange(*once, nullptr)) handler(std::move(all));
    };
    say(nsp, event, arguments, [this, finish](const socketio::Arguments& answer) {
      cluster_.send([finish, args = received(answer)] { finish({{args}, 0}); });
    });
    net::Shard& shard = own().shards[0];
    shard.post(
        [&shard, timeout, finish] { shard.run_after(timeout, [finish] { finish({{}, 1}); }); });
  }

  void save(socketio::SavedSession session) override {
    cluster_.sessions_.save(std::move(session));
  }
  void take(const Id& pid, const std::string& nsp, const socketio::Asker&,
            std::function<void(std::optional<socketio::SavedSession>)> taken) override {
    cluster_.send(
        [this, pid, nsp, taken = std::move(taken)] { taken(cluster_.sessions_.take(pid, nsp)); });
  }

 private:
  SteppedServer& own() { return is_first_ ? cluster_.first : cluster_.second; }
  SteppedServer& other() { return is_first_ ? cluster_.second : cluster_.first; }

  static socketio::Args received(const socketio::Arguments& sent) {
    return socketio::Args(parse_json("[" + sent.text + "]")->as_array(), sent.attachments);
  }
  void say(const std::string& nsp, std::string_view event, const socketio::Arguments& arguments,
           socketio::ServerAck ack) {
    cluster_.send([this, nsp, event = std::string(event), args = received(arguments),
                   ack = std::move(ack)] { other().server.of(nsp).hear(event, args, ack); });
  }
  static void repeat(socketio::BroadcastOperator to, const socketio::Envelope& envelope,
                     const std::string& event, const socketio::Arguments& arguments) {
    using enum socketio::Envelope::Verb;
    for (const std::string& room : envelope.audience.rooms) to = to.to(room);
    for (const std::string& room : envelope.audience.except) to = to.except(room);
    if (envelope.flags.is_volatile) to = to.as_volatile();
    to = to.compress(envelope.flags.compress);
    switch (envelope.verb) {
      case emit:
        return to.emit(event, arguments);
      case join:
        return to.sockets_join(envelope.room);
      case leave:
        return to.sockets_leave(envelope.room);
      case disconnect:
        return to.disconnect_sockets();
      case close:
        return to.disconnect_sockets(true);
      case visit:
        return;
    }
  }

  Cluster& cluster_;
  const bool is_first_;
};

inline socketio::ServerOptions Cluster::options(bool is_first) {
  socketio::ServerOptions options;
  options.recovery = recovery_;
  options.adapter = std::make_shared<Wired>(*this, is_first);
  return options;
}

}  // namespace coterie::test
