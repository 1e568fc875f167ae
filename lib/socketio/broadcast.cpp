// SPDX-License-Identifier: MIT
#include "socketio/broadcast.hpp"

#include <memory>

#include "socketio/encoder.hpp"
#include "socketio/envelope.hpp"
#include "socketio/namespace.hpp"

namespace coterie::socketio {

BroadcastOperator BroadcastOperator::to(std::string room) const {
  BroadcastOperator wider = *this;
  wider.audience_.rooms.push_back(std::move(room));
  return wider;
}

BroadcastOperator BroadcastOperator::except(std::string room) const {
  BroadcastOperator narrower = *this;
  narrower.audience_.except.push_back(std::move(room));
  return narrower;
}

BroadcastOperator BroadcastOperator::as_volatile() const {
  BroadcastOperator lighter = *this;
  lighter.is_volatile_ = true;
  return lighter;
}

void BroadcastOperator::publish(Envelope envelope) const {
  envelope.audience = audience_;
  namespace_->publish(std::make_shared<const Envelope>(std::move(envelope)));
}

void BroadcastOperator::emit_arguments(std::string_view event, Arguments arguments) const {
  Envelope envelope;
  envelope.frames =
      encode_event(namespace_->name(), std::nullopt, event, arguments, namespace_->encoding_);
  envelope.is_volatile = is_volatile_;
  publish(std::move(envelope));
}

void BroadcastOperator::sockets_join(std::string room) const {
  Envelope envelope;
  envelope.verb = Envelope::Verb::join;
  envelope.room = std::move(room);
  publish(std::move(envelope));
}

void BroadcastOperator::sockets_leave(std::string room) const {
  Envelope envelope;
  envelope.verb = Envelope::Verb::leave;
  envelope.room = std::move(room);
  publish(std::move(envelope));
}

void BroadcastOperator::disconnect_sockets(bool close) const {
  Envelope envelope;
  envelope.verb = close ? Envelope::Verb::close : Envelope::Verb::disconnect;
  publish(std::move(envelope));
}

void BroadcastOperator::for_each(std::function<void(Socket&)> fn) const {
  Envelope envelope;
  envelope.verb = Envelope::Verb::for_each;
  envelope.fn = std::move(fn);
  publish(std::move(envelope));
}

}  // namespace coterie::socketio
