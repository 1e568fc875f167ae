// Accepts TCP connections and deals them out to the shards, round robin.
//
// Lives on the first shard. When the process runs out of descriptors it accepts and closes at once,
// with one descriptor kept for that, instead of spinning on a backlog it cannot take.
// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "net/pollable.hpp"

namespace coterie::net {

class Connection;

class Listener final : public Pollable {
 public:
  // A connected socket and its peer's address, for a shard of the receiver's choice.
  using Accepted = std::function<void(int fd, std::string peer)>;

  // Binds "HOST:PORT" ("0.0.0.0:3000", "[::1]:0") and listens.
  static Result<std::unique_ptr<Listener>> open(std::string_view address, Accepted accepted);
  ~Listener() override;

  unsigned short port() const { return port_; }
  void on_events(std::uint32_t events) override;

 private:
  Listener(int fd, unsigned short port, Accepted accepted);
  void refuse_one();

  const unsigned short port_;
  const Accepted accepted_;
  int spare_fd_;
};

}  // namespace coterie::net
