// The commands of one run on their way to the servers that have their keys; sans-I/O.
//
//   Errands errands(commands);
//   while (!errands.are_done()) for (each batch of errands.take_batches(map)) ask, errands.take();
//
// A command that a server refuses to one of its slots has not run: it goes where that server says.
// What was asked of one server keeps its order there, and all replies come in that of the commands.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "redis/slots.hpp"

namespace coterie::redis {

class Errands {
 public:
  explicit Errands(std::span<const Command> commands)
      : commands_(commands), asked_(commands.size()), replies_(commands.size()) {}

  // For one server, in one round trip.
  struct Batch {
    Place place;
    std::vector<Command> commands;   // With ASKING before those that the server said to ask there.
    std::vector<std::size_t> meant;  // For each of these the place of its reply; `none`: nowhere.
  };
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  // All that has no reply yet.
  std::vector<Batch> take_batches(const SlotMap& map);
  // What was answered to a batch. Returns what is known now of slots that are elsewhere.
  std::vector<Redirect> take(const Batch& batch, std::vector<Result<Reply>> replies);

  bool are_done() const;
  // Once they are done. The first error reply is the Error.
  Result<std::vector<Reply>> replies() &&;

 private:
  const std::span<const Command> commands_;
  std::vector<std::optional<Place>> asked_;  // Where to ask for this once.
  std::vector<std::optional<Result<Reply>>> replies_;
};

}  // namespace coterie::redis
