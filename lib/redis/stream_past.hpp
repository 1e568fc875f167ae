// Entries of namespaces that this server does not have (yet): a client that comes from another
// server may be the first in one, and wants what it has missed there.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "redis/cluster_wire.hpp"

namespace coterie::redis {

class StreamPast {
 public:
  explicit StreamPast(std::chrono::milliseconds time) : time_(time.count()) {}

  // Nothing is known from before `from`.
  void restart(const socketio::Offset& from) {
    entries_.clear();
    bytes_ = 0;
    closed_.clear();
    forgotten_ = from;
  }
  void add(StreamEntry entry) {
    const std::uint64_t now = entry.id.time;
    bytes_ += entry.data.size();
    entries_.push_back(std::move(entry));
    while (!entries_.empty() && is_too_much(now)) forget_first();
  }
  // Up to there a server that had it has seen the events of that namespace, and keeps none.
  void close(const std::string& nsp, const socketio::Offset& at) {
    std::erase_if(closed_, [this](const auto& each) { return each.second <= forgotten_; });
    if (closed_.size() >= closed_max) return restart(at);
    closed_.insert_or_assign(nsp, at);
  }

  // What is known of a namespace begins behind that.
  socketio::Offset begin_of(const std::string& nsp) const {
    const auto found = closed_.find(nsp);
    return found == closed_.end() ? forgotten_ : std::max(forgotten_, found->second);
  }
  std::vector<StreamEntry> take(std::string_view nsp) {
    std::vector<StreamEntry> taken;
    for (const StreamEntry& entry : entries_) {
      if (entry.nsp == nsp) taken.push_back(entry);
    }
    std::erase_if(entries_, [&](const StreamEntry& entry) { return entry.nsp == nsp; });
    for (const StreamEntry& entry : taken) bytes_ -= entry.data.size();
    return taken;
  }
  std::size_t size() const { return entries_.size(); }

 private:
  static constexpr std::size_t entries_max = 100'000;
  static constexpr std::size_t bytes_max = 16'000'000;
  static constexpr std::size_t closed_max = 10'000;

  bool is_too_much(std::uint64_t now) const {
    return entries_.size() > entries_max || bytes_ > bytes_max ||
           entries_.front().id.time + static_cast<std::uint64_t>(time_) < now;
  }
  void forget_first() {
    forgotten_ = entries_.front().id;
    bytes_ -= entries_.front().data.size();
    entries_.pop_front();
  }

  const std::int64_t time_;
  std::deque<StreamEntry> entries_;
  std::size_t bytes_ = 0;
  socketio::Offset forgotten_;
  std::unordered_map<std::string, socketio::Offset> closed_;  // By name
};

}  // namespace coterie::redis
