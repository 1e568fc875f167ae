// SPDX-License-Identifier: MIT
#include "redis/streams_adapter.hpp"

#include <utility>

#include "base/log.hpp"
#include "socketio/namespace.hpp"

namespace coterie::redis {

namespace {

using socketio::Arguments;
using socketio::Envelope;
using socketio::Namespace;

constexpr std::size_t uid_length = 16;    // As long as those of the reference.
constexpr std::size_t claim_bytes = 512;  // About what one holds.

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
    : BusAdapter(std::move(bus), random_uid(random), options.requests_timeout, random),
      options_(std::move(options)),
      sessions_(*bus_, questions_, uid_, options_.session_prefix, options_.channel_prefix,
                options_.max_disconnection,
                [this](std::function<void(bool)> then) { when_read(std::move(then)); }),
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
  bus_->post(
      [this] {
        if (bus_->is_up()) outbox_.send_all();
      },
      0);
  BusAdapter::stop();
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

void StreamsAdapter::publish(const std::string& nsp, const Envelope& envelope,
                             std::string_view event, const Arguments& arguments) {
  Draft said = draft(nsp, envelope, event, arguments);
  if (envelope.flags.is_volatile) return say(std::move(said));
  std::string alone;
  if (envelope.alone) {
    alone = envelope.alone->view();
    said.request.saying.audience.rooms = {alone};
  }
  write(std::move(said), std::move(alone));
}

void StreamsAdapter::write(Draft draft, std::string alone) {
  std::lock_guard lock(numbering_);
  // What is dropped on its way from here on is missed by its number.
  post(std::move(draft), [this, number = ++written_, alone = std::move(alone)](const Draft& said) {
    outbox_.add(number, entry_fields(uid_, said.nsp, said.request, alone));
    if (is_current_) outbox_.send();
  });
}

// -- sessions -------------------------------------------------------------------------------------

void StreamsAdapter::save(socketio::SavedSession session) {
  const std::size_t bytes = bytes_of(session);
  bus_->post([this, session = std::move(session)] { sessions_.save(session); }, bytes);
}

void StreamsAdapter::take(const Id& pid, const std::string& nsp, const socketio::Asker& asker,
                          std::function<void(std::optional<socketio::SavedSession>)> taken) {
  // Whom nobody can ask for begins anew.
  Entrusted claim(is_stopped_, std::move(taken), [](auto& nobody) { nobody(std::nullopt); });
  auto task = [this, pid, nsp, asker, claim = std::move(claim)]() mutable {
    sessions_.take(pid, nsp, asker, [this, nsp, found = claim.take()](auto session) {
      const auto space = spaces_.find(nsp);
      const auto here = space == spaces_.end() ? nullptr : space->second->space.lock();
      if (here && position_) here->reach(*position_);
      found(std::move(session));
    });
  };
  bus_->post(std::move(task), claim_bytes);
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
  if (!is_plain) return serving_.serve(here, request, responder(space.nsp, request));
  const Saying& saying = request.saying;
  Serving::local_sockets(here, saying.audience, saying.flags).emit(saying.event, saying.args);
}

void StreamsAdapter::on_cede(const Space& space, const Request& request) {
  const auto here = space.space.lock();
  const Json& told = request.saying.args[0];
  const auto pid = told.is_string() ? Id::parse(told.get_string()) : std::nullopt;
  if (!here || !pid || request.id.empty()) return;
  const auto respond = responder(space.nsp, request);
  const bool is_under_way = sessions_.is_under_way(*pid, space.nsp);
  // The session is saved before the answer is given: both go the same way, in this order.
  if (here->evict(*pid, [respond] { respond(socketio::arguments(true)); })) return;
  respond(socketio::arguments(is_under_way));
}

}  // namespace coterie::redis
