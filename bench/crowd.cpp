// SPDX-License-Identifier: MIT
#include "crowd.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace coterie::bench {

namespace {

constexpr std::size_t events_per_turn = 256;

[[noreturn]] void give_up(std::string_view what) {
  fmt::print(stderr, "load: {}: {}\n", what, std::strerror(errno));
  std::exit(2);
}

}  // namespace

Stream::Stream(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (fd_ < 0) give_up("socket");
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    give_up("connect");
  }
}

Stream::~Stream() {
  ::close(fd_);
}

void Stream::write(std::string_view bytes) {
  while (!bytes.empty() && !has_failed_) {
    const ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno != EINTR) {
      fail();
    }
  }
}

void Stream::on_readable() {
  std::array<char, 64 * 1024> buffer;
  const ssize_t count = ::recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (count > 0) return on_bytes({buffer.data(), static_cast<std::size_t>(count)});
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  fail();
}

Crowd::Crowd() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_ < 0) give_up("epoll_create1");
}

Crowd::~Crowd() {
  ::close(epoll_);
}

void Crowd::add(Stream& stream) {
  epoll_event event{EPOLLIN, {.ptr = &stream}};
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, stream.fd(), &event) != 0) give_up("epoll_ctl");
}

void Crowd::turn(std::chrono::microseconds patience) {
  const auto micros = std::max<std::int64_t>(patience.count(), 0);
  const timespec time{micros / 1'000'000, micros % 1'000'000 * 1000};
  std::array<epoll_event, events_per_turn> events;
  const int count = ::epoll_pwait2(epoll_, events.data(), events_per_turn, &time, nullptr);
  for (int i = 0; i < count; ++i) {
    auto& stream = *static_cast<Stream*>(events[static_cast<std::size_t>(i)].data.ptr);
    stream.on_readable();
    // What is broken stays readable for ever.
    if (stream.has_failed()) ::epoll_ctl(epoll_, EPOLL_CTL_DEL, stream.fd(), nullptr);
  }
}

}  // namespace coterie::bench
