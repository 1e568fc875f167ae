// SPDX-License-Identifier: MIT
#include "redis/questions.hpp"

#include <utility>

namespace coterie::redis {

namespace {

constexpr std::size_t questions_max = 10'000;  // That wait at a time, each for its timeout at most.

}  // namespace

void Questions::ask(const std::string& channel, std::unique_ptr<Question> question,
                    std::chrono::milliseconds timeout,
                    const std::function<std::string(const std::string& id)>& encode) {
  // What cannot be asked now is not asked later: nobody would wait for the answers any more.
  if (!bus_.is_up() || open_.size() >= questions_max) return question->on_unasked();
  const std::string id = random_id(random_, id_length_);
  open_.insert_or_assign(id, std::move(question));
  bus_.count_subscribers(channel, [this, id](std::size_t servers) {
    const auto found = open_.find(id);
    if (found == open_.end()) return;
    found->second->on_count(servers > 0 ? servers - 1 : 0);  // Without this one.
    if (found->second->is_over()) open_.erase(id);
  });
  bus_.publish(channel, encode(id));
  bus_.run_after(timeout, [this, id] {
    if (const auto late = open_.extract(id)) late.mapped()->on_late();
  });
}

void Questions::on_response(const Response& response) {
  const auto found = open_.find(response.id);
  if (found == open_.end()) return;  // Of another server, or too late.
  found->second->on_response(response);
  if (found->second->is_over()) open_.erase(response.id);
}

}  // namespace coterie::redis
