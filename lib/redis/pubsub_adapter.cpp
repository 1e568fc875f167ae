// SPDX-License-Identifier: MIT
#include "redis/pubsub_adapter.hpp"

#include <utility>

#include "socketio/namespace.hpp"

namespace coterie::redis {

namespace {

using socketio::Arguments;
using socketio::Envelope;
using socketio::Namespace;

constexpr std::size_t uid_length = 6;  // As long as those of the reference.

}  // namespace

std::shared_ptr<socketio::Adapter> pubsub_adapter(PubSubOptions options) {
  auto bus = std::make_unique<RedisBus>(options.redis, options.limits);
  auto adapter = std::make_shared<PubSubAdapter>(std::move(bus), std::move(options));
  adapter->start();
  return adapter;
}

PubSubAdapter::PubSubAdapter(std::unique_ptr<Bus> bus, PubSubOptions options, Random& random,
                             const Clock& clock)
    : BusAdapter(std::move(bus), random_id(random, uid_length), options.requests_timeout, random),
      options_(std::move(options)),
      own_head_(head_of_broadcasts(uid_)),
      sessions_(options_.recovery, clock) {}

PubSubAdapter::~PubSubAdapter() {
  stop();
}

void PubSubAdapter::start() {
  bus_->start([this](std::string_view subscription,
                     std::string_view message) { on_message(subscription, message); },
              [this](Bus::Hearing hearing) {
                if (options_.on_hearing) options_.on_hearing(hearing.may_have_lost);
              });
}

// -- namespaces -----------------------------------------------------------------------------------

void PubSubAdapter::open(const std::shared_ptr<Namespace>& space) {
  const auto opened = std::make_shared<const Space>(options_.key, space->name(), uid_, space);
  const auto task = [this, opened] {
    const Channels& names = opened->channels;
    spaces_.insert_or_assign(opened->nsp, opened);
    routes_.insert_or_assign(names.pattern, Route{Kind::broadcasts, opened});
    routes_.insert_or_assign(names.requests, Route{Kind::requests, opened});
    routes_.insert_or_assign(names.responses, Route{Kind::responses, opened});
    routes_.insert_or_assign(names.own_responses, Route{Kind::responses, opened});
    bus_->subscribe_pattern(names.pattern);
    for (const auto& name : {names.requests, names.responses, names.own_responses}) {
      bus_->subscribe(name);
    }
  };
  bus_->post(task, 0);
}

void PubSubAdapter::close(const std::string& nsp) {
  bus_->post(
      [this, nsp] {
        const Channels names = channels(nsp);
        spaces_.erase(nsp);
        for (const auto& name :
             {names.pattern, names.requests, names.responses, names.own_responses}) {
          routes_.erase(name);
          bus_->unsubscribe(name);
        }
      },
      0);
}

// -- what this server says ------------------------------------------------------------------------

void PubSubAdapter::publish(const std::string& nsp, const Envelope& envelope,
                            std::string_view event, const Arguments& arguments) {
  Draft said = draft(nsp, envelope, event, arguments);
  if (said.request.type != RequestType::broadcast) return say(std::move(said));
  post(std::move(said), [this](const Draft& each) {
    const Saying& saying = each.request.saying;
    bus_->publish(channels(each.nsp).broadcast_to(saying.audience),
                  encode_broadcast(uid_, each.nsp, saying));
  });
}

// Of server events every server is told all answers: who has asked is looked for by the id.
std::string PubSubAdapter::answers_channel(const std::string& nsp, const Request& request) const {
  const Channels names = channels(nsp);
  const bool is_for_all = request.type == RequestType::server_side_emit;
  return is_for_all ? names.responses : names.responses_to(request.uid);
}

std::string PubSubAdapter::encode(const std::string& nsp, const Request& request) const {
  return encode_request(request, nsp);
}

std::string PubSubAdapter::encode(const std::string&, const Request& request,
                                  const Answer& answer) const {
  const std::string& id = request.id;
  if (const auto* sockets = std::get_if<socketio::RemoteSockets>(&answer)) {
    if (request.type == RequestType::sockets) return encode_sids(id, *sockets);
    if (request.type == RequestType::all_rooms) return encode_rooms(id, *sockets);
    return encode_sockets(id, *sockets);
  }
  if (const auto* count = std::get_if<ClientCount>(&answer)) {
    return encode_client_count(id, count->clients);
  }
  if (const auto* ack = std::get_if<socketio::Args>(&answer)) return encode_client_ack(id, *ack);
  if (const auto* arguments = std::get_if<Arguments>(&answer)) return encode_answer(id, *arguments);
  return encode_done(id);
}

// -- what other servers say -----------------------------------------------------------------------

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
  if (message.starts_with(own_head_)) return;
  const auto broadcast = decode_broadcast(message, space.nsp);
  if (!broadcast) return void(++malformed_);
  const auto here = space.space.lock();
  if (!here) return;
  const Saying& saying = broadcast->saying;
  Serving::local_sockets(here, saying.audience, saying.flags).emit(saying.event, saying.args);
}

void PubSubAdapter::on_request(const Space& space, std::string_view message) {
  const auto request = decode_request(message, space.nsp);
  if (!request) return void(++malformed_);
  if (request->uid == uid_) return;
  if (const auto here = space.space.lock()) {
    serving_.serve(here, *request, responder(space.nsp, *request));
  }
}

void PubSubAdapter::on_response(std::string_view message) {
  const auto response = decode_response(message);
  if (!response) return void(++malformed_);
  questions_.on_response(*response);
}

}  // namespace coterie::redis
