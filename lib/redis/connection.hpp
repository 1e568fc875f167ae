// One connection to Redis: commands out, replies in, in order. Blocks; one thread at a time.
//
// hiredis connects and reads replies. Bytes we carry ourselves: it has no TLS, and would raise
// SIGPIPE on a cut connection.
//
// Errors: "redis_cut" (the other side went away), "redis_timeout", "redis_failed" (it cannot serve
// us, or does not speak Redis). After these three the connection is of no use any more. An error
// reply to one command is "redis_refused", and the connection as good as before.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "redis/address.hpp"
#include "redis/reply.hpp"
#include "redis/resp.hpp"
#include "redis/tls.hpp"

struct redisContext;

namespace coterie::redis {

struct Options {
  Address address = {};
  std::uint16_t database = 0;
  // To one server. A command takes some 50 µs, most of it on the way: more connections would wait
  // in Redis.
  std::size_t connections_max = 16;
  std::chrono::milliseconds connect_timeout{1000};
  std::chrono::milliseconds command_timeout{2000};  // Of silence, while an answer is awaited.
};

// The same at the place of one server, whatever has said where that is.
Options at(Options options, const Place& place);
// The same for a question that others may answer as well: a second for each step.
Options hurried(Options options);

class Connection {
 public:
  // Connects, authenticates, selects the database, and sees that Redis answers. Looking the host's
  // name up may take as long as the system's resolver does.
  static Result<std::unique_ptr<Connection>> open(const Options& options);

  // Sends all commands, then reads all replies, each of which may be an error reply.
  Result<std::vector<Result<Reply>>> run(std::span<const Command> commands);
  // Whether the other side has closed it (or said what nobody asked for) since the last reply.
  bool is_cut() const;

 private:
  struct Close {
    void operator()(redisContext* context) const;
  };
  using Context = std::unique_ptr<redisContext, Close>;

  Connection(Context context, std::unique_ptr<TlsClient> tls)
      : context_(std::move(context)), tls_(std::move(tls)) {}
  Result<void> send(std::string_view bytes);
  Result<void> write(std::string_view bytes);
  Result<Reply> read();
  Result<void> receive();

  const Context context_;
  const std::unique_ptr<TlsClient> tls_;  // Null: none.
};

// The answer to one command, over a connection made for it. An Error is "redis_refused" only when
// that is the answer.
Result<Reply> ask_once(const Options& options, const Command& command);

}  // namespace coterie::redis
