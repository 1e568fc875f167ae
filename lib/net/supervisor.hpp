// The program that looks after this process, systemd for one: what it hands over and wants to hear.
//
//   NOTIFY_SOCKET   a datagram socket; "@name" is one outside of the file system. It is told
//                   READY=1, STOPPING=1, WATCHDOG=1, and RELOADING=1 with MONOTONIC_USEC=<now>
//                   (sd_notify(3))
//   WATCHDOG_USEC   so often it wants to hear from us, when WATCHDOG_PID is us (or is not set)
//   LISTEN_FDS      so many sockets that listen already are descriptors 3, 4, …, when LISTEN_PID is
//                   us (sd_listen_fds(3))
// Where none of them is set nobody is told anything.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace coterie::net {

class Supervisor {
 public:
  using Variable = std::function<const char*(const char* name)>;  // As std::getenv.
  Supervisor();
  explicit Supervisor(const Variable& variable);

  // "READY=1". A supervisor that is not there is no trouble of ours.
  void tell(const std::string& state) const;
  void tell_reloading() const;
  // How often tell("WATCHDOG=1") is due: twice as often as it is missed.
  std::optional<std::chrono::microseconds> watchdog_interval() const { return watchdog_interval_; }

 private:
  std::string socket_;
  std::optional<std::chrono::microseconds> watchdog_interval_;
};

// "fd:3", "fd:4", … for Shards::listen(): the sockets that were handed over.
std::vector<std::string> inherited_listeners();
std::vector<std::string> inherited_listeners(const Supervisor::Variable& variable);

}  // namespace coterie::net
