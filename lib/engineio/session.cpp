// SPDX-License-Identifier: MIT
#include "engineio/session.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/check.hpp"
#include "engineio/polling.hpp"
#include "engineio/websocket_transport.hpp"

namespace coterie::engineio {

Session::Session(SessionOwner& owner, Id sid, Handshake handshake, Dialect dialect)
    : owner_(owner), sid_(sid), dialect_(dialect), handshake_(std::move(handshake)) {}

Session::~Session() {
  drop_candidate();
}

void Session::open_polling(std::unique_ptr<SessionHandler> handler) {
  polling_ = std::make_unique<Polling>(*this, dialect_);
  transport_ = polling_.get();
  const Options& options = owner_.options();
  const bool may_upgrade = options.allow_upgrades && options.transports.websocket;
  opened(std::move(handler), may_upgrade ? R"("websocket")" : "");
}

void Session::open_websocket(std::unique_ptr<SessionHandler> handler,
                             WebSocketTransport& transport) {
  transport_ = &transport;
  opened(std::move(handler), "");
}

void Session::opened(std::unique_ptr<SessionHandler> handler, std::string_view upgrades) {
  handler_ = std::move(handler);
  const Options& options = owner_.options();
  send(Frame(PacketType::open,
             fmt::format(R"({{"sid":"{}","upgrades":[{}],"pingInterval":{},"pingTimeout":{},)"
                         R"("maxPayload":{}}})",
                         sid_.view(), upgrades, options.ping_interval.count(),
                         options.ping_timeout.count(), options.max_payload)));
  if (revision() == 3) {
    await_ping();
  } else {
    arm(owner_.now() + options.ping_interval);
  }
  handler_->on_opened();
}

// Revision 3: the client pings.
void Session::await_ping() {
  awaits_client_ = true;
  arm(owner_.now() + owner_.options().ping_interval + owner_.options().ping_timeout);
}

void Session::arm(TimePoint due) {
  due_ = due;
  owner_.timers().arm<&Session::on_timer>(timer_, due, this);
}

void Session::on_timer() {
  if (state_ == State::closing) return finish("forced close");
  if (awaits_client_) return end("ping timeout");
  awaits_client_ = has_grace_ = true;
  send(Frame(PacketType::ping, {}));
  // Counted from when the ping was due: a busy loop must not give a dead client more time.
  arm(due_ + owner_.options().ping_timeout);
}

void Session::on_packet(const Transport& from, const Packet& packet) {
  if (candidate_ && &from == static_cast<const Transport*>(candidate_)) {
    return on_candidate_packet(packet);
  }
  if (state_ != State::open || &from != transport_) return;
  if (has_grace_) {
    has_grace_ = false;
    arm(owner_.now() + owner_.options().ping_timeout);
  }
  switch (packet.type) {
    case PacketType::message:
      return handler_->on_message(packet.data, packet.is_binary);
    case PacketType::pong:
      return on_pong();
    case PacketType::ping:
      return on_ping();
    case PacketType::close:
      if (polling_) polling_->leave();
      return finish("transport close");
    case PacketType::open:
    case PacketType::upgrade:
    case PacketType::noop:
      return;
  }
}

// Revision 4 turned the heartbeat round: the server pings, and nobody answers out of turn.
void Session::on_pong() {
  if (revision() == 3) return end("transport error");
  awaits_client_ = has_grace_ = false;
  arm(owner_.now() + owner_.options().ping_interval);
}

void Session::on_ping() {
  if (revision() != 3) return end("transport error");
  send(Frame(PacketType::pong, {}));
  await_ping();
}

bool Session::offer_candidate(WebSocketTransport& candidate) {
  if (state_ != State::open || !polling_ || candidate_) return false;
  candidate_ = &candidate;
  is_probed_ = false;
  candidate_timer_ = std::make_unique<Timer>();
  owner_.timers().arm<&Session::on_candidate_timeout>(
      *candidate_timer_, owner_.now() + owner_.options().upgrade_timeout, this);
  return true;
}

void Session::on_candidate_packet(const Packet& packet) {
  if (packet.type == PacketType::ping && packet.data == "probe") {
    is_probed_ = true;
    candidate_->send(Frame(PacketType::pong, "probe"));
    polling_->set_answers_at_once(true);
  } else if (packet.type == PacketType::upgrade && is_probed_ && !packet.is_binary) {
    upgrade();
  } else {
    drop_candidate();
  }
}

void Session::upgrade() {
  WebSocketTransport* transport = std::exchange(candidate_, nullptr);
  candidate_timer_.reset();
  for (const Frame& frame : polling_->retire()) transport->send(frame);
  polling_.reset();
  transport_ = transport;
  if (state_ == State::closing) finish("forced close");
}

void Session::on_candidate_timeout() {
  drop_candidate();
}

void Session::drop_candidate() {
  candidate_timer_.reset();
  if (polling_) polling_->set_answers_at_once(false);
  if (WebSocketTransport* candidate = std::exchange(candidate_, nullptr)) candidate->close();
}

void Session::on_transport_gone(const Transport& from, std::string_view reason) {
  if (candidate_ && &from == static_cast<const Transport*>(candidate_)) {
    candidate_ = nullptr;
    return drop_candidate();
  }
  if (&from != transport_) return;
  if (!polling_) transport_ = nullptr;  // A WebSocket that is gone hears no farewell.
  finish(reason);
}

void Session::close() {
  if (state_ != State::open) return;
  if (!polling_) return finish("forced close");
  // A candidate stays: its client may have stopped polling, and then it is where our last words go.
  state_ = State::closing;
  arm(owner_.now() + owner_.options().close_timeout);
  // The layer above has nothing to wait for: its part ends now.
  handler_->on_closed("forced close");
  polling_->say_farewell();
}

void Session::end(std::string_view reason) {
  if (state_ == State::open) finish(reason);
}

void Session::finish(std::string_view reason) {
  if (state_ == State::closed) return;
  const bool was_open = state_ == State::open;
  state_ = State::closed;
  timer_.cancel();
  drop_candidate();
  if (Transport* transport = std::exchange(transport_, nullptr)) transport->close();
  if (was_open) handler_->on_closed(reason);
  owner_.remove(*this, std::move(handler_));
}

}  // namespace coterie::engineio
