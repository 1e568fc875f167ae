// One connection to Redis for a thread that polls: commands out, replies in, nothing waits.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "redis/address.hpp"
#include "redis/resp.hpp"

struct redisReader;
struct redisReply;

namespace coterie::redis {

class Link {
 public:
  using OnReply = std::function<void(const redisReply&)>;

  // Begins to connect; Error "redis_cut". Looking up the host's name may wait.
  static Result<std::unique_ptr<Link>> connect(const Place& place, const Tls& tls,
                                               std::size_t reply_bytes_max);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  int fd() const { return fd_; }
  // What poll(2) shall wait for.
  short events() const;
  // Hands out the replies that have come and sends what waits. Errors "redis_cut" and
  // "redis_failed" (it does not speak Redis, or sends a string larger than is taken) end this link.
  Result<void> on_events(short events, const OnReply& on_reply);

  // Appends a command, which goes out with flush() or when poll says that it can.
  void send(const Command& command) { append_command(command, unsent_); }
  Result<void> flush();
  std::size_t unsent() const { return unsent_.size() + sealed_.size() - sent_; }

 private:
  struct FreeReader {
    void operator()(redisReader* reader) const;
  };

  Link(int fd, std::size_t reply_bytes_max);
  Result<void> finish_connecting();
  Result<void> receive(const OnReply& on_reply);

  const int fd_;
  const std::size_t reply_bytes_max_;
  const std::unique_ptr<redisReader, FreeReader> reader_;
  std::unique_ptr<TlsClient> tls_;  // Null: none.
  bool is_connecting_ = true;
  std::string unsent_;
  std::string sealed_;    // With TLS: what is made of it.
  std::size_t sent_ = 0;  // So many bytes of the one or the other are gone already.
};

}  // namespace coterie::redis
