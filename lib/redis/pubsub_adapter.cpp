// SPDX-License-Identifier: MIT
#include "redis/pubsub_adapter.hpp"

#include <utility>

#include "base/log.hpp"
#include "socketio/namespace.hpp"

namespace coterie::redis {

namespace {

using socketio::Arguments;
using socketio::Audience;
using socketio::Envelope;
using socketio::Namespace;

constexpr std::size_t uid_length = 6;       // As long as those of the reference.
constexpr std::size_t request_bytes = 256;  // About what one without arguments holds.

std::size_t bytes_of(const Arguments& arguments) {
  std::size_t bytes = arguments.text.size();
  for (const SharedBytes& attachment : arguments.attachments) bytes += attachment.size();
  return bytes;
}

}  // namespace

struct PubSubAdapter::Draft {
  std::string event;
  Arguments arguments;
  Audience audience = {};
  socketio::EmitFlags flags = {};
};

std::shared_ptr<socketio::Adapter> pubsub_adapter(PubSubOptions options) {
  auto bus = std::make_unique<RedisBus>(options.redis, options.limits);
  auto adapter = std::make_shared<PubSubAdapter>(std::move(bus), std::move(options));
  adapter->start();
  return adapter;
}

PubSubAdapter::PubSubAdapter(std::unique_ptr<Bus> bus, PubSubOptions options, Random& random,
                             const Clock& clock)
    : options_(std::move(options)),
      uid_(random_id(random, uid_length)),
      bus_(std::move(bus)),
      sessions_(options_.recovery, clock),
      questions_(*bus_, random, uid_length) {}

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

void PubSubAdapter::stop() {
  is_stopped_ = true;
  bus_->stop();
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

template <class Use>
void PubSubAdapter::post_saying(const std::string& nsp, Draft draft, Use use) {
  const std::size_t bytes = request_bytes + bytes_of(draft.arguments);
  bus_->post(
      [nsp, draft = std::move(draft), use = std::move(use)]() mutable {
        auto args = to_args(draft.arguments);
        if (!args) {
          log::warn("event \"{}\" of {} is not JSON for other servers: not sent to them",
                    draft.event, nsp);
          args.emplace();
        }
        use(nsp, Saying{std::move(draft.event), std::move(*args), std::move(draft.audience),
                        draft.flags});
      },
      bytes);
}

void PubSubAdapter::publish(const std::string& nsp, const Envelope& envelope,
                            std::string_view event, const Arguments& arguments) {
  switch (envelope.verb) {
    case Envelope::Verb::emit:
      return post_saying(nsp, {std::string(event), arguments, envelope.audience, envelope.flags},
                         [this](const std::string& to, const Saying& saying) {
                           bus_->publish(channels(to).broadcast_to(saying.audience),
                                         encode_broadcast(uid_, to, saying));
                         });
    case Envelope::Verb::join:
    case Envelope::Verb::leave: {
      const bool is_join = envelope.verb == Envelope::Verb::join;
      Request moving = request(is_join ? RequestType::join : RequestType::leave);
      moving.audience = envelope.audience;
      moving.rooms = {envelope.room};
      return order(nsp, moving);
    }
    case Envelope::Verb::disconnect:
    case Envelope::Verb::close: {
      Request leaving = request(RequestType::disconnect);
      leaving.audience = envelope.audience;
      leaving.close = envelope.verb == Envelope::Verb::close;
      return order(nsp, leaving);
    }
    case Envelope::Verb::visit:
      return;
  }
}

Request PubSubAdapter::request(RequestType type) const {
  Request request;
  request.type = type;
  request.uid = uid_;
  return request;
}

void PubSubAdapter::order(const std::string& nsp, const Request& request) {
  bus_->post(
      [this, nsp, request] { bus_->publish(channels(nsp).requests, encode_request(request, nsp)); },
      request_bytes);
}

void PubSubAdapter::tell(const std::string& nsp, std::string_view event,
                         const Arguments& arguments) {
  post_saying(nsp, {std::string(event), arguments}, [this](const std::string& to, Saying saying) {
    Request telling = request(RequestType::server_side_emit);
    telling.saying = std::move(saying);
    bus_->publish(channels(to).requests, encode_request(telling, to));
  });
}

// -- what this server asks ------------------------------------------------------------------------

void PubSubAdapter::ask(const std::string& nsp, Request request, std::unique_ptr<Question> question,
                        std::chrono::milliseconds timeout) {
  questions_.ask(channels(nsp).requests, std::move(question), timeout,
                 [&request, &nsp](const std::string& id) {
                   request.id = id;
                   return encode_request(request, nsp);
                 });
}

void PubSubAdapter::ask(const std::string& nsp, std::string_view event, const Arguments& arguments,
                        std::chrono::milliseconds timeout, socketio::AnswersHandler answers) {
  Unasked question(is_stopped_, std::make_unique<ServersQuestion>(std::move(answers)));
  post_saying(nsp, {std::string(event), arguments},
              [this, timeout, question = std::move(question)](const std::string& to,
                                                              Saying saying) mutable {
                Request asking = request(RequestType::server_side_emit);
                asking.saying = std::move(saying);
                ask(to, std::move(asking), question.take(), timeout);
              });
}

void PubSubAdapter::ask_clients(const std::string& nsp, const Envelope& envelope,
                                std::string_view event, const Arguments& arguments) {
  Unasked question(is_stopped_, std::make_unique<ClientsQuestion>(envelope.answers));
  post_saying(nsp, {std::string(event), arguments, envelope.audience, envelope.flags},
              [this, question = std::move(question)](const std::string& to, Saying saying) mutable {
                const auto timeout = saying.flags.timeout;
                Request asking = request(RequestType::broadcast);
                asking.saying = std::move(saying);
                ask(to, std::move(asking), question.take(), timeout);
              });
}

void PubSubAdapter::fetch(const std::string& nsp, const Audience& audience,
                          socketio::SocketsHandler found) {
  Request fetching = request(RequestType::fetch);
  fetching.audience = audience;
  Unasked question(is_stopped_, std::make_unique<SocketsQuestion>(std::move(found)));
  bus_->post(
      [this, nsp, fetching = std::move(fetching), question = std::move(question)]() mutable {
        ask(nsp, std::move(fetching), question.take(), options_.requests_timeout);
      },
      request_bytes);
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
  const auto broadcast = decode_broadcast(message, space.nsp);
  if (!broadcast) return void(++malformed_);
  if (broadcast->uid == uid_) return;
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
    serving_.serve(here, *request, responder(space, *request));
  }
}

void PubSubAdapter::on_response(std::string_view message) {
  const auto response = decode_response(message);
  if (!response) return void(++malformed_);
  questions_.on_response(*response);
}

namespace {

std::string encode(const Answer& answer, RequestType type, const std::string& id) {
  if (const auto* sockets = std::get_if<socketio::RemoteSockets>(&answer)) {
    if (type == RequestType::sockets) return encode_sids(id, *sockets);
    if (type == RequestType::all_rooms) return encode_rooms(id, *sockets);
    return encode_sockets(id, *sockets);
  }
  if (const auto* count = std::get_if<ClientCount>(&answer)) {
    return encode_client_count(id, count->clients);
  }
  if (const auto* ack = std::get_if<socketio::Args>(&answer)) return encode_client_ack(id, *ack);
  if (const auto* arguments = std::get_if<Arguments>(&answer)) return encode_answer(id, *arguments);
  return encode_done(id);
}

}  // namespace

Respond PubSubAdapter::responder(const Space& space, const Request& request) {
  // Of server events every server is told all answers: who has asked is looked for by the id.
  const bool is_for_all = request.type == RequestType::server_side_emit;
  auto channel = is_for_all ? space.channels.responses : space.channels.responses_to(request.uid);
  return [weak = weak_from_this(), channel = std::move(channel), type = request.type,
          id = request.id](Answer answer) {
    const auto self = weak.lock();
    if (!self) return;
    self->bus_->post(
        [bus = self->bus_.get(), channel, type, id, answer = std::move(answer)] {
          // Nobody waits for an answer that would come after Redis has been away.
          if (bus->is_up()) bus->publish(channel, encode(answer, type, id));
        },
        0);
  };
}

}  // namespace coterie::redis
