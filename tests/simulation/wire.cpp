// SPDX-License-Identifier: MIT
#include "wire.hpp"

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

#include "base/check.hpp"

namespace coterie::simulation {

std::pair<int, int> Wire::ends(bool has_small_buffers) {
  std::array<int, 2> fds{};
  COTERIE_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds.data()) ==
                0);
  if (has_small_buffers) {
    const int bytes = 4096;  // The server's writes will stop half way.
    COTERIE_CHECK(::setsockopt(fds[1], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes) == 0);
  }
  return {fds[0], fds[1]};
}

Wire::Wire(World& world, int fd)
    : world_(world), fd_(fd), mood_(static_cast<Mood>(world.chance.below(3))) {}

Wire::~Wire() {
  cut();
}

void Wire::cut() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

void Wire::half_close() {
  if (fd_ >= 0) ::shutdown(fd_, SHUT_WR);
  outgoing_.clear();
}

// How many of the bytes that wait are moved at once. However it shreds, no network takes for ever.
std::size_t Wire::piece(std::size_t waiting) {
  if (world_.chance.one_in(10)) return std::max<std::size_t>(waiting, 1);
  if (waiting > 1500 && mood_ != Mood::swift) return waiting / 2;
  switch (mood_) {
    case Mood::swift:
      return 64 * 1024;
    case Mood::plain:
      return world_.chance.between(1, 2000);
    case Mood::shredded:
      return world_.chance.one_in(4) ? 1 : world_.chance.between(1, 80);
  }
  return 1;
}

void Wire::pump() {
  if (fd_ < 0 || is_frozen()) return;
  if (!outgoing_.empty()) {
    const std::size_t size = std::min(piece(outgoing_.size()), outgoing_.size());
    const ssize_t sent = ::send(fd_, outgoing_.data(), size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) moved_at_ = world_.clock.now();
    if (sent > 0) outgoing_.erase(0, static_cast<std::size_t>(sent));
    if (sent < 0 && errno != EAGAIN) outgoing_.clear();  // Nobody listens.
  }
  if (has_ended_) return;
  int waiting = 0;
  ::ioctl(fd_, FIONREAD, &waiting);
  std::array<char, 64 * 1024> buffer;
  const std::size_t size = std::min(piece(static_cast<std::size_t>(waiting)), buffer.size());
  const ssize_t got = ::recv(fd_, buffer.data(), size, MSG_DONTWAIT);
  if (got > 0) moved_at_ = world_.clock.now();
  if (got > 0) incoming.append(buffer.data(), static_cast<std::size_t>(got));
  if (got == 0 || (got < 0 && errno != EAGAIN)) has_ended_ = true;
}

bool Wire::is_quiet_for(milliseconds time) const {
  int waiting = 0;
  if (fd_ >= 0) ::ioctl(fd_, FIONREAD, &waiting);
  return waiting == 0 && incoming.empty() && outgoing_.empty() && !is_frozen() &&
         world_.clock.now() >= moved_at_ + time;
}

std::optional<HttpAnswer> take_answer(std::string& incoming) {
  const std::size_t end = incoming.find("\r\n\r\n");
  if (end == std::string::npos) return std::nullopt;
  const std::string_view head = std::string_view(incoming).substr(0, end + 2);
  HttpAnswer answer;
  std::from_chars(head.data() + 9, head.data() + 12, answer.status);
  std::size_t length = 0;
  constexpr std::string_view name = "\r\nContent-Length: ";
  if (const std::size_t at = head.find(name); at != std::string_view::npos) {
    std::from_chars(head.data() + at + name.size(), head.data() + head.size(), length);
  }
  if (incoming.size() < end + 4 + length) return std::nullopt;
  answer.body = incoming.substr(end + 4, length);
  incoming.erase(0, end + 4 + length);
  return answer;
}

std::optional<ServerFrame> take_frame(std::string& incoming, bool& broken) {
  if (incoming.size() < 2) return std::nullopt;
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(incoming[at]); };
  broken = (byte(0) & 0xF0U) != 0x80 || (byte(1) & 0x80U) != 0;
  if (broken) return std::nullopt;
  std::uint64_t length = byte(1);
  std::size_t header = 2;
  if (length >= 126) {
    const std::size_t bytes = length == 126 ? 2 : 8;
    header += bytes;
    if (incoming.size() < header) return std::nullopt;
    length = 0;
    for (std::size_t i = 2; i < header; ++i) length = length << 8 | byte(i);
  }
  if (incoming.size() < header + length) return std::nullopt;
  ServerFrame frame{byte(0) & 0x0FU, incoming.substr(header, length)};
  incoming.erase(0, header + length);
  return frame;
}

}  // namespace coterie::simulation
