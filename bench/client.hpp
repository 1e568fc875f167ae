// A Socket.IO client over WebSocket, as small as a load generator wants it: many on one thread.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace coterie::bench {

class Client {
 public:
  // Called with each event's JSON array text.
  using OnEvent = std::function<void(Client&, std::string_view)>;

  Client(std::uint16_t port, std::string query, OnEvent on_event);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  int fd() const { return fd_; }
  bool is_connected() const { return state_ == State::connected; }
  bool has_failed() const { return state_ == State::failed; }
  std::uint64_t pings() const { return pings_; }

  // To be called when epoll reports the descriptor readable or writable.
  void on_ready();
  // Sends an event: `array` is the whole JSON array.
  void emit(std::string_view array);

  int group = 0;  // For the load generator's books.
  std::int64_t last_id = 0;

 private:
  enum class State { connecting, upgrading, joining, connected, failed };

  void send_text(std::string_view text);
  void write(std::string_view bytes);
  void use(std::string_view packet);
  void read_frames();

  const std::uint16_t port_;
  const std::string query_;
  const OnEvent on_event_;
  int fd_ = -1;
  State state_ = State::connecting;
  std::string in_;
  std::uint64_t pings_ = 0;
};

}  // namespace coterie::bench
