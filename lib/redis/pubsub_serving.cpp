// What other servers (and emitters) say, repeated on this one; what they ask, answered.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <iterator>
#include <utility>

#include "redis/pubsub_adapter.hpp"
#include "socketio/namespace.hpp"
#include "socketio/packet.hpp"
#include "socketio/socket.hpp"

namespace coterie::redis {

namespace {

using socketio::Args;
using socketio::Arguments;
using socketio::Audience;
using socketio::BroadcastOperator;
using socketio::RemoteSockets;
using socketio::Socket;

// Questions of other servers to our clients that are open at a time: each may stay for minutes.
constexpr std::size_t relayed_questions_max = 10'000;

BroadcastOperator local_sockets(const std::shared_ptr<socketio::Namespace>& space,
                                const Audience& audience, const socketio::EmitFlags& flags = {}) {
  auto sockets = BroadcastOperator(space, audience).local().compress(flags.compress);
  sockets = sockets.timeout(flags.timeout);
  return flags.is_volatile ? sockets.as_volatile() : sockets;
}

Arguments to_arguments(const Args& args) {
  return socketio::arguments(args);
}

}  // namespace

void PubSubAdapter::on_message(std::string_view subscription, std::string_view message) {
  const auto route = routes_.find(std::string(subscription));
  if (route == routes_.end()) return;
  const SharedSpace space = route->second.space;  // Handlers may close it.
  switch (route->second.kind) {
    case Kind::broadcasts:
      return on_broadcast(*space, message);
    case Kind::requests:
      return on_request(*space, message);
    case Kind::responses:
      return on_response(message);
  }
}

void PubSubAdapter::on_broadcast(const Space& space, std::string_view message) {
  const auto broadcast = decode_broadcast(message, space.nsp);
  if (!broadcast) return void(++malformed_);
  if (broadcast->uid == uid_) return;
  const auto here = space.space.lock();
  if (!here) return;
  const Saying& saying = broadcast->saying;
  local_sockets(here, saying.audience, saying.flags).emit(saying.event, saying.args);
}

void PubSubAdapter::on_request(const Space& space, std::string_view message) {
  const auto request = decode_request(message, space.nsp);
  if (!request) return void(++malformed_);
  if (request->uid == uid_ || space.space.expired()) return;
  switch (request->type) {
    case RequestType::sockets:
    case RequestType::all_rooms:
    case RequestType::fetch:
      return serve_lookup(space, *request);
    case RequestType::join:
    case RequestType::leave:
    case RequestType::disconnect:
      return request->audience ? serve_order(space, *request) : serve_order_to_one(space, *request);
    case RequestType::server_side_emit:
      return serve_server_event(space, *request);
    case RequestType::broadcast:
      return serve_clients_question(space, *request);
  }
}

std::function<void(std::function<std::string()>)> PubSubAdapter::responder(const Space& space,
                                                                           const Request& request) {
  return [weak = weak_from_this(),
          channel = space.channels.responses_to(request.uid)](std::function<std::string()> encode) {
    if (const auto self = weak.lock()) self->respond(channel, std::move(encode));
  };
}

void PubSubAdapter::respond(std::string channel, std::function<std::string()> encode,
                            std::size_t bytes) {
  bus_->post(
      [this, channel = std::move(channel), encode = std::move(encode)] {
        // Nobody waits for an answer that would come after Redis has been away.
        if (bus_->is_up()) bus_->publish(channel, encode());
      },
      bytes);
}

void PubSubAdapter::serve_lookup(const Space& space, const Request& request) {
  if (request.id.empty()) return;
  Audience audience = request.audience.value_or(Audience());
  if (request.type == RequestType::sockets) audience.rooms = request.rooms;
  const auto answer = [respond = responder(space, request), id = request.id,
                       type = request.type](RemoteSockets sockets) {
    respond([id, type, sockets = std::move(sockets)] {
      if (type == RequestType::sockets) return encode_sids(id, sockets);
      if (type == RequestType::all_rooms) return encode_rooms(id, sockets);
      return encode_sockets(id, sockets);
    });
  };
  if (const auto here = space.space.lock()) local_sockets(here, audience).fetch_sockets(answer);
}

void PubSubAdapter::serve_order(const Space& space, const Request& request) {
  const auto here = space.space.lock();
  if (!here) return;
  const BroadcastOperator sockets = local_sockets(here, *request.audience);
  if (request.type == RequestType::disconnect) return sockets.disconnect_sockets(request.close);
  for (const std::string& room : request.rooms) {
    request.type == RequestType::join ? sockets.sockets_join(room) : sockets.sockets_leave(room);
  }
}

// As servers before version 7 give orders: about one socket, and whoever has it answers.
void PubSubAdapter::serve_order_to_one(const Space& space, const Request& request) {
  const auto here = space.space.lock();
  if (!here) return;
  const auto respond = responder(space, request);
  local_sockets(here, {{request.sid}, {}}).for_each([request, respond](Socket& socket) {
    if (socket.id() != request.sid) return;  // It is in a room of that name.
    if (request.type == RequestType::disconnect) {
      socket.disconnect(request.close);
    } else if (request.type == RequestType::join) {
      socket.join(request.rooms.front());
    } else {
      socket.leave(request.rooms.front());
    }
    if (!request.id.empty()) respond([id = request.id] { return encode_done(id); });
  });
}

void PubSubAdapter::serve_server_event(const Space& space, const Request& request) {
  const auto here = space.space.lock();
  if (!here) return;
  if (request.id.empty()) return here->hear(request.saying.event, request.saying.args, [](auto) {});
  // Every server is told all answers: who has asked is looked for by the requestId.
  const auto is_used = std::make_shared<std::atomic<bool>>(false);
  const auto ack = [weak = weak_from_this(), channel = space.channels.responses, id = request.id,
                    is_used](Arguments answer) {
    const auto self = weak.lock();
    if (!self || is_used->exchange(true)) return;
    self->respond(channel, [id, answer = std::move(answer)] { return encode_answer(id, answer); });
  };
  here->hear(request.saying.event, request.saying.args, ack);
}

// The answers of our clients on their way to the server that has asked: first how many were asked,
// once all shards have said so, then one by one.
class PubSubAdapter::RelayedAnswers final : public socketio::AnswersListener {
 public:
  RelayedAnswers(PubSubAdapter& adapter, std::size_t askers, std::string id,
                 std::function<void(std::function<std::string()>)> respond)
      : open_(adapter.shared_from_this()),
        askers_left_(askers),
        id_(std::move(id)),
        respond_(std::move(respond)) {
    ++adapter.relayed_questions_;
  }
  ~RelayedAnswers() override { --open_->relayed_questions_; }

  void on_asked(std::size_t sockets) override {
    asked_ += sockets;
    if (--askers_left_ > 0) return;
    respond_([id = id_, count = asked_.load()] { return encode_client_count(id, count); });
  }
  void on_answer(Args args) override {
    respond_([id = id_, args = std::move(args)] { return encode_client_ack(id, args); });
  }
  // Whoever has asked knows how many are missing when its own time is up.
  void on_left() override {}
  void on_timeout() override {}

 private:
  const std::shared_ptr<PubSubAdapter> open_;
  std::atomic<std::size_t> asked_ = 0;
  std::atomic<std::size_t> askers_left_;
  const std::string id_;
  const std::function<void(std::function<std::string()>)> respond_;
};

void PubSubAdapter::serve_clients_question(const Space& space, const Request& request) {
  const auto here = space.space.lock();
  if (!here || request.id.empty() || relayed_questions_ >= relayed_questions_max) return;
  const Saying& saying = request.saying;
  local_sockets(here, saying.audience, saying.flags)
      .ask_for(saying.event, to_arguments(saying.args),
               std::make_shared<RelayedAnswers>(*this, here->shard_count(), request.id,
                                                responder(space, request)));
}

}  // namespace coterie::redis
