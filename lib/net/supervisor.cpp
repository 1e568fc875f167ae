// SPDX-License-Identifier: MIT
#include "net/supervisor.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "base/log.hpp"

namespace coterie::net {

namespace {

constexpr std::uint64_t first_inherited = 3;  // Behind standard input, output and error.
constexpr std::uint64_t inherited_max = 64;   // More addresses nobody listens on.

const char* variable_of_process(const char* name) {
  return std::getenv(name);
}

std::optional<std::uint64_t> number(const Supervisor::Variable& variable, const char* name) {
  const char* raw = variable(name);
  const std::string_view text = raw ? raw : "";
  std::uint64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Children inherit the variables, but not what they mean.
bool is_us(const std::optional<std::uint64_t>& pid) {
  return pid && *pid == static_cast<std::uint64_t>(::getpid());
}

}  // namespace

Supervisor::Supervisor() : Supervisor(variable_of_process) {}

Supervisor::Supervisor(const Variable& variable) {
  if (const char* name = variable("NOTIFY_SOCKET")) socket_ = name;
  const auto interval = number(variable, "WATCHDOG_USEC");
  const bool is_ours = !variable("WATCHDOG_PID") || is_us(number(variable, "WATCHDOG_PID"));
  if (interval && *interval > 1 && is_ours) {
    watchdog_interval_ = std::chrono::microseconds(*interval / 2);
  }
}

void Supervisor::tell(const std::string& state) const {
  if (socket_.empty()) return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const bool is_path = socket_.front() == '/';
  if ((!is_path && socket_.front() != '@') || socket_.size() >= sizeof address.sun_path) return;
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  if (!is_path) address.sun_path[0] = '\0';
  // A path ends with its NUL; an abstract name is as long as it is.
  const std::size_t size =
      offsetof(sockaddr_un, sun_path) + socket_.size() + static_cast<std::size_t>(is_path);
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return;
  if (::sendto(fd, state.data(), state.size(), MSG_NOSIGNAL,
               reinterpret_cast<const sockaddr*>(&address), static_cast<socklen_t>(size)) < 0) {
    log::warn("NOTIFY_SOCKET {}: {}", socket_, std::strerror(errno));
  }
  ::close(fd);
}

void Supervisor::tell_reloading() const {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  tell(
      fmt::format("RELOADING=1\nMONOTONIC_USEC={}", now.tv_sec * 1'000'000LL + now.tv_nsec / 1000));
}

std::vector<std::string> inherited_listeners() {
  return inherited_listeners(variable_of_process);
}

std::vector<std::string> inherited_listeners(const Supervisor::Variable& variable) {
  std::vector<std::string> addresses;
  if (!is_us(number(variable, "LISTEN_PID"))) return addresses;
  const std::uint64_t count = std::min(number(variable, "LISTEN_FDS").value_or(0), inherited_max);
  for (std::uint64_t i = 0; i < count; ++i) {
    addresses.push_back(fmt::format("fd:{}", first_inherited + i));
  }
  return addresses;
}

}  // namespace coterie::net
