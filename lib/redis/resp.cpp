// SPDX-License-Identifier: MIT
#include "redis/resp.hpp"

#include <fmt/format.h>
#include <hiredis/hiredis.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

namespace coterie::redis {

namespace {

constexpr int nesting_max = 8;  // Of lists in a reply: hiredis goes no deeper either.

// Error replies that are about the server, not about the command: another connection may do better.
bool is_unfit(std::string_view text) {
  constexpr std::array words{"LOADING",   "READONLY",    "MASTERDOWN", "NOAUTH",
                             "WRONGPASS", "CLUSTERDOWN", "TRYAGAIN"};
  return std::ranges::any_of(words, [&](std::string_view word) { return text.starts_with(word); });
}

Result<Reply> to_reply(const redisReply& reply, int depth) {
  switch (reply.type) {
    case REDIS_REPLY_NIL:
      return Reply();
    case REDIS_REPLY_INTEGER:
      return Reply(Reply::Value(std::int64_t{reply.integer}));
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
      return Reply(Reply::Value(std::string(reply.str, reply.len)));
    case REDIS_REPLY_ERROR: {
      std::string text(reply.str, reply.len);
      if (is_unfit(text)) return Error("redis_failed", std::move(text));
      return Error("redis_refused", std::move(text));
    }
    default:
      break;
  }
  if (reply.type != REDIS_REPLY_ARRAY || depth == nesting_max) {
    return Error("redis_failed", "an answer of a kind that Redis does not give");
  }
  Reply::List list;
  list.reserve(reply.elements);
  for (std::size_t i = 0; i < reply.elements; ++i) {
    auto element = to_reply(*reply.element[i], depth + 1);
    if (!element) return element.error();
    list.push_back(std::move(*element));
  }
  return Reply(Reply::Value(std::move(list)));
}

}  // namespace

std::optional<Command> auth_of(const std::string& username, const std::string& password) {
  if (password.empty()) return std::nullopt;
  if (username.empty()) return Command{"AUTH", password};
  return Command{"AUTH", username, password};
}

void append_command(const Command& command, std::string& bytes) {
  fmt::format_to(std::back_inserter(bytes), "*{}\r\n", command.size());
  for (const std::string& word : command) {
    fmt::format_to(std::back_inserter(bytes), "${}\r\n", word.size());
    bytes.append(word).append("\r\n");
  }
}

Result<Reply> to_reply(const redisReply& reply) {
  return to_reply(reply, 0);
}

}  // namespace coterie::redis
