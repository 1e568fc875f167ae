// What the adapters over a bus do alike, whichever wire they speak: what is said and asked goes to
// the bus's thread, which encodes it, and what other servers ask is answered.
// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/random.hpp"
#include "redis/bus.hpp"
#include "redis/entrusted.hpp"
#include "redis/questions.hpp"
#include "redis/saying.hpp"
#include "redis/serving.hpp"
#include "socketio/adapter.hpp"

namespace coterie::redis {

class BusAdapter : public socketio::Adapter, public std::enable_shared_from_this<BusAdapter> {
 public:
  void stop() override;
  void tell(const std::string& nsp, std::string_view event,
            const socketio::Arguments& arguments) override;
  void ask(const std::string& nsp, std::string_view event, const socketio::Arguments& arguments,
           std::chrono::milliseconds timeout, socketio::AnswersHandler answers) override;
  void ask_clients(const std::string& nsp, const socketio::Envelope& envelope,
                   std::string_view event, const socketio::Arguments& arguments) override;
  void fetch(const std::string& nsp, const socketio::Audience& audience,
             socketio::SocketsHandler found) override;

  // What came in from others and was no message.
  std::size_t malformed() const { return malformed_; }

 protected:
  // Who derives stops it before its own members go. `requests_timeout`: for fetch().
  BusAdapter(std::unique_ptr<Bus> bus, std::string uid, std::chrono::milliseconds requests_timeout,
             Random& random);

  // -- the wire, on the bus's thread
  // Where all servers hear orders and questions.
  virtual std::string requests_channel(const std::string& nsp) const = 0;
  // Where whoever has asked hears the answer.
  virtual std::string answers_channel(const std::string& nsp, const Request& request) const = 0;
  virtual std::string encode(const std::string& nsp, const Request& request) const = 0;
  virtual std::string encode(const std::string& nsp, const Request& request,
                             const Answer& answer) const = 0;

  // What this server says, until the bus's thread makes words of it.
  struct Draft {
    std::string nsp;
    Request request;  // Without the event and its arguments.
    std::string event;
    socketio::Arguments arguments;

    std::size_t bytes() const;
    void complete();  // Puts the event and its arguments into the request.
  };
  Draft draft(const std::string& nsp, RequestType type, std::string_view event = {},
              const socketio::Arguments& arguments = {}) const;
  Draft draft(const std::string& nsp, const socketio::Envelope& envelope, std::string_view event,
              const socketio::Arguments& arguments) const;
  // Calls `use` with the draft, completed, on the bus's thread.
  template <class Use>
  void post(Draft draft, Use use) {
    const std::size_t bytes = draft.bytes();
    bus_->post(
        [draft = std::move(draft), use = std::move(use)]() mutable {
          draft.complete();
          use(draft);
        },
        bytes);
  }
  // To the other servers, at once.
  void say(Draft draft);
  // Encodes an answer on the bus's thread and sends it, unless this has ended. From any thread.
  Respond responder(const std::string& nsp, const Request& request);

  const std::string uid_;
  std::atomic<bool> is_stopped_ = false;  // Any thread
  const std::unique_ptr<Bus> bus_;
  std::atomic<std::size_t> malformed_ = 0;
  Questions questions_;  // Only on the bus's thread
  const Serving serving_;

 private:
  void ask(Draft draft, std::chrono::milliseconds timeout, std::unique_ptr<Question> question);

  const std::chrono::milliseconds requests_timeout_;
};

}  // namespace coterie::redis
