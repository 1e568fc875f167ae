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
#include "net/write_batch.hpp"

namespace coterie::net {

namespace {

constexpr std::size_t pieces_per_write = 128;
// Encrypted before it is known that the kernel has room: what a slow reader may cost us on top.
constexpr std::size_t output_bytes_wanted = 64 * 1024;

}  // namespace

Connection::Connection(int fd, std::string peer, std::size_t outbox_bytes_max,
                       std::unique_ptr<TlsStream> tls)
    : Pollable(fd),
      tls_(std::move(tls)),
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
  if (!has_room_for(bytes.size())) {
    // A turn may have more to say than the bound: only what the kernel will not take counts.
    if (!(watched_ & EPOLLOUT)) write_out();
    if (state_ == State::closed) return;
    if (!has_room_for(bytes.size())) return close(CloseReason::slow_consumer);
  }
  outbox_bytes_ += bytes.size();
  outbox_.push(shard_->outbox_pool(), std::move(bytes));
  flush_later();
}

bool Connection::has_room_for(std::size_t bytes) const {
  const std::size_t upkeep = outbox_.size() * SharedBytes::overhead_bytes;
  return unsent_bytes() + upkeep + bytes <= outbox_bytes_max_;
}

void Connection::flush_later() {
  if (is_dirty_) return;
  is_dirty_ = true;
  shard_->flush_later(*this);
}

void Connection::close(CloseReason reason) {
  if (state_ == State::closed) return;
  state_ = State::closed;
  close_reason_ = reason;
  if (tls_ && unsent_bytes() == 0) {
    tls_->end();  // Nothing was cut off: the peer may know that.
    if (!tls_->output().empty()) write_output();
  }
  shard_->close_later(*this);
}

void Connection::close_when_sent() {
  if (state_ != State::open) return;
  state_ = State::draining;
  flush_later();
  shard_->linger(*this);  // Also bounds how long the draining may take.
}

void Connection::wind_up() {
  if (state_ == State::open && !protocol_->on_stopping()) close_when_sent();
}

void Connection::give_up() {
  if (state_ == State::open) protocol_->on_given_up();
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
  if (!has_left_over()) return;
  shard_->defer([shard = shard_, fd = fd(), serial = serial_] {
    if (Connection* connection = shard->find(fd, serial)) connection->use_left_over();
  });
}

void Connection::move_to(Shard& shard, std::function<void(Connection&)> arrived) {
  COTERIE_CHECK(unsent_bytes() == 0 && !is_dirty_);
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
  if (events & EPOLLOUT) write_all();
  if (state_ == State::closed) return;
  if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) receive();
}

void Connection::receive() {
  if (is_paused_ && state_ == State::open) {
    // Not listening, yet woken: the stream is broken.
    return close(CloseReason::stream_error);
  }
  std::span<char> buffer = shard_->receive_buffer();
  // The rest is for the plaintext: as much again, and the record that this may be the end of.
  if (tls_) buffer = buffer.first((buffer.size() - TlsStream::record_bytes_max) / 2);
  const ssize_t count = ::recv(fd(), buffer.data(), buffer.size(), 0);
  if (count < 0) {
    if (errno == EAGAIN || errno == EINTR) return;
    return close(CloseReason::stream_error);
  }
  if (count == 0) {
    if (state_ == State::lingering) return close(CloseReason::finished);
    if (has_ended_) return close(CloseReason::client_closed);
    return end_input();
  }
  if (state_ != State::open) return;  // Lingering: discarded.
  buffer = buffer.first(static_cast<std::size_t>(count));
  if (tls_) return receive_encrypted(buffer);
  use(buffer);
}

void Connection::end_input() {
  has_ended_ = true;
  // Level-triggered epoll would report the end for ever: stop listening for it.
  watch_for(watched_ & EPOLLOUT);
  if (state_ == State::open) protocol_->on_end();
}

void Connection::receive_encrypted(std::span<const char> bytes) {
  const std::span<char> plaintext = shard_->receive_buffer().subspan(bytes.size());
  const std::size_t count = tls_->decrypt(bytes, plaintext);
  // What TLS itself has to say leaves at once: a connection that moves has nothing unsent.
  while (!tls_->output().empty() && write_output()) continue;
  if (unsent_bytes() > outbox_bytes_max_) return close(CloseReason::slow_consumer);
  if (!outbox_.empty()) flush_later();  // It may have waited for a handshake.
  use(plaintext.first(count));
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
  if (destination_) return depart();
  // How TLS has ended is heard behind all that came before.
  if (!tls_ || !may_use() || has_ended_) return;
  if (tls_->has_failed()) return close_when_sent();  // The peer may want to read why.
  if (tls_->has_ended()) end_input();
}

