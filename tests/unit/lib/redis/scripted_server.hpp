// A server on 127.0.0.1 that answers Redis' commands as a test says.
// SPDX-License-Identifier: MIT
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/guarded.hpp"

namespace coterie::tests {

class ScriptedServer {
 public:
  using Words = std::vector<std::string>;
  // What is written for a command; "" is silence, nullopt closes the connection.
  using Answer = std::function<std::optional<std::string>(const Words&)>;

  explicit ScriptedServer(Answer answer) : answer_(std::move(answer)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_, 64), 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    accepting_ = std::jthread([this] { accept(); });
  }
  ~ScriptedServer() {
    ::shutdown(listener_, SHUT_RDWR);
    accepting_.join();
    cut_all();
    serving_.clear();
    for (const int fd : fds_.with([](auto& fds) { return fds; })) ::close(fd);
    ::close(listener_);
  }

  std::uint16_t port() const { return port_; }
  std::size_t connections() const {
    return fds_.with([](const auto& fds) { return fds.size(); });
  }
  std::vector<Words> commands() const {
    return commands_.with([](const auto& commands) { return commands; });
  }
  // How often a command came.
  std::ptrdiff_t count(const Words& words) const { return std::ranges::count(commands(), words); }
  // As when Redis is started again: every connection that is open now is closed.
  void cut_all() {
    fds_.with([](auto& fds) {
      for (const int fd : fds) ::shutdown(fd, SHUT_RDWR);
    });
  }

 private:
  void accept() {
    for (int fd; (fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) {
      fds_.with([fd](auto& fds) { fds.push_back(fd); });
      serving_.emplace_back([this, fd] { serve(fd); });
    }
  }
  void serve(int fd) {
    std::string bytes;
    char piece[4096];
    for (ssize_t got; (got = ::recv(fd, piece, sizeof piece, 0)) > 0;) {
      bytes.append(piece, static_cast<std::size_t>(got));
      while (const auto words = take_command(bytes)) {
        commands_.with([&](auto& commands) { commands.push_back(*words); });
        const auto answer = answer_(*words);
        if (!answer) {
          ::shutdown(fd, SHUT_RDWR);
          return;
        }
        ::send(fd, answer->data(), answer->size(), MSG_NOSIGNAL);
      }
    }
  }
  // The first whole command of `bytes`, removed from them.
  static std::optional<Words> take_command(std::string& bytes) {
    std::size_t at = 0;
    const auto number = [&]() -> std::optional<std::size_t> {
      const std::size_t end = bytes.find("\r\n", at);
      if (end == std::string::npos) return std::nullopt;
      std::size_t value = 0;
      std::from_chars(bytes.data() + at + 1, bytes.data() + end, value);
      at = end + 2;
      return value;
    };
    const auto count = number();
    Words words;
    for (std::size_t i = 0; count && i < *count; ++i) {
      const auto size = number();
      if (!size || bytes.size() < at + *size + 2) return std::nullopt;
      words.push_back(bytes.substr(at, *size));
      at += *size + 2;
    }
    if (words.empty()) return std::nullopt;
    bytes.erase(0, at);
    return words;
  }

  const Answer answer_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  Guarded<std::vector<int>> fds_;  // Kept to the end, so that no number means two connections.
  Guarded<std::vector<Words>> commands_;
  std::vector<std::jthread> serving_;
  std::jthread accepting_;
};

}  // namespace coterie::tests
