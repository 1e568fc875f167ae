// SPDX-License-Identifier: MIT
#include "storage/redis_ttl_store.hpp"

#include <algorithm>
#include <vector>

#include "base/log.hpp"

namespace coterie::storage {

namespace {

using redis::Command;
using redis::Repeat;
using redis::Reply;
using std::chrono::seconds;

constexpr std::size_t batch_max = 1000;  // Keys asked about in one round trip.
// For a key without an expiry, which only others can have written.
constexpr seconds for_ever = std::chrono::days(365);

constexpr const char* take_script = R"(
  local value, left = redis.call('GET', KEYS[1]), redis.call('PTTL', KEYS[1])
  redis.call('DEL', KEYS[1])
  return {value, left})";

constexpr const char* count_script = R"(
  local value = redis.call('INCR', KEYS[1])
  if redis.call('PTTL', KEYS[1]) < 0 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
  return {value, redis.call('PTTL', KEYS[1])})";

Error unavailable(const Error& error) {
  // An outage is the client's to tell, once; that Redis refuses a command is told here.
  if (error.code == "redis_refused") log::error("Redis: {}", error.detail);
  return Error("sessions_unavailable", error.detail);
}

seconds left_of(std::int64_t milliseconds) {
  if (milliseconds == -1) return for_ever;
  return std::max(seconds(1), std::chrono::ceil<seconds>(std::chrono::milliseconds(milliseconds)));
}

// From [value, milliseconds left]. The key may have expired between the two.
Result<std::optional<TtlStore::Entry>> entry_of(const Reply& value, const Reply& left) {
  auto text = value.maybe_text();
  if (!text) return unavailable(text.error());
  const auto milliseconds = left.integer();
  if (!milliseconds) return unavailable(milliseconds.error());
  if (!*text || *milliseconds == -2) return std::optional<TtlStore::Entry>();
  return std::optional(TtlStore::Entry{std::move(**text), left_of(*milliseconds)});
}

Result<Reply::List> pair_of(const Result<Reply>& reply) {
  if (!reply) return unavailable(reply.error());
  auto list = reply->list();
  if (!list) return unavailable(list.error());
  if (list->size() != 2) return unavailable(Error("redis_refused", "the answer is no pair"));
  return list;
}

}  // namespace

Result<void> RedisTtlStore::put(std::string_view key, std::string_view value, seconds ttl) {
  const Command set{"SET", std::string(key), std::string(value), "EX", std::to_string(ttl.count())};
  if (const auto done = redis_.run(set, Repeat::harmless); !done) return unavailable(done.error());
  return {};
}

Result<std::optional<TtlStore::Entry>> RedisTtlStore::get(std::string_view key) {
  const std::vector<Command> commands{{"GET", std::string(key)}, {"PTTL", std::string(key)}};
  const auto replies = redis_.run(commands, Repeat::harmless);
  if (!replies) return unavailable(replies.error());
  return entry_of((*replies)[0], (*replies)[1]);
}

Result<std::optional<TtlStore::Entry>> RedisTtlStore::take(std::string_view key) {
  const Command script{"EVAL", take_script, "1", std::string(key)};
  const auto pair = pair_of(redis_.run(script, Repeat::never));
  if (!pair) return pair.error();
  return entry_of((*pair)[0], (*pair)[1]);
}

Result<void> RedisTtlStore::remove(std::string_view key) {
  const auto done = redis_.run({"DEL", std::string(key)}, Repeat::harmless);
  if (!done) return unavailable(done.error());
  return {};
}

Result<TtlStore::Count> RedisTtlStore::count(std::string_view key, seconds ttl) {
  const Command script{"EVAL", count_script, "1", std::string(key), std::to_string(ttl.count())};
  const auto pair = pair_of(redis_.run(script, Repeat::never));
  if (!pair) return pair.error();
  const auto value = (*pair)[0].integer();
  const auto left = (*pair)[1].integer();
  if (!value) return unavailable(value.error());
  if (!left) return unavailable(left.error());
  return Count{*value, left_of(*left)};
}

Result<void> RedisTtlStore::sweep(std::span<const std::string> watched, const OnGone& on_gone) {
  while (!watched.empty()) {
    const auto batch = watched.first(std::min(batch_max, watched.size()));
    watched = watched.subspan(batch.size());
    std::vector<Command> commands;
    for (const std::string& key : batch) commands.push_back({"EXISTS", key});
    const auto replies = redis_.run(commands, Repeat::harmless);
    if (!replies) return unavailable(replies.error());
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const auto exists = (*replies)[i].integer();
      if (!exists) return unavailable(exists.error());
      if (*exists == 0) on_gone(batch[i]);
    }
  }
  return {};
}

}  // namespace coterie::storage
