// SPDX-License-Identifier: MIT
#include "net/connection.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "base/check.hpp"
#include "net/shard.hpp"

namespace coterie::net {

namespace {

constexpr std::size_t pieces_per_write = 128;

}  // namespace

Connection::Connection(int fd, std::string peer, std::size_t outbox_bytes_max)
    : Pollable(fd),
      outbox_bytes_max_(static_cast<std::uint32_t>(outbox_bytes_max)),
      peer_(std::move(peer)) {}

Connection::~Connection() {
  if (shard_) outbox_.clear(shard_->outbox_pool());
}

std::string Connection::peer() const {
  return peer_;
}

void Connection::set_protocol(std::unique_ptr<Protocol> protocol) {
  if (shard_) shard_->bury(std::move(protocol_));
  protocol_ = std::move(protocol);
}

void Connection::send(SharedBytes bytes) {
  if (state_ != State::open || bytes.empty()) return;
  outbox_bytes_ += bytes.size();
  const std::size_t upkeep = outbox_.size() * SharedBytes::overhead_bytes;
  if (outbox_bytes_ + upkeep > outbox_bytes_max_) return close(CloseReason::slow_consumer);
  outbox_.push(shard_->outbox_pool(), std::move(bytes));
  if (is_dirty_) return;
  is_dirty_ = true;
  shard_->flush_later(*this);
}

void Connection::close(CloseReason reason) {
  if (state_ == State::closed) return;
  state_ = State::closed;
  close_reason_ = reason;
  shard_->close_later(*this);
}

void Connection::close_when_sent() {
  if (state_ != State::open) return;
  state_ = State::draining;
  if (!is_dirty_) {
    is_dirty_ = true;
    shard_->flush_later(*this);
  }
  shard_->linger(*this);  // Also bounds how long the draining may take.
}

void Connection::pause_reading() {
  if (is_paused_) return;
  is_paused_ = true;
  watch_for(watched_ & EPOLLOUT);
}

void Connection::resume_reading() {
  if (is_paused_) {
    is_paused_ = false;
    watch_for(watched_ & EPOLLOUT);
  }
  if (left_over_.empty()) return;
  shard_->defer([shard = shard_, fd = fd(), serial = serial_] {
    if (Connection* connection = shard->find(fd, serial)) connection->use_left_over();
  });
}

void Connection::move_to(Shard& shard, std::function<void(Connection&)> arrived) {
  COTERIE_CHECK(outbox_.empty() && !is_dirty_);
  destination_ = std::make_unique<std::pair<Shard*, std::function<void(Connection&)>>>(
      &shard, std::move(arrived));
}

void Connection::depart() {
  Shard* to = destination_->first;
  auto arrived = std::move(destination_->second);
  destination_.reset();
  if (state_ != State::open) return;
  std::unique_ptr<Connection> self = shard_->release(*this);
  // Nothing here may be touched after the post: the other thread owns it from then on.
  to->post([to, self = std::move(self), arrived = std::move(arrived)]() mutable {
    Connection* connection = to->adopt(std::move(self));
    arrived(*connection);
    connection->use_left_over();
  });
}

void Connection::on_events(std::uint32_t events) {
  if (state_ == State::closed) return;
  if (events & EPOLLOUT) flush();
  if (state_ == State::closed) return;
  if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) receive();
}

void Connection::receive() {
  if (is_paused_ && state_ == State::open) {
    // Not listening, yet woken: the stream is broken.
    return close(CloseReason::stream_error);
  }
  const std::span<char> buffer = shard_->receive_buffer();
  const ssize_t count = ::recv(fd(), buffer.data(), buffer.size(), 0);
  if (count < 0) {
    if (errno == EAGAIN || errno == EINTR) return;
    return close(CloseReason::stream_error);
  }
  if (count == 0) {
    if (state_ == State::lingering) return close(CloseReason::finished);
    if (has_ended_) return close(CloseReason::client_closed);
    has_ended_ = true;
    // Level-triggered epoll would report the end for ever: stop listening for it.
    watch_for(watched_ & EPOLLOUT);
    if (state_ == State::open) protocol_->on_end();
    return;
  }
  if (state_ != State::open) return;  // Lingering: discarded.
  use(buffer.first(static_cast<std::size_t>(count)));
}

void Connection::use(std::span<char> bytes) {
  const bool was_empty = left_over_.empty();
  if (!was_empty) {
    left_over_.append(bytes.data(), bytes.size());
    bytes = left_over_;
  }
  std::size_t used = 0;
  while (used < bytes.size() && may_use()) {
    const Protocol* before = protocol_.get();
    used += protocol_->on_bytes(bytes.subspan(used));
    if (protocol_.get() == before) break;  // It has used what it could.
  }
  if (was_empty) {
    if (used < bytes.size()) left_over_.assign(bytes.data() + used, bytes.size() - used);
  } else if (used == bytes.size()) {
    std::string().swap(left_over_);
  } else {
    left_over_.erase(0, used);
  }
  if (destination_) depart();
}

void Connection::use_left_over() {
  if (may_use() && !left_over_.empty()) use({});
}

void Connection::flush() {
  is_dirty_ = false;
  if (state_ == State::closed) return;
  while (!outbox_.empty()) {
    if (!write_some()) return;
  }
  if (watched_ & EPOLLOUT) watch_for(false);
  if (state_ == State::draining) return half_close();
  if (wants_drained_ && state_ == State::open) {
    wants_drained_ = false;
    protocol_->on_drained();
  }
}

// False when the kernel takes no more for now, or the stream is broken.
bool Connection::write_some() {
  std::array<iovec, pieces_per_write> pieces;
  std::size_t count = 0;
  std::size_t offset = first_offset_;
  for (OutboxNode* node = outbox_.first(); node && count < pieces.size(); node = node->next) {
    const std::string_view bytes = node->bytes.view();
    pieces[count++] = {const_cast<char*>(bytes.data()) + offset, bytes.size() - offset};
    offset = 0;
  }
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = count;
  const ssize_t result = ::sendmsg(fd(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (result < 0) {
    if (errno == EINTR) return true;
    if (errno == EAGAIN) {
      watch_for(true);
    } else {
      close(CloseReason::stream_error);
    }
    return false;
  }
  auto written = static_cast<std::size_t>(result);
  outbox_bytes_ -= written;
  while (written > 0) {
    const std::size_t rest = outbox_.first()->bytes.size() - first_offset_;
    if (written < rest) {
      first_offset_ += written;
      break;
    }
    written -= rest;
    first_offset_ = 0;
    outbox_.pop(shard_->outbox_pool());
  }
  return true;
}

void Connection::watch_for(bool room) {
  std::uint32_t events = 0;
  if (!has_ended_ && !is_paused_) events |= EPOLLIN | EPOLLRDHUP;
  if (room) events |= EPOLLOUT;
  if (events == watched_) return;
  watched_ = events;
  shard_->rewatch(*this, events);
}

void Connection::half_close() {
  state_ = State::lingering;
  if (has_ended_) return close(CloseReason::finished);
  ::shutdown(fd(), SHUT_WR);
  is_paused_ = false;
  watch_for(false);
}

}  // namespace coterie::net
