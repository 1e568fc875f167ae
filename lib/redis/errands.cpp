// SPDX-License-Identifier: MIT
#include "redis/errands.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"

namespace coterie::redis {

std::vector<Errands::Batch> Errands::take_batches(const SlotMap& map) {
  std::vector<Batch> batches;
  for (std::size_t i = 0; i < commands_.size(); ++i) {
    if (replies_[i]) continue;
    const auto asked = std::exchange(asked_[i], std::nullopt);
    const Place& place = asked ? *asked : map.place_of(commands_[i]);
    auto batch = std::ranges::find(batches, place, &Batch::place);
    if (batch == batches.end()) batch = batches.insert(batch, Batch{place, {}, {}});
    if (asked) {
      batch->commands.push_back({"ASKING"});
      batch->meant.push_back(none);
    }
    batch->commands.push_back(commands_[i]);
    batch->meant.push_back(i);
  }
  return batches;
}

std::vector<Redirect> Errands::take(const Batch& batch, std::vector<Result<Reply>> replies) {
  COTERIE_CHECK(replies.size() == batch.meant.size());
  std::vector<Redirect> moves;
  for (std::size_t i = 0; i < replies.size(); ++i) {
    if (batch.meant[i] == none) continue;
    auto& reply = replies[i];
    auto redirect = reply ? std::nullopt : parse_redirect(reply.error().detail, batch.place);
    if (!redirect) {
      replies_[batch.meant[i]] = std::move(reply);
    } else if (redirect->kind == Redirect::Kind::ask) {
      asked_[batch.meant[i]] = std::move(redirect->place);
    } else {
      moves.push_back(std::move(*redirect));
    }
  }
  return moves;
}

bool Errands::are_done() const {
  return std::ranges::all_of(replies_, [](const auto& reply) { return reply.has_value(); });
}

Result<std::vector<Reply>> Errands::replies() && {
  std::vector<Reply> all;
  all.reserve(replies_.size());
  for (auto& reply : replies_) {
    if (!*reply) return reply->error();
    all.push_back(std::move(**reply));
  }
  return all;
}

}  // namespace coterie::redis
