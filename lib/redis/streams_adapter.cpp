// SPDX-License-Identifier: MIT
#include "redis/streams_adapter.hpp"

#include <utility>

#include "base/log.hpp"
#include "socketio/namespace.hpp"

namespace coterie::redis {

namespace {

using socketio::Arguments;
using socketio::Audience;
using socketio::Envelope;
using socketio::Namespace;

constexpr std::size_t uid_length = 16;      // As long as those of the reference.
constexpr std::size_t draft_bytes = 512;    // About what one holds beside its arguments.
constexpr std::size_t session_bytes = 512;  // Likewise.

// Sixteen digits in hex: what servers on Node call themselves.
std::string random_uid(Random& random) {
  std::string uid = random_id(random, uid_length);
  for (char& c : uid) c = "0123456789abcdef"[static_cast<unsigned char>(c) % 16];
  return uid;
}

}  // namespace

std::shared_ptr<socketio::Adapter> streams_adapter(StreamsOptions options) {
  auto bus = std::make_unique<RedisBus>(options.redis, options.limits, RedisBus::Waits::yes);
  auto adapter = std::make_shared<StreamsAdapter>(std::move(bus), std::move(options));
  adapter->start();
  return adapter;
}

StreamsAdapter::StreamsAdapter(std::unique_ptr<Bus> bus, StreamsOptions options, Random& random)
    : options_(std::move(options)),
      uid_(random_uid(random)),
      bus_(std::move(bus)),
      questions_(*bus_, random, uid_length),
      sessions_(*bus_, questions_, uid_, options_.session_prefix, options_.channel_prefix,
                options_.max_disconnection,
                [this](std::function<void()> then) { when_read(std::move(then)); }),
      outbox_(*bus_, options_.stream, options_.length, options_.limits.queue_bytes_max),
      past_(options_.max_disconnection) {}

StreamsAdapter::~StreamsAdapter() {
  stop();
}

void StreamsAdapter::start() {
  bus_->start([this](std::string_view subscription,
                     std::string_view message) { on_message(subscription, message); },
              // What was lost is missed by its number.
              [this](Bus::Hearing hearing) {
                if (hearing.is_anew) on_up();
              });
  bus_->post([this] { tick(); }, 0);
}

void StreamsAdapter::stop() {
  is_stopped_ = true;
  bus_->stop();
}

// -- namespaces -----------------------------------------------------------------------------------

void StreamsAdapter::open(const std::shared_ptr<Namespace>& space) {
  const std::string nsp = space->name();
  const std::string own_channel = channel(nsp) + uid_ + "#";
  const auto opened = std::make_shared<const Space>(nsp, channel(nsp), own_channel,
                                                    sessions_.cede_channel(nsp), space);
  // Nobody is in it yet: whoever comes first comes behind this, and hears what is said from then.
  const auto begin = told_position_.with([](const auto& position) { return position; });
  if (begin) space->restart_log(*begin, *begin);
  const auto task = [this, opened, begin] {
    spaces_.insert_or_assign(opened->nsp, opened);
    for (const auto& name : {opened->channel, opened->own_channel, opened->cede_channel}) {
      routes_.insert_or_assign(name, opened);
      bus_->subscribe(name);
    }
    const auto here = opened->space.lock();
    if (!here || !position_) return;
    here->restart_log(past_.begin_of(opened->nsp), begin.value_or(*position_));
    for (const StreamEntry& entry : past_.take(opened->nsp)) {
      hand_out(entry, !begin || entry.id <= *begin);
    }
    here->reach(*position_);
  };
  bus_->post(task, 0);
}

void StreamsAdapter::close(const std::string& nsp) {
  const auto task = [this, nsp] {
    const auto closed = spaces_.extract(nsp);
    if (!closed) return;
    for (const auto& name :
         {closed.mapped()->channel, closed.mapped()->own_channel, closed.mapped()->cede_channel}) {
      routes_.erase(name);
      bus_->unsubscribe(name);
    }
    if (position_) past_.close(nsp, *position_);
  };
  bus_->post(task, 0);
}

// -- what this server says ------------------------------------------------------------------------

StreamsAdapter::Draft StreamsAdapter::draft(const std::string& nsp, RequestType type,
                                            std::string_view event, const Arguments& arguments) {
  Draft draft{nsp, std::string(event), arguments};
  draft.request.type = type;
  return draft;
}

std::size_t StreamsAdapter::bytes_of(const Draft& draft) {
  std::size_t bytes = draft_bytes + draft.arguments.text.size();
  for (const SharedBytes& attachment : draft.arguments.attachments) bytes += attachment.size();
  return bytes;
}

void StreamsAdapter::complete(Draft& draft) {
  auto args = to_args(draft.arguments);
  if (!args) {
    log::warn("event \"{}\" of {} is not JSON: its arguments are left out", draft.event, draft.nsp);
    args.emplace();
  }
  Saying& saying = draft.request.saying;
  saying.event = std::move(draft.event);
  saying.args = std::move(*args);
}

void StreamsAdapter::publish(const std::string& nsp, const Envelope& envelope,
                             std::string_view event, const Arguments& arguments) {
  switch (envelope.verb) {
    case Envelope::Verb::emit: {
      Draft saying = draft(nsp, RequestType::broadcast, event, arguments);
      saying.request.saying.audience = envelope.audience;
      saying.request.saying.flags = envelope.flags;
      if (envelope.flags.is_volatile) return say(std::move(saying));
      if (envelope.alone) {
        saying.alone = envelope.alone->view();
        saying.request.saying.audience.rooms = {saying.alone};
      }
      return write(std::move(saying));
    }
    case Envelope::Verb::join:
    case Envelope::Verb::leave: {
      const bool is_join = envelope.verb == Envelope::Verb::join;
      Draft moving = draft(nsp, is_join ? RequestType::join : RequestType::leave);
      moving.request.audience = envelope.audience;
      moving.request.rooms = {envelope.room};
      return write(std::move(moving));
    }
    case Envelope::Verb::disconnect:
    case Envelope::Verb::close: {
      Draft leaving = draft(nsp, RequestType::disconnect);
      leaving.request.audience = envelope.audience;
      leaving.request.close = envelope.verb == Envelope::Verb::close;
      return write(std::move(leaving));
    }
    case Envelope::Verb::visit:
      return;
  }
}

void StreamsAdapter::write(Draft draft) {
  const std::size_t bytes = bytes_of(draft);
  std::lock_guard lock(numbering_);
  // What is dropped on its way from here on is missed by its number.
  bus_->post(
      [this, number = ++written_, draft = std::move(draft)]() mutable {
        complete(draft);
        outbox_.add(number, entry_fields(uid_, draft.nsp, draft.request, draft.alone));
        if (is_current_) outbox_.send();
      },
      bytes);
}

void StreamsAdapter::say(Draft draft) {
  const std::size_t bytes = bytes_of(draft);
  bus_->post(
      [this, draft = std::move(draft)]() mutable {
        // What is volatile is of no use later.
        if (draft.request.saying.flags.is_volatile && !bus_->is_up()) return;
        complete(draft);
        bus_->publish(channel(draft.nsp), encode_message(uid_, draft.nsp, draft.request));
      },
      bytes);
}

void StreamsAdapter::tell(const std::string& nsp, std::string_view event,
                          const Arguments& arguments) {
  say(draft(nsp, RequestType::server_side_emit, event, arguments));
}

// -- what this server asks ------------------------------------------------------------------------

void StreamsAdapter::ask(Draft draft, std::chrono::milliseconds timeout,
                         std::unique_ptr<Question> question) {
  const std::size_t bytes = bytes_of(draft);
  Unasked asking(is_stopped_, std::move(question));
  bus_->post(
      [this, timeout, draft = std::move(draft), asking = std::move(asking)]() mutable {
        if (draft.request.type != RequestType::fetch) complete(draft);
        questions_.ask(channel(draft.nsp), asking.take(), timeout, [&](const std::string& id) {
          draft.request.id = id;
          return encode_message(uid_, draft.nsp, draft.request);
        });
      },
      bytes);
}

void StreamsAdapter::ask(const std::string& nsp, std::string_view event, const Arguments& arguments,
                         std::chrono::milliseconds timeout, socketio::AnswersHandler answers) {
  ask(draft(nsp, RequestType::server_side_emit, event, arguments), timeout,
      std::make_unique<ServersQuestion>(std::move(answers)));
}

void StreamsAdapter::ask_clients(const std::string& nsp, const Envelope& envelope,
                                 std::string_view event, const Arguments& arguments) {
  Draft asking = draft(nsp, RequestType::broadcast, event, arguments);
  asking.request.saying.audience = envelope.audience;
  asking.request.saying.flags = envelope.flags;
  ask(std::move(asking), envelope.flags.timeout,
      std::make_unique<ClientsQuestion>(envelope.answers));
}

void StreamsAdapter::fetch(const std::string& nsp, const Audience& audience,
                           socketio::SocketsHandler found) {
  Draft fetching = draft(nsp, RequestType::fetch);
  fetching.request.audience = audience;
  ask(std::move(fetching), options_.requests_timeout,
      std::make_unique<SocketsQuestion>(std::move(found)));
}

// -- sessions -------------------------------------------------------------------------------------

void StreamsAdapter::save(socketio::SavedSession session) {
  bus_->post([this, session = std::move(session)] { sessions_.save(session); }, session_bytes);
}

void StreamsAdapter::take(const Id& pid, const std::string& nsp,
                          std::function<void(std::optional<socketio::SavedSession>)> taken) {
  const auto task = [this, pid, nsp, taken = std::move(taken)] {
    sessions_.take(pid, nsp, [this, nsp, taken](std::optional<socketio::SavedSession> session) {
      const auto found = spaces_.find(nsp);
      const auto here = found == spaces_.end() ? nullptr : found->second->space.lock();
      if (here && position_) here->reach(*position_);
      taken(std::move(session));
    });
  };
  bus_->post(task, session_bytes);
}

// -- what other servers say beside the stream -----------------------------------------------------

void StreamsAdapter::on_message(std::string_view subscription, std::string_view message) {
  const auto route = routes_.find(std::string(subscription));
  if (route == routes_.end()) return;
  const SharedSpace space = route->second;  // Handlers may close it.
  const auto read = decode_message(message, space->nsp);
  if (!read) return void(++malformed_);
  if (read->uid == uid_) return;
  if (const auto* response = std::get_if<Response>(&read->body)) {
    return questions_.on_response(*response);
  }
  const auto& request = std::get<Request>(read->body);
  subscription == space->cede_channel ? on_cede(*space, request) : on_request(*space, request);
}

void StreamsAdapter::on_request(const Space& space, const Request& request) {
  const auto here = space.space.lock();
  if (!here) return;
  const bool is_plain = request.type == RequestType::broadcast && request.id.empty();
  if (!is_plain) return serving_.serve(here, request, responder(space, request));
  const Saying& saying = request.saying;
  Serving::local_sockets(here, saying.audience, saying.flags).emit(saying.event, saying.args);
}

void StreamsAdapter::on_cede(const Space& space, const Request& request) {
  const auto here = space.space.lock();
  const Json& told = request.saying.args[0];
  const auto pid = told.is_string() ? Id::parse(told.get_string()) : std::nullopt;
  if (!here || !pid || request.id.empty()) return;
  const auto respond = responder(space, request);
  // The session is saved before the answer is given: both go the same way, in this order.
  const auto done = [respond] { respond(Arguments()); };
  if (!here->evict(*pid, done)) done();
}

Respond StreamsAdapter::responder(const Space& space, const Request& request) {
  return [weak = weak_from_this(), nsp = space.nsp, to = space.channel + request.uid + "#",
          id = request.id](Answer answer) {
    const auto self = weak.lock();
    if (!self) return;
    self->bus_->post(
        [self = self.get(), nsp, to, id, answer = std::move(answer)] {
          // Nobody waits for an answer that would come after Redis has been away.
          if (!self->bus_->is_up()) return;
          self->bus_->publish(to, encode_response(self->uid_, nsp, id, answer));
        },
        0);
  };
}

}  // namespace coterie::redis
