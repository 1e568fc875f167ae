// SPDX-License-Identifier: MIT
#include "socketio/socket.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "base/timer_wheel.hpp"
#include "net/shard.hpp"
#include "socketio/client.hpp"
#include "socketio/hub.hpp"
#include "socketio/namespace.hpp"

namespace coterie::socketio {

namespace {

// An emit that waits for its ack.
struct PendingAck {
  Socket* socket;
  std::uint64_t id;
  AckHandler answer;
  Timer timer;
};

// Reasons that a client may come back from: its own farewell is none, nor is ours to it.
bool is_recoverable(std::string_view reason) {
  static constexpr std::array<std::string_view, 7> recoverable{
      "transport error", "transport close",      "forced close",       "slow consumer",
      "ping timeout",    "server shutting down", "forced server close"};
  return std::ranges::find(recoverable, reason) != recoverable.end();
}

struct NamedHandler {
  std::string event;
  EventHandler handler;
  bool is_once;
};

}  // namespace

struct Socket::Extras {
  std::vector<NamedHandler> handlers;
  std::vector<EventMiddleware> middlewares;
  std::vector<AnyHandler> any_handlers;
  std::vector<AnyHandler> outgoing_handlers;
  std::vector<ErrorHandler> error_handlers;
  std::vector<DisconnectHandler> disconnecting_handlers;
  std::vector<DisconnectHandler> disconnect_handlers;
  std::map<std::uint64_t, std::unique_ptr<PendingAck>> acks;
  std::vector<std::string> rooms;  // Of before, until it has caught up.
  std::shared_ptr<const void> asker;
};

// One event of the client on its way through the middlewares.
struct Socket::Event {
  std::string name;
  Args args;
  Ack ack;
  std::size_t stages = 0;  // How many middlewares there were when it came.
};

Socket::Socket(Client& client, Hub& hub, Id id, Json auth)
    : client_(client), hub_(hub), id_(id), auth_(std::move(auth)) {}

Socket::~Socket() {
  hub_.remove(*this);
  hub_.space().on_socket_destroyed();  // Which may be the end of it, and of the hub.
}

Socket::Extras& Socket::extras() {
  if (!extras_) extras_ = std::make_unique<Extras>();
  return *extras_;
}

SocketRef Socket::ref() const {
  return SocketRef(hub_.shared_from_this(), id_, birth_);
}
const Handshake& Socket::handshake() const {
  return client_.handshake();
}

RemoteSocket Socket::describe() const {
  return {std::string(id()), rooms(), Json(data_), handshake(), auth_};
}

// -- what is registered ---------------------------------------------------------------------------

void Socket::add_handler(std::string event, EventHandler handler, bool is_once) {
  extras().handlers.push_back({std::move(event), std::move(handler), is_once});
}

void Socket::off(std::string_view event) {
  if (!extras_) return;
  std::erase_if(extras_->handlers, [event](const auto& each) { return each.event == event; });
}

void Socket::on_any(AnyHandler handler) {
  extras().any_handlers.push_back(std::move(handler));
}

void Socket::on_any_outgoing(AnyHandler handler) {
  extras().outgoing_handlers.push_back(std::move(handler));
  is_watched_ = true;
}

void Socket::use(EventMiddleware middleware) {
  extras().middlewares.push_back(std::move(middleware));
}

void Socket::on_error(ErrorHandler handler) {
  extras().error_handlers.push_back(std::move(handler));
}

void Socket::on_disconnecting(DisconnectHandler handler) {
  extras().disconnecting_handlers.push_back(std::move(handler));
}

void Socket::on_disconnect(DisconnectHandler handler) {
  extras().disconnect_handlers.push_back(std::move(handler));
}

// -- events that go out ---------------------------------------------------------------------------

void Socket::emit_arguments(EmitFlags flags, std::string_view event, const Arguments& arguments) {
  if (state_ != State::connected) return;
  Namespace& space = hub_.space();
  if (space.is_recoverable()) {
    // It needs its place in the order of all events, and so comes through the inbox.
    Envelope envelope;
    envelope.flags = flags;
    envelope.alone = id_;
    return space.emit(std::move(envelope), event, arguments, &hub_);
  }
  if (flags.is_volatile && !client_.is_writable()) return;
  const Frames frames =
      encode_event(space.name(), std::nullopt, event, arguments, client_.encoding(flags.compress));
  client_.send(frames);
  if (is_watched_) tell_outgoing(frames);
}

void Socket::ask_arguments(EmitFlags flags, std::string_view event, const Arguments& arguments,
                           AckHandler answer) {
  if (state_ != State::connected) return answer(Error("disconnected", "the socket has left"));
  const std::uint64_t id = hub_.space().next_ack_id();
  auto pending = std::make_unique<PendingAck>();
  pending->socket = this;
  pending->id = id;
  pending->answer = std::move(answer);
  net::Shard& shard = hub_.shard();
  shard.timers().arm(
      pending->timer, shard.now() + flags.timeout,
      [](void* at) {
        const auto* late = static_cast<PendingAck*>(at);
        late->socket->on_ack_timeout(late->id);
      },
      pending.get());
  extras().acks.emplace(id, std::move(pending));
  if (flags.is_volatile && !client_.is_writable()) return;  // Time will be up.
  const Frames frames =
      encode_event(hub_.space().name(), id, event, arguments, client_.encoding(flags.compress));
  client_.send(frames);
  if (is_watched_) tell_outgoing(frames);
}

// The handlers are rare, so what they see is taken from the frames, not kept for them.
void Socket::tell_outgoing(const Frames& frames) {
  if (state_ != State::connected) return;
  const std::string_view text = frames.head.text();
  // A namespace's name may hold brackets, but no comma, and one stands behind it.
  const std::size_t begin = text.find('[', hub_.space().name() == "/" ? 0 : text.find(','));
  const auto array = parse_json(text.substr(begin));
  if (!array) return;  // The application has sent RawJson that is none.
  JsonArray values = array->as_array();
  const std::string event(values.front().as_string());
  values.erase(values.begin());
  // The offset is not the application's. An event with an id has none.
  const bool has_id = begin > 2 && text[begin - 1] >= '0' && text[begin - 1] <= '9';
  if (hub_.space().is_recoverable() && !has_id) values.pop_back();
  std::vector<SharedBytes> attachments;
  for (const auto& frame : frames.attachments) attachments.emplace_back(frame.text());
  const Args args(std::move(values), std::move(attachments));
  for (const AnyHandler& handler : std::vector(extras_->outgoing_handlers)) {
    handler(*this, event, args);
  }
}

SocketOperator Socket::as_volatile() {
  return SocketOperator(*this, {}).as_volatile();
}
SocketOperator Socket::at_once() {
  return SocketOperator(*this, {}).at_once();
}
SocketOperator Socket::compress(bool yes) {
  return SocketOperator(*this, {}).compress(yes);
}
SocketOperator Socket::timeout(std::chrono::milliseconds time) {
  return SocketOperator(*this, {}).timeout(time);
}

SocketOperator SocketOperator::as_volatile() const {
  SocketOperator other = *this;
  other.flags_.is_volatile = true;
  return other;
}
SocketOperator SocketOperator::at_once() const {
  SocketOperator other = *this;
  other.flags_.is_local = true;
  return other;
}
SocketOperator SocketOperator::compress(bool yes) const {
  SocketOperator other = *this;
  other.flags_.compress = yes;
  return other;
}
SocketOperator SocketOperator::timeout(std::chrono::milliseconds time) const {
  SocketOperator other = *this;
  other.flags_.timeout = time;
  return other;
}

// -- acks -----------------------------------------------------------------------------------------

void Socket::on_ack_timeout(std::uint64_t ack_id) {
  const auto node = extras_->acks.extract(ack_id);
  node.mapped()->answer(Error("timeout", "operation has timed out"));
}

void Socket::on_ack(Packet packet) {
  Args args(std::move(packet.data.as_array()), std::move(packet.attachments));
  auto node = extras_ ? extras_->acks.extract(*packet.id) : decltype(extras_->acks)::node_type();
  // An id of neither kind was answered before, or never asked: ignored, as the reference does.
  if (node.empty()) return hub_.on_broadcast_ack(*this, *packet.id, std::move(args));
  node.mapped()->timer.cancel();
  node.mapped()->answer(std::move(args));
}

void Socket::answer(std::uint64_t ack_id, const Arguments& arguments) {
  if (state_ != State::connected) return;
  client_.send(encode_ack(hub_.space().name(), ack_id, arguments, client_.encoding()));
}

// -- events that come in --------------------------------------------------------------------------

void Socket::on_event(Packet packet) {
  JsonArray& values = packet.data.as_array();
  std::string name(values.front().as_string());
  values.erase(values.begin());
  Event event{std::move(name), Args(std::move(values), std::move(packet.attachments)),
              packet.id ? Ack(ref(), *packet.id) : Ack()};
  tell_any(event);
  if (!extras_ || extras_->middlewares.empty()) return run_handlers(event);
  event.stages = extras_->middlewares.size();
  run_middlewares(std::make_shared<Event>(std::move(event)), 0);
}

void Socket::run_middlewares(std::shared_ptr<Event> event, std::size_t stage) {
  if (state_ != State::connected) return;
  if (stage == event->stages) return run_handlers(*event);
  const EventMiddleware middleware = extras_->middlewares[stage];
  middleware(*this, event->name, event->args,
             NextEvent([ref = ref(), event, stage](std::optional<Error> refusal) {
               ref.dispatch([event, stage, refusal = std::move(refusal)](Socket& socket) {
                 if (!refusal) return socket.run_middlewares(event, stage + 1);
                 for (const auto& handler : std::vector(socket.extras_->error_handlers)) {
                   handler(socket, *refusal);
                 }
               });
             }));
}

// Those of the socket are copied: a handler may add and remove handlers, for the next event.
void Socket::tell_any(const Event& event) {
  for (const AnyHandler& handler : hub_.space().any_handlers_) {
    handler(*this, event.name, event.args);
  }
  if (!extras_ || extras_->any_handlers.empty()) return;
  for (const AnyHandler& handler : std::vector(extras_->any_handlers)) {
    handler(*this, event.name, event.args);
  }
}

void Socket::run_handlers(const Event& event) {
  const Listeners& shared = hub_.space();
  if (const auto found = shared.handlers_.find(event.name); found != shared.handlers_.end()) {
    for (const EventHandler& handler : found->second) {
      if (state_ != State::connected) return;
      handler(*this, event.args, event.ack);
    }
  }
  for (const EventHandler& handler : handlers_now(event.name)) {
    if (state_ != State::connected) return;
    handler(*this, event.args, event.ack);
  }
}

std::vector<EventHandler> Socket::handlers_now(std::string_view event) {
  std::vector<EventHandler> handlers;
  if (!extras_) return handlers;
  for (const NamedHandler& each : extras_->handlers) {
    if (each.event == event) handlers.push_back(each.handler);
  }
  std::erase_if(extras_->handlers,
                [event](const auto& each) { return each.is_once && each.event == event; });
  return handlers;
}

// -- rooms ----------------------------------------------------------------------------------------

void Socket::join(std::string_view room) {
  if (state_ != State::disconnected) hub_.join(*this, room);
}

void Socket::leave(std::string_view room) {
  if (state_ == State::disconnected) return;
  hub_.leave(*this, room);
}

std::vector<std::string> Socket::rooms() const {
  std::vector<std::string> names;
  if (state_ == State::disconnected) return names;
  names.emplace_back(id());
  for (const Membership& membership : memberships_) names.push_back(membership.room->name);
  return names;
}

bool Socket::is_in(std::string_view room) const {
  if (state_ == State::disconnected) return false;
  return room == id() || hub_.is_in(memberships_, room);
}

BroadcastOperator Socket::broadcast() const {
  return hub_.space().except(std::string(id()));
}
BroadcastOperator Socket::to(std::string room) const {
  return broadcast().to(std::move(room));
}
BroadcastOperator Socket::except(std::string room) const {
  return broadcast().except(std::move(room));
}

// -- recovery -------------------------------------------------------------------------------------

void Socket::begin_session(const Id& pid, const Offset& offset) {
  pid_ = pid;
  offset_ = offset;
  hub_.space().add_holder(pid, {hub_.shard().index(), id_});
}

Asker Socket::begin_asking() {
  extras().asker = std::make_shared<char>();
  return extras_->asker;
}

// There is nothing else in it yet.
void Socket::end_asking() {
  extras_.reset();
}

void Socket::resume(SavedSession session) {
  hub_.rename(*this, session.sid);
  begin_session(session.pid, session.offset);
  // At once, so that it can be sent out of them, or away, while it waits to be let in.
  for (const std::string& room : session.rooms) join(room);
  extras().rooms = std::move(session.rooms);
  data_ = std::move(session.data);
  is_recovered_ = true;
}

void Socket::begin_anew() {
  if (!is_recovered_ || state_ != State::connecting) return;
  is_recovered_ = false;
  data_.clear();
  for (const std::string& room : std::exchange(extras_->rooms, {})) leave(room);
  hub_.space().remove_holder(pid_, hub_.shard().index());
  pid_ = Id();  // It is not kept until it has one of its own.
}

bool Socket::catch_up() {
  extras_->rooms = {};
  return hub_.catch_up(*this, offset_);
}

void Socket::save_session(std::string_view reason) {
  if (!has_session() || !is_recoverable(reason)) return;
  std::vector<std::string> names = rooms();
  names.erase(names.begin());  // Its id is beside them.
  hub_.space().surroundings_.adapter.save(
      {pid_, id_, hub_.space().name(), std::move(names), data_, offset_});
}

// -- the end --------------------------------------------------------------------------------------

void Socket::disconnect(bool close) {
  if (close) return client_.disconnect();
  if (state_ != State::connected) return;
  client_.send(encode_control(PacketType::disconnect, hub_.space().name(), nullptr));
  become_disconnected("server namespace disconnect");
}

void Socket::become_disconnected(std::string_view reason) {
  if (state_ == State::leaving || state_ == State::disconnected) return;
  const Listeners& shared = hub_.space();
  const bool was_connected = state_ == State::connected;
  if (was_connected) {
    state_ = State::leaving;
    for (const auto& handler : shared.disconnecting_handlers_) handler(*this, reason);
    if (extras_) {
      for (const auto& handler : std::exchange(extras_->disconnecting_handlers, {})) {
        handler(*this, reason);
      }
    }
  }
  save_session(reason);
  hub_.remove(*this);
  state_ = State::disconnected;
  client_.drop(*this);  // Destroyed behind this turn.
  if (extras_) {
    for (auto& [id, pending] : std::exchange(extras_->acks, {})) {
      pending->timer.cancel();
      pending->answer(Error("disconnected", "the socket has left"));
    }
  }
  if (!was_connected) return;
  for (const DisconnectHandler& handler : shared.disconnect_handlers_) handler(*this, reason);
  if (!extras_) return;
  for (const DisconnectHandler& handler : std::exchange(extras_->disconnect_handlers, {})) {
    handler(*this, reason);
  }
}

}  // namespace coterie::socketio
