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

constexpr std::size_t uid_length = 6;          // As long as those of the reference.
constexpr std::size_t questions_max = 10'000;  // That wait at a time, each for its timeout at most.
constexpr std::size_t request_bytes = 256;     // About what one without arguments holds.

std::size_t bytes_of(const Arguments& arguments) {
  std::size_t bytes = arguments.text.size();
  for (const SharedBytes& attachment : arguments.attachments) bytes += attachment.size();
  return bytes;
}

}  // namespace

// A question on its way to the bus's thread. When the bus drops it, it ends here.
class PubSubAdapter::Unasked {
 public:
  Unasked(const PubSubAdapter& adapter, std::unique_ptr<Question> question)
      : adapter_(adapter), question_(std::move(question)) {}
  Unasked(Unasked&& other) noexcept = default;
  ~Unasked() {
    if (question_ && !adapter_.is_stopped_) question_->on_unasked();
  }
  std::unique_ptr<Question> take() { return std::move(question_); }

 private:
  const PubSubAdapter& adapter_;
  std::unique_ptr<Question> question_;
};

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
      random_(random),
      bus_(std::move(bus)),
      sessions_(options_.recovery, clock) {}

PubSubAdapter::~PubSubAdapter() {
  stop();
}

void PubSubAdapter::start() {
  bus_->start([this](std::string_view subscription,
                     std::string_view message) { on_message(subscription, message); },
              [this](bool may_have_lost) {
                if (options_.on_hearing) options_.on_hearing(may_have_lost);
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
  // What cannot be asked now is not asked later: nobody would wait for the answers any more.
  if (!bus_->is_up() || questions_.size() >= questions_max) return question->on_unasked();
  request.id = random_id(random_, uid_length);
  const std::string id = request.id;
  questions_.insert_or_assign(id, std::move(question));
  const std::string channel = channels(nsp).requests;
  bus_->count_subscribers(channel, [this, id](std::size_t servers) {
    const auto found = questions_.find(id);
    if (found == questions_.end()) return;
    found->second->on_count(servers > 0 ? servers - 1 : 0);  // Without this one.
    if (found->second->is_over()) questions_.erase(id);
  });
  bus_->publish(channel, encode_request(request, nsp));
  bus_->run_after(timeout, [this, id] {
    if (const auto late = questions_.extract(id)) late.mapped()->on_late();
  });
}

void PubSubAdapter::ask(const std::string& nsp, std::string_view event, const Arguments& arguments,
                        std::chrono::milliseconds timeout, socketio::AnswersHandler answers) {
  Unasked question(*this, std::make_unique<ServersQuestion>(std::move(answers)));
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
  Unasked question(*this, std::make_unique<ClientsQuestion>(envelope.answers));
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
  Unasked question(*this, std::make_unique<SocketsQuestion>(std::move(found)));
  bus_->post(
      [this, nsp, fetching = std::move(fetching), question = std::move(question)]() mutable {
        ask(nsp, std::move(fetching), question.take(), options_.requests_timeout);
      },
      request_bytes);
}

void PubSubAdapter::on_response(std::string_view message) {
  const auto response = decode_response(message);
  if (!response) return void(++malformed_);
  const auto found = questions_.find(response->id);
  if (found == questions_.end()) return;  // Of another server, or too late.
  found->second->on_response(*response);
  if (found->second->is_over()) questions_.erase(response->id);
}

}  // namespace coterie::redis
