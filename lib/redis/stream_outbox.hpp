// What this server has written and not yet seen in the stream. On the bus's thread.
//
// An entry leaves when it is read in the stream: until then it is written again whenever the
// connection has been made anew, in order. What was written twice bears one number, by which
// readers know it (redis/stream_senders.hpp).
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "redis/bus.hpp"

namespace coterie::redis {

class StreamOutbox {
 public:
  // `length` entries are kept in the stream, at least; `bytes_max` wait here.
  StreamOutbox(Bus& bus, std::string stream, std::size_t length, std::size_t bytes_max)
      : bus_(bus), stream_(std::move(stream)), length_(length), bytes_max_(bytes_max) {}

  // Numbers grow by one. When too much waits the oldest goes: readers miss its number.
  void add(std::uint64_t number, std::vector<std::string> fields);
  // It was read: so were all before it.
  void confirm(std::uint64_t number);
  // The connection has been made anew: what was on its way may be lost.
  void forget_sent() {
    sent_ = sent_bytes_ = 0;
    is_cut_ = false;
  }
  // Sends what may be on its way at a time. Only while the bus is up.
  void send();
  // Sends all: nobody will be here to send the rest later. Likewise; the connection may have been
  // made anew without our having been told yet.
  void send_all();

  std::size_t size() const { return waiting_.size(); }

 private:
  struct Entry {
    std::uint64_t number;
    std::vector<std::string> fields;
    std::size_t bytes;
  };
  void drop_first();
  void send_next();

  Bus& bus_;
  const std::string stream_;
  const std::size_t length_;
  const std::size_t bytes_max_;
  std::deque<Entry> waiting_;
  std::size_t bytes_ = 0;
  std::size_t sent_ = 0;  // So many of the first are on their way,
  std::size_t sent_bytes_ = 0;
  bool is_cut_ = false;  // and some of them may be lost.
};

}  // namespace coterie::redis
