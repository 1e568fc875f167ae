// SPDX-License-Identifier: MIT
#include "net/listener.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "base/log.hpp"
#include "net/shard.hpp"

namespace coterie::net {

namespace {

constexpr int backlog = 4096;
constexpr int accepts_per_turn = 256;

int spare_descriptor() {
  return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

std::string text_of(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
  } else if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) return text + std::strlen("::ffff:");
  }
  return text;
}

unsigned short bound_port(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  return ntohs(address.ss_family == AF_INET6
                   ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
                   : reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

// "fd:3" is a socket that listens already: whoever started us keeps it, too.
Result<int> take_over(std::string_view address) {
  int fd = -1;
  const std::string_view digits = address.substr(3);
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), fd);
  int is_listening = 0;
  socklen_t size = sizeof is_listening;
  if (problem != std::errc() || end != digits.data() + digits.size() ||
      ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &size) != 0 || !is_listening) {
    return Error("cannot_listen", std::string(address) + ": no socket that listens");
  }
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  return fd;
}

int bind_and_listen(const addrinfo& address) {
  const int fd = ::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(fd, address.ai_addr, address.ai_addrlen) == 0 && ::listen(fd, backlog) == 0) return fd;
  const int failure = errno;
  ::close(fd);
  errno = failure;
  return -1;
}

// Binds "HOST:PORT" and listens there.
Result<int> bind_to(std::string_view address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string_view::npos) {
    return Error{"cannot_listen", std::string(address) + ": wanted HOST:PORT"};
  }
  std::string host(address.substr(0, colon));
  const std::string port(address.substr(colon + 1));
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int failure =
          ::getaddrinfo(host.empty() ? nullptr : host.c_str(), port.c_str(), &hints, &found)) {
    return Error{"cannot_listen", std::string(address) + ": " + ::gai_strerror(failure)};
  }
  const int fd = bind_and_listen(*found);
  const int failure = errno;
  ::freeaddrinfo(found);
  if (fd < 0) return Error{"cannot_listen", std::string(address) + ": " + std::strerror(failure)};
  return fd;
}

}  // namespace

Result<std::unique_ptr<Listener>> Listener::open(std::string_view address, Accepted accepted) {
  const auto fd = address.starts_with("fd:") ? take_over(address) : bind_to(address);
  if (!fd) return fd.error();
  return std::unique_ptr<Listener>(new Listener(*fd, bound_port(*fd), std::move(accepted)));
}

Listener::Listener(int fd, unsigned short port, Accepted accepted)
    : Pollable(fd), port_(port), accepted_(std::move(accepted)), spare_fd_(spare_descriptor()) {}

Listener::~Listener() {
  // A socket that somebody else has, too, stays in an epoll that it is only closed in.
  if (const Shard* shard = Shard::here()) {
    ::epoll_ctl(shard->epoll_, EPOLL_CTL_DEL, fd(), nullptr);
  }
  if (spare_fd_ >= 0) ::close(spare_fd_);
}

void Listener::on_events(std::uint32_t) {
  for (int i = 0; i < accepts_per_turn; ++i) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    const int fd = ::accept4(this->fd(), reinterpret_cast<sockaddr*>(&address), &size,
                             SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno == EMFILE || errno == ENFILE) return refuse_one();
      if (errno == EINTR || errno == ECONNABORTED) continue;
      return;
    }
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    accepted_(fd, text_of(address));
  }
}

void Listener::refuse_one() {
  log::warn("out of file descriptors: a connection is refused (raise ulimit -n)");
  if (spare_fd_ >= 0) ::close(spare_fd_);
  const int fd = ::accept4(this->fd(), nullptr, nullptr, SOCK_CLOEXEC);
  if (fd >= 0) ::close(fd);
  spare_fd_ = spare_descriptor();
}

}  // namespace coterie::net
