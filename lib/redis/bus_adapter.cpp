// SPDX-License-Identifier: MIT
#include "redis/bus_adapter.hpp"

#include "base/check.hpp"
#include "base/log.hpp"

namespace coterie::redis {

namespace {

using socketio::Arguments;
using socketio::Envelope;

constexpr std::size_t draft_bytes = 512;  // About what one holds beside its texts.

RequestType type_of(Envelope::Verb verb) {
  switch (verb) {
    case Envelope::Verb::emit:
      return RequestType::broadcast;
    case Envelope::Verb::join:
      return RequestType::join;
    case Envelope::Verb::leave:
      return RequestType::leave;
    case Envelope::Verb::disconnect:
    case Envelope::Verb::close:
      return RequestType::disconnect;
    case Envelope::Verb::visit:
      break;
  }
  COTERIE_CHECK(false);  // A visit does not leave its server.
  return {};
}

}  // namespace

BusAdapter::BusAdapter(std::unique_ptr<Bus> bus, std::string uid,
                       std::chrono::milliseconds requests_timeout, Random& random)
    : uid_(std::move(uid)),
      bus_(std::move(bus)),
      questions_(*bus_, random, uid_.size()),
      requests_timeout_(requests_timeout) {}

void BusAdapter::stop() {
  is_stopped_ = true;
  bus_->stop();
}

// -- drafts ---------------------------------------------------------------------------------------

std::size_t BusAdapter::Draft::bytes() const {
  std::size_t bytes = draft_bytes + event.size() + bytes_of(arguments);
  bytes += bytes_of(request.saying.audience);
  if (request.audience) bytes += bytes_of(*request.audience);
  return bytes;
}

void BusAdapter::Draft::complete() {
  const bool has_event =
      request.type == RequestType::broadcast || request.type == RequestType::server_side_emit;
  if (!has_event) return;
  auto args = to_args(arguments);
  if (!args) {
    log::warn("event \"{}\" of {} is not JSON: other servers are not told its arguments", event,
              nsp);
    args.emplace();
  }
  request.saying.event = std::move(event);
  request.saying.args = std::move(*args);
}

BusAdapter::Draft BusAdapter::draft(const std::string& nsp, RequestType type,
                                    std::string_view event, const Arguments& arguments) const {
  Draft draft{nsp, {}, std::string(event), arguments};
  draft.request.type = type;
  draft.request.uid = uid_;
  return draft;
}

BusAdapter::Draft BusAdapter::draft(const std::string& nsp, const Envelope& envelope,
                                    std::string_view event, const Arguments& arguments) const {
  Draft draft = this->draft(nsp, type_of(envelope.verb), event, arguments);
  Request& request = draft.request;
  if (request.type == RequestType::broadcast) {
    request.saying.audience = envelope.audience;
    request.saying.flags = envelope.flags;
    return draft;
  }
  request.audience = envelope.audience;
  if (request.type != RequestType::disconnect) request.rooms = {envelope.room};
  request.close = envelope.verb == Envelope::Verb::close;
  return draft;
}

// -- what this server says and asks ---------------------------------------------------------------

void BusAdapter::say(Draft draft) {
  post(std::move(draft), [this](const Draft& said) {
    // What is volatile is of no use later.
    if (said.request.saying.flags.is_volatile && !bus_->is_up()) return;
    bus_->publish(requests_channel(said.nsp), encode(said.nsp, said.request));
  });
}

void BusAdapter::tell(const std::string& nsp, std::string_view event, const Arguments& arguments) {
  say(draft(nsp, RequestType::server_side_emit, event, arguments));
}

void BusAdapter::ask(Draft draft, std::chrono::milliseconds timeout,
                     std::unique_ptr<Question> question) {
  const auto drop = [](std::unique_ptr<Question>& unasked) { unasked->on_unasked(); };
  post(std::move(draft), [this, timeout,
                          asking = Entrusted(is_stopped_, std::move(question), drop)](
                             Draft& asked) mutable {
    questions_.ask(requests_channel(asked.nsp), asking.take(), timeout, [&](const std::string& id) {
      asked.request.id = id;
      return encode(asked.nsp, asked.request);
    });
  });
}

void BusAdapter::ask(const std::string& nsp, std::string_view event, const Arguments& arguments,
                     std::chrono::milliseconds timeout, socketio::AnswersHandler answers) {
  ask(draft(nsp, RequestType::server_side_emit, event, arguments), timeout,
      std::make_unique<ServersQuestion>(std::move(answers)));
}

void BusAdapter::ask_clients(const std::string& nsp, const Envelope& envelope,
                             std::string_view event, const Arguments& arguments) {
  ask(draft(nsp, envelope, event, arguments), envelope.flags.timeout,
      std::make_unique<ClientsQuestion>(envelope.answers));
}

void BusAdapter::fetch(const std::string& nsp, const socketio::Audience& audience,
                       socketio::SocketsHandler found) {
  Draft fetching = draft(nsp, RequestType::fetch);
  fetching.request.audience = audience;
  ask(std::move(fetching), requests_timeout_, std::make_unique<SocketsQuestion>(std::move(found)));
}

// -- what it answers ------------------------------------------------------------------------------

Respond BusAdapter::responder(const std::string& nsp, const Request& request) {
  Request asked;  // Without what it was about.
  asked.type = request.type;
  asked.uid = request.uid;
  asked.id = request.id;
  return [weak = weak_from_this(), nsp, asked](Answer answer) {
    const auto self = weak.lock();
    if (!self) return;
    const std::size_t bytes = bytes_of(answer);
    self->bus_->post(
        [self = self.get(), nsp, asked, answer = std::move(answer)] {
          // Nobody waits for an answer that would come after Redis has been away.
          if (!self->bus_->is_up()) return;
          self->bus_->publish(self->answers_channel(nsp, asked), self->encode(nsp, asked, answer));
        },
        bytes);
  };
}

}  // namespace coterie::redis
