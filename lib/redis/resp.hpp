// The words that go to Redis and those that come back, between our types and hiredis'.
//
// The wire is RESP 2 (redis.io/docs/reference/protocol-spec):
//   command = "*" count CRLF *( "$" length CRLF bytes CRLF )
// Replies are read by hiredis' reader.
// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "redis/reply.hpp"

struct redisReply;

namespace coterie::redis {

using Command = std::vector<std::string>;  // Its name, then its arguments; any bytes.

// What a connection says of itself first; nullopt: Redis asks for nothing.
std::optional<Command> auth_of(const std::string& username, const std::string& password);

void append_command(const Command& command, std::string& bytes);

// Errors "redis_refused", an error reply to a command; "redis_failed", one that is about the server
// and not about the command, or a kind of reply that Redis does not give.
Result<Reply> to_reply(const redisReply& reply);

}  // namespace coterie::redis
