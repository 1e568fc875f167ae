// Who writes to the stream, and how far each has counted: what comes twice is known, and so is what
// is missing. Every reader sees the same entries in the same order, and so decides the same.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "socketio/offset.hpp"

namespace coterie::redis {

class StreamSenders {
 public:
  enum class Verdict : std::uint8_t { next, repeated, next_after_gap };

  // The first that is seen of a sender is taken for its next.
  Verdict see(const std::string& uid, std::uint64_t number, const socketio::Offset& at) {
    const auto [found, is_new] = senders_.try_emplace(uid, Sender{number, at.time});
    if (is_new) return trim(at.time), Verdict::next;
    Sender& sender = found->second;
    sender.seen = at.time;
    if (number <= sender.number) return Verdict::repeated;
    const bool has_gap = number - sender.number > 1;
    sender.number = number;
    return has_gap ? Verdict::next_after_gap : Verdict::next;
  }
  void clear() { senders_.clear(); }
  std::size_t size() const { return senders_.size(); }

 private:
  static constexpr std::size_t senders_kept =
      256;  // However old: nodes that restart have new names.
  static constexpr std::size_t senders_max = 10'000;           // Somebody makes names up.
  static constexpr std::uint64_t forgotten_after = 3'600'000;  // ms; connections break before that.

  struct Sender {
    std::uint64_t number;
    std::uint64_t seen;
  };
  void trim(std::uint64_t now) {
    if (senders_.size() <= senders_kept) return;
    std::erase_if(senders_,
                  [&](const auto& each) { return each.second.seen + forgotten_after < now; });
    if (senders_.size() > senders_max) senders_.clear();
  }

  std::unordered_map<std::string, Sender> senders_;  // By uid
};

}  // namespace coterie::redis
