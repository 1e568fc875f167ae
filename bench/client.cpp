// SPDX-License-Identifier: MIT
#include "client.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace coterie::bench {

Client::Client(std::uint16_t port, std::string query, OnEvent on_event)
    : port_(port), query_(std::move(query)), on_event_(std::move(on_event)) {
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 &&
      errno != EINPROGRESS) {
    state_ = State::failed;
  }
}

Client::~Client() {
  ::close(fd_);
}

void Client::write(std::string_view bytes) {
  // Requests are small and loopback buffers are not: a short write means something is broken.
  if (::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size())) {
    state_ = State::failed;
  }
}

void Client::send_text(std::string_view text) {
  std::string frame;
  frame.push_back(static_cast<char>(0x81));
  if (text.size() < 126) {
    frame.push_back(static_cast<char>(0x80 | text.size()));
  } else {
    frame.push_back(static_cast<char>(0x80 | 126));
    frame.push_back(static_cast<char>(text.size() >> 8));
    frame.push_back(static_cast<char>(text.size() & 0xFF));
  }
  frame.append(4, '\0');  // A mask of zeros leaves the text as it is.
  frame.append(text);
  write(frame);
}

void Client::emit(std::string_view array) {
  send_text("42" + std::string(array));
}

void Client::on_ready() {
  if (state_ == State::failed) return;
  if (state_ == State::connecting) {
    state_ = State::upgrading;
    write("GET /socket.io/?EIO=4&transport=websocket&" + query_ +
          " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port_) +
          "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
    return;
  }
  std::array<char, 64 * 1024> buffer;
  const ssize_t count = ::recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) {
    state_ = State::failed;
    return;
  }
  in_.append(buffer.data(), static_cast<std::size_t>(count));
  if (state_ == State::upgrading) {
    const std::size_t end = in_.find("\r\n\r\n");
    if (end == std::string::npos) return;
    if (!in_.starts_with("HTTP/1.1 101")) {
      state_ = State::failed;
      return;
    }
    in_.erase(0, end + 4);
    state_ = State::joining;
  }
  read_frames();
}

void Client::read_frames() {
  std::size_t at = 0;
  while (in_.size() - at >= 2) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(in_[at + i]); };
    std::size_t length = byte(1) & 0x7F;
    std::size_t header = 2;
    if (length >= 126) {
      const std::size_t wide = length == 126 ? 2 : 8;
      if (in_.size() - at < 2 + wide) break;
      length = 0;
      for (std::size_t i = 0; i < wide; ++i) length = length << 8 | byte(2 + i);
      header += wide;
    }
    if (in_.size() - at < header + length) break;
    if ((byte(0) & 0x0F) == 8) state_ = State::failed;
    if ((byte(0) & 0x0F) == 1) use(std::string_view(in_).substr(at + header, length));
    at += header + length;
  }
  in_.erase(0, at);
}

void Client::use(std::string_view packet) {
  if (packet.starts_with("42")) {
    on_event_(*this, packet.substr(2));
  } else if (packet == "2") {
    ++pings_;
    send_text("3");
  } else if (packet.starts_with('0')) {
    send_text("40");
  } else if (packet.starts_with("40")) {
    state_ = State::connected;
  } else if (packet.starts_with("41") || packet.starts_with("44")) {
    state_ = State::failed;
  }
}

}  // namespace coterie::bench
