// SPDX-License-Identifier: MIT
#include "socketio/broadcast.hpp"

#include <algorithm>
#include <iterator>
#include <mutex>

#include "socketio/broadcast_answers.hpp"
#include "socketio/namespace.hpp"
#include "socketio/socket.hpp"

namespace coterie::socketio {

namespace {

// What the shards and other servers have found, put together.
class Found {
 public:
  Found(std::size_t seekers, SocketsHandler handler)
      : seekers_left_(seekers), handler_(std::move(handler)) {}

  void add(RemoteSockets more) {
    std::unique_lock lock(mutex_);
    std::ranges::move(more, std::back_inserter(sockets_));
    sockets_.missing_servers += more.missing_servers;
    if (--seekers_left_ > 0) return;
    lock.unlock();
    handler_(std::move(sockets_));
  }

 private:
  std::mutex mutex_;
  std::size_t seekers_left_;
  RemoteSockets sockets_;
  const SocketsHandler handler_;
};

}  // namespace

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
  lighter.flags_.is_volatile = true;
  return lighter;
}

BroadcastOperator BroadcastOperator::compress(bool yes) const {
  BroadcastOperator other = *this;
  other.flags_.compress = yes;
  return other;
}

BroadcastOperator BroadcastOperator::local() const {
  BroadcastOperator nearer = *this;
  nearer.flags_.is_local = true;
  return nearer;
}

BroadcastOperator BroadcastOperator::followed() const {
  BroadcastOperator first = *this;
  first.flags_.is_followed = true;
  return first;
}

BroadcastOperator BroadcastOperator::timeout(std::chrono::milliseconds time) const {
  BroadcastOperator other = *this;
  other.flags_.timeout = time;
  return other;
}

Envelope BroadcastOperator::envelope(Envelope::Verb verb) const {
  Envelope envelope;
  envelope.verb = verb;
  envelope.flags = flags_;
  envelope.audience = audience_;
  return envelope;
}

void BroadcastOperator::publish(Envelope envelope) const {
  namespace_->publish(std::make_shared<const Envelope>(std::move(envelope)));
}

void BroadcastOperator::emit_arguments(std::string_view event, const Arguments& arguments) const {
  namespace_->emit(envelope(Envelope::Verb::emit), event, arguments);
}

void BroadcastOperator::ask_arguments(std::string_view event, const Arguments& arguments,
                                      AnswersHandler answers) const {
  const std::size_t askers = namespace_->shard_count() + (flags_.is_local ? 0 : 1);
  ask_for(event, arguments, std::make_shared<BroadcastAnswers>(askers, std::move(answers)));
}

void BroadcastOperator::ask_for(std::string_view event, const Arguments& arguments,
                                std::shared_ptr<AnswersListener> listener) const {
  Envelope asking = envelope(Envelope::Verb::emit);
  asking.ack_id = namespace_->next_ack_id();
  asking.answers = std::move(listener);
  namespace_->emit(std::move(asking), event, arguments);
}

void BroadcastOperator::sockets_join(std::string room) const {
  Envelope joining = envelope(Envelope::Verb::join);
  joining.room = std::move(room);
  publish(std::move(joining));
}

void BroadcastOperator::sockets_leave(std::string room) const {
  Envelope leaving = envelope(Envelope::Verb::leave);
  leaving.room = std::move(room);
  publish(std::move(leaving));
}

void BroadcastOperator::disconnect_sockets(bool close) const {
  publish(envelope(close ? Envelope::Verb::close : Envelope::Verb::disconnect));
}

void BroadcastOperator::for_each(std::function<void(Socket&)> fn) const {
  Envelope visiting = envelope(Envelope::Verb::visit);
  visiting.visit = [fn = std::move(fn)](const std::vector<Socket*>& sockets) {
    for (Socket* socket : sockets) {
      if (socket->is_connected()) fn(*socket);
    }
  };
  publish(std::move(visiting));
}

void BroadcastOperator::fetch_sockets(SocketsHandler found) const {
  const std::size_t seekers = namespace_->shard_count() + (flags_.is_local ? 0 : 1);
  const auto all = std::make_shared<Found>(seekers, std::move(found));
  Envelope visiting = envelope(Envelope::Verb::visit);
  visiting.visit = [all](const std::vector<Socket*>& sockets) {
    RemoteSockets here;
    for (const Socket* socket : sockets) {
      if (socket->is_connected()) here.push_back(socket->describe());
    }
    all->add(std::move(here));
  };
  publish(std::move(visiting));
  if (flags_.is_local) return;
  namespace_->surroundings_.adapter.fetch(
      namespace_->name(), audience_,
      [all](RemoteSockets sockets) { all->add(std::move(sockets)); });
}

}  // namespace coterie::socketio