void Connection::use_left_over() {
  if (may_use() && has_left_over()) use({});
}

bool Connection::write_with(WriteBatch& batch) {
  // While the kernel's buffer is full there is nothing to be gained.
  if (tls_ || state_ == State::closed || outbox_.empty() || (watched_ & EPOLLOUT)) return true;
  const std::span<iovec> room = batch.room();
  if (room.empty()) return false;
  batch.add(*this, gather(room));
  return true;
}

void Connection::flush() {
  is_dirty_ = false;
  write_all();
}

void Connection::write_all() {
  if (state_ == State::closed) return;
  if (!write_out()) return;
  if (tls_ && tls_->has_failed() && state_ == State::open) return close(CloseReason::stream_error);
  if (watched_ & EPOLLOUT) watch_for(false);
  if (state_ == State::draining) return half_close();
  if (wants_drained_ && state_ == State::open && outbox_.empty()) {
    wants_drained_ = false;
    protocol_->on_drained();
  }
}

// All that the kernel takes; false when something is left.
bool Connection::write_out() {
  while (tls_ ? encrypt_some() : !outbox_.empty()) {
    if (!write_some()) return false;
  }
  return true;
}

// False when there is no output: nothing is to be said, or it waits for the end of a handshake.
bool Connection::encrypt_some() {
  while (!outbox_.empty() && tls_->output().size() < output_bytes_wanted && tls_->can_encrypt()) {
    encrypt_record();
  }
  if (outbox_.empty() && state_ == State::draining) tls_->end();
  return !tls_->output().empty();
}

// One large piece where it lies, or as many small ones as a record holds: each costs 22 bytes.
void Connection::encrypt_record() {
  const std::string_view first = outbox_.first()->bytes.view().substr(first_offset_);
  std::array<char, TlsStream::record_bytes_max> record;
  if (first.size() >= record.size() || !outbox_.first()->next) {
    const std::string_view piece = first.substr(0, record.size());
    tls_->encrypt(piece);
    return outbox_used(piece.size());
  }
  std::size_t size = 0;
  std::size_t offset = first_offset_;
  for (OutboxNode* node = outbox_.first(); node && size < record.size(); node = node->next) {
    size += node->bytes.view().substr(offset).copy(record.data() + size, record.size() - size);
    offset = 0;
  }
  tls_->encrypt({record.data(), size});
  outbox_used(size);
}

// The next two are false when the kernel takes no more for now, or the stream is broken.
bool Connection::write_output() {
  const std::string_view bytes = tls_->output();
  iovec piece{const_cast<char*>(bytes.data()), bytes.size()};
  const auto written = write({&piece, 1});
  if (written) tls_->drop_output(*written);
  return written.has_value();
}

bool Connection::write_some() {
  if (tls_) return write_output();
  std::array<iovec, pieces_per_write> pieces;
  const auto written = write({pieces.data(), gather(pieces)});
  if (written) outbox_used(*written);
  return written.has_value();
}

// How many of the pieces it has filled.
std::size_t Connection::gather(std::span<iovec> pieces) const {
  std::size_t count = 0;
  std::size_t offset = first_offset_;
  for (OutboxNode* node = outbox_.first(); node && count < pieces.size(); node = node->next) {
    const std::string_view bytes = node->bytes.view();
    pieces[count++] = {const_cast<char*>(bytes.data()) + offset, bytes.size() - offset};
    offset = 0;
  }
  return count;
}

std::optional<std::size_t> Connection::write(std::span<iovec> pieces) {
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = pieces.size();
  const ssize_t result = ::sendmsg(fd(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (result >= 0) return static_cast<std::size_t>(result);
  if (errno == EINTR) return 0;
  if (errno == EAGAIN) {
    watch_for(true);
  } else {
    close(CloseReason::stream_error);
  }
  return std::nullopt;
}

void Connection::outbox_used(std::size_t bytes) {
  outbox_bytes_ -= bytes;
  while (bytes > 0) {
    const std::size_t rest = outbox_.first()->bytes.size() - first_offset_;
    if (bytes < rest) {
      first_offset_ += bytes;
      break;
    }
    bytes -= rest;
    first_offset_ = 0;
    outbox_.pop(shard_->outbox_pool());
  }
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
