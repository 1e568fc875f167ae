// SPDX-License-Identifier: MIT
#include "socketio/broadcast.hpp"

#include <iterator>
#include <mutex>

#include "socketio/broadcast_answers.hpp"
#include "socketio/namespace.hpp"
#include "socketio/socket.hpp"

namespace coterie::socketio {

namespace {

// What the shards have found, put together.
struct Found {
  std::mutex mutex;
  std::size_t shards_left;
  std::vector<RemoteSocket> sockets;
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
  Envelope asking = envelope(Envelope::Verb::emit);
  asking.ack_id = namespace_->next_ack_id();
  asking.answers =
      std::make_shared<BroadcastAnswers>(namespace_->shard_count(), std::move(answers));
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
  auto all = std::make_shared<Found>();
  all->shards_left = namespace_->shard_count();
  Envelope visiting = envelope(Envelope::Verb::visit);
  visiting.visit = [all, found = std::move(found)](const std::vector<Socket*>& sockets) {
    std::vector<RemoteSocket> here;
    for (const Socket* socket : sockets) {
      if (socket->is_connected()) here.push_back(socket->describe());
    }
    std::unique_lock lock(all->mutex);
    std::ranges::move(here, std::back_inserter(all->sockets));
    if (--all->shards_left > 0) return;
    lock.unlock();
    found(std::move(all->sockets));
  };
  publish(std::move(visiting));
}

}  // namespace coterie::socketio
