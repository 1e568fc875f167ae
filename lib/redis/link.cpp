// SPDX-License-Identifier: MIT
#include "redis/link.hpp"

#include <fmt/format.h>
#include <hiredis/hiredis.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace coterie::redis {

namespace {

Error cut(int error) {
  return Error("redis_cut", std::generic_category().message(error));
}

}  // namespace

void Link::FreeReader::operator()(redisReader* reader) const {
  redisReaderFree(reader);
}

Link::Link(int fd, std::size_t reply_bytes_max)
    : fd_(fd), reply_bytes_max_(reply_bytes_max), reader_(redisReaderCreate()) {}

Link::~Link() {
  ::close(fd_);
}

Result<std::unique_ptr<Link>> Link::connect(const Place& place, const Tls& tls,
                                            std::size_t reply_bytes_max) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* raw = nullptr;
  const std::string port = std::to_string(place.port);
  const int failure = ::getaddrinfo(place.host.c_str(), port.c_str(), &hints, &raw);
  if (failure != 0) return Error("redis_cut", ::gai_strerror(failure));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> found(raw, ::freeaddrinfo);
  int error = ECONNREFUSED;
  for (const addrinfo* each = found.get(); each; each = each->ai_next) {
    const int fd = ::socket(each->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return cut(errno);
    auto link = std::unique_ptr<Link>(new Link(fd, reply_bytes_max));
    auto cipher = TlsClient::make(tls, place.host);
    if (!cipher) return cipher.error();
    link->tls_ = std::move(*cipher);
    const int yes = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (::connect(fd, each->ai_addr, each->ai_addrlen) == 0 || errno == EINPROGRESS) return link;
    error = errno;
  }
  return cut(error);
}

short Link::events() const {
  const bool wants_to_write = is_connecting_ || unsent() > 0;
  return static_cast<short>(POLLIN | (wants_to_write ? POLLOUT : 0));
}

Result<void> Link::on_events(short events, const OnReply& on_reply) {
  if (events == 0) return {};
  if (is_connecting_) {
    if (auto connected = finish_connecting(); !connected) return connected;
  }
  if (events & (POLLIN | POLLHUP | POLLERR)) {
    if (auto received = receive(on_reply); !received) return received;
  }
  return flush();
}

Result<void> Link::finish_connecting() {
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return cut(error);
  is_connecting_ = false;
  return {};
}

Result<void> Link::receive(const OnReply& on_reply) {
  std::array<char, 64 * 1024> buffer;
  const ssize_t got = ::recv(fd_, buffer.data(), buffer.size(), 0);
  if (got == 0) return Error("redis_cut", "it has closed the connection");
  if (got < 0) {
    if (errno == EAGAIN || errno == EINTR) return {};
    return cut(errno);
  }
  std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
  std::string plaintext;
  if (tls_) {
    const auto taken = tls_->receive(bytes, plaintext);
    if (!taken && plaintext.empty()) return taken;
    bytes = plaintext;
  }
  redisReaderFeed(reader_.get(), bytes.data(), bytes.size());
  for (;;) {
    void* raw = nullptr;
    if (redisReaderGetReply(reader_.get(), &raw) != REDIS_OK) {
      return Error("redis_failed", reader_->errstr);
    }
    if (!raw) break;
    const std::unique_ptr<void, decltype(&freeReplyObject)> reply(raw, freeReplyObject);
    on_reply(*static_cast<const redisReply*>(raw));
  }
  if (reader_->len - reader_->pos > reply_bytes_max_) {
    return Error("redis_failed", fmt::format("a reply of more than {} bytes", reply_bytes_max_));
  }
  return {};
}

Result<void> Link::flush() {
  if (is_connecting_) return {};
  if (tls_) {
    if (auto taken = tls_->send(std::exchange(unsent_, {})); !taken) return taken;
    sealed_ += tls_->take_ciphertext();
  }
  std::string& bytes = tls_ ? sealed_ : unsent_;
  while (sent_ < bytes.size()) {
    const ssize_t sent = ::send(fd_, bytes.data() + sent_, bytes.size() - sent_, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) return {};
    if (sent < 0) return cut(errno);
    sent_ += static_cast<std::size_t>(sent);
  }
  // A burst need not keep its memory.
  bytes.capacity() > 256 * 1024 ? bytes = std::string() : bytes.erase();
  sent_ = 0;
  return {};
}

}  // namespace coterie::redis
