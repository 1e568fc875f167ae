// Accepts TCP connections for the shard that it lives on, the first one.
//
// When the process runs out of descriptors it accepts and closes at once,
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

class Listener final : public Pollable {
 public:
  // A connected socket and its peer's address.
  using Accepted = std::function<void(int fd, std::string peer)>;

  // Binds "HOST:PORT" ("0.0.0.0:3000", "[::1]:0") and listens, or takes over the socket "fd:3".
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
