// SPDX-License-Identifier: MIT
#include "redis/serving.hpp"

#include <utility>

#include "socketio/adapter.hpp"
#include "socketio/namespace.hpp"
#include "socketio/socket.hpp"

namespace coterie::redis {

namespace {

using socketio::Args;
using socketio::Audience;
using socketio::BroadcastOperator;
using socketio::RemoteSockets;
using socketio::Socket;
using SharedNamespace = std::shared_ptr<socketio::Namespace>;

// Questions of other servers to our clients that are open at a time: each may stay for minutes.
constexpr std::size_t relayed_max = 10'000;

void look_up(const SharedNamespace& here, const Request& request, const Respond& respond) {
  if (request.id.empty()) return;
  Audience audience = request.audience.value_or(Audience());
  if (request.type == RequestType::sockets) audience.rooms = request.rooms;
  Serving::local_sockets(here, audience).fetch_sockets([respond](RemoteSockets sockets) {
    respond(std::move(sockets));
  });
}

void obey(const SharedNamespace& here, const Request& request) {
  const BroadcastOperator sockets = Serving::local_sockets(here, *request.audience);
  if (request.type == RequestType::disconnect) return sockets.disconnect_sockets(request.close);
  for (const std::string& room : request.rooms) {
    request.type == RequestType::join ? sockets.sockets_join(room) : sockets.sockets_leave(room);
  }
}

// As servers before version 7 give orders: about one socket, and whoever has it answers.
void obey_about_one(const SharedNamespace& here, const Request& request, const Respond& respond) {
  Serving::local_sockets(here, {{request.sid}, {}}).for_each([request, respond](Socket& socket) {
    if (socket.id() != request.sid) return;  // It is in a room of that name.
    if (request.type == RequestType::disconnect) {
      socket.disconnect(request.close);
    } else if (request.type == RequestType::join) {
      socket.join(request.rooms.front());
    } else {
      socket.leave(request.rooms.front());
    }
    if (!request.id.empty()) respond(Done());
  });
}

void hear(const SharedNamespace& here, const Request& request, const Respond& respond) {
  const Saying& saying = request.saying;
  if (request.id.empty()) return here->hear(saying.event, saying.args, [](auto) {});
  const auto is_used = std::make_shared<std::atomic<bool>>(false);
  here->hear(saying.event, saying.args, [respond, is_used](socketio::Arguments answer) {
    if (!is_used->exchange(true)) respond(std::move(answer));
  });
}

// The answers of our clients on their way to the server that has asked: first how many were asked,
// once all shards have said so, then one by one.
class RelayedAnswers final : public socketio::AnswersListener {
 public:
  RelayedAnswers(std::shared_ptr<std::atomic<std::size_t>> open, std::size_t askers,
                 Respond respond)
      : open_(std::move(open)), askers_left_(askers), respond_(std::move(respond)) {
    ++*open_;
  }
  ~RelayedAnswers() override { --*open_; }

  void on_asked(std::size_t sockets) override {
    asked_ += sockets;
    if (--askers_left_ == 0) respond_(ClientCount{asked_.load()});
  }
  void on_answer(Args args) override { respond_(std::move(args)); }
  // Whoever has asked knows how many are missing when its own time is up.
  void on_left() override {}
  void on_timeout() override {}

 private:
  const std::shared_ptr<std::atomic<std::size_t>> open_;
  std::atomic<std::size_t> asked_ = 0;
  std::atomic<std::size_t> askers_left_;
  const Respond respond_;
};

}  // namespace

BroadcastOperator Serving::local_sockets(const SharedNamespace& here, const Audience& audience,
                                         const socketio::EmitFlags& flags) {
  auto sockets = BroadcastOperator(here, audience).local().compress(flags.compress);
  sockets = sockets.timeout(flags.timeout);
  return flags.is_volatile ? sockets.as_volatile() : sockets;
}

void Serving::serve(const SharedNamespace& here, const Request& request,
                    const Respond& respond) const {
  switch (request.type) {
    case RequestType::sockets:
    case RequestType::all_rooms:
    case RequestType::fetch:
      return look_up(here, request, respond);
    case RequestType::join:
    case RequestType::leave:
    case RequestType::disconnect:
      return request.audience ? obey(here, request) : obey_about_one(here, request, respond);
    case RequestType::server_side_emit:
      return hear(here, request, respond);
    case RequestType::broadcast:
      return ask_clients(here, request, respond);
  }
}

void Serving::ask_clients(const SharedNamespace& here, const Request& request,
                          const Respond& respond) const {
  if (request.id.empty() || *relayed_ >= relayed_max) return;
  const Saying& saying = request.saying;
  local_sockets(here, saying.audience, saying.flags)
      .ask_for(saying.event, socketio::arguments(saying.args),
               std::make_shared<RelayedAnswers>(relayed_, here->shard_count(), respond));
}

}  // namespace coterie::redis
