// A TCP stream at home on one shard: reads into the shard's buffer, writes once a turn.
//
// READING. Bytes are received into one buffer that the whole shard shares and handed to the
// Protocol in place; only what a protocol leaves over (half a request head) is kept, in memory that
// is given back as soon as it is used up. WRITING. send() queues a pointer to shared bytes; at the
// end of the turn the shard flushes each connection that has any with one gathered, non-blocking
// sendmsg(2), many of them in one system call (write_batch), or before, when a turn has more to say
// than the queue's bound; only when the kernel's buffer is full does epoll watch for room. A reader
// so slow that the queue outgrows its bound then is closed: slow_consumer.
//
// TLS, where the listener has it, is a filter between the stream and all of the above: what comes
// is decrypted within the shard's buffer, and what waits is encrypted at the end of the turn, by
// the record, no more at once than one write is worth. The protocol does not notice. A stream cut
// short ends like one that says so: HTTP and WebSocket know themselves what is missing.
//
// CLOSING. close() is at once and forgets what is unsent. close_when_sent() flushes, half-closes
// and reads on (discarding) until the peer is done or two seconds have passed: closing with unread
// input would reset the stream, and the peer could lose our last words.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/bytes.hpp"
#include "net/outbox.hpp"
#include "net/pollable.hpp"
#include "net/tls.hpp"

struct iovec;

namespace coterie::net {

class Shard;
class WriteBatch;

enum class CloseReason : unsigned char {
  client_closed,    // The peer ended the stream.
  stream_error,     // Reset, or any other failure of the stream.
  finished,         // We said all that was to be said.
  protocol_error,   // The peer broke the protocol.
  timed_out,        // The peer was too slow to speak.
  slow_consumer,    // The peer was too slow to listen.
  server_stopping,  // The process ends.
};

class Connection final : public Pollable {
 public:
  // What is spoken over the connection. Owned by it; all calls come on its shard.
  class Protocol {
   public:
    virtual ~Protocol() = default;
    // Bytes have come; they may be altered in place. Returns how many are used up: the rest comes
    // again, in front of what comes next.
    virtual std::size_t on_bytes(std::span<char> bytes) = 0;
    // The peer will send no more. Unless the protocol still has an answer on its way it closes.
    virtual void on_end() = 0;
    // All that was sent has reached the kernel (only after want_drained()).
    virtual void on_drained() {}
    // The server stops. True: an answer is on its way, and the connection closes behind it.
    virtual bool on_stopping() { return false; }
    // The time for that is over: what is sent now still reaches the kernel, in front of the end.
    virtual void on_given_up() {}
    // The last call; the connection must not be used from here on.
    virtual void on_closed(CloseReason reason) = 0;
  };

  Connection(int fd, std::string peer, std::size_t outbox_bytes_max,
             std::unique_ptr<TlsStream> tls = nullptr);
  ~Connection() override;

  Shard& shard() const { return *shard_; }
  std::uint32_t serial() const { return serial_; }
  std::string peer() const;  // The peer's address without its port.
  bool is_secure() const { return tls_ != nullptr; }

  // Replaces the protocol; bytes not yet used go to the new one. The old one ends with this turn.
  void set_protocol(std::unique_ptr<Protocol> protocol);
  Protocol* protocol() const { return protocol_.get(); }

  void send(SharedBytes bytes);
  std::size_t unsent_bytes() const { return outbox_bytes_ + (tls_ ? tls_->output().size() : 0); }
  void want_drained() { wants_drained_ = true; }  // One on_drained(), when the outbox is empty.

  void close(CloseReason reason);
  void close_when_sent();
  bool is_open() const { return state_ == State::open; }
  // Says what is being said, then closes.
  void wind_up();
  void give_up();

  // A protocol that cannot take more stops the stream, and with it hears no end of it. Resuming
  // (which one may do at any time) hands it what it has left over.
  void pause_reading();
  void resume_reading();

  // Goes on living on another shard; `arrived` runs there. Takes effect when the protocol returns
  // from on_bytes(): only to be called in it, with nothing in the outbox.
  void move_to(Shard& shard, std::function<void(Connection&)> arrived);

  void on_events(std::uint32_t events) override;

 private:
  friend class Shard;
  enum class State : unsigned char { open, draining, lingering, closed };

  void receive();
  void receive_encrypted(std::span<const char> bytes);
  void use(std::span<char> bytes);
  void use_left_over();
  void end_input();
  bool has_room_for(std::size_t bytes) const;
  void flush_later();
  // A flush is begun by the batch, if there is one and it has room: it writes what it can.
  bool write_with(WriteBatch& batch);
  void written(std::size_t bytes) { outbox_used(bytes); }
  void flush();
  // The same out of turn: whoever is to be flushed at its end still is.
  void write_all();
  bool write_out();
  bool encrypt_some();
  void encrypt_record();
  bool write_some();
  bool write_output();
  std::size_t gather(std::span<iovec> pieces) const;
  std::optional<std::size_t> write(std::span<iovec> pieces);
  void outbox_used(std::size_t bytes);
  void watch_for(bool room);
  void half_close();
  bool has_left_over() const { return !left_over_.empty() || (tls_ && tls_->is_over()); }
  bool may_use() const { return state_ == State::open && !is_paused_ && !destination_; }
  void depart();

  Shard* shard_ = nullptr;  // Only on this shard
  std::unique_ptr<Protocol> protocol_;
  std::unique_ptr<TlsStream> tls_;  // Null: what is sent is what is said.
  Outbox outbox_;
  std::size_t outbox_bytes_ = 0;
  std::size_t first_offset_ = 0;  // Of the outbox's first bytes, how many are written.
  std::string left_over_;
  std::unique_ptr<std::pair<Shard*, std::function<void(Connection&)>>> destination_;
  std::uint32_t serial_ = 0;
  std::uint32_t watched_ = 0;
  std::uint32_t outbox_bytes_max_;
  State state_ = State::open;
  CloseReason close_reason_ = CloseReason::finished;
  bool is_paused_ = false;
  bool is_dirty_ = false;
  bool wants_drained_ = false;
  bool has_ended_ = false;  // The peer will send no more.
  std::string peer_;
};

}  // namespace coterie::net
