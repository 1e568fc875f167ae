// The least that a server of rooms can do: one thread, one epoll, no library. floor PORT
//
// It believes its clients: a frame lies whole in what recv() returns, a mask is applied and nothing
// is checked, the three packets that the load generator sends are told by their first characters.
// What a turn of the loop has for a connection leaves in one gathered write. Its figures are what
// the kernel costs, and almost nothing else.
// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace {

using Bytes = std::shared_ptr<const std::string>;

struct Connection {
  explicit Connection(int its_fd) : fd(its_fd) {}

  const int fd;
  bool is_upgraded = false;
  bool is_dirty = false;
  std::string room;
  std::vector<Bytes> out;
  std::size_t sent = 0;  // Of out.front().
};

std::string frame(std::string_view text) {
  std::string bytes(1, static_cast<char>(0x81));
  if (text.size() < 126) {
    bytes.push_back(static_cast<char>(text.size()));
  } else {
    bytes.push_back(126);
    bytes.push_back(static_cast<char>(text.size() >> 8));
    bytes.push_back(static_cast<char>(text.size() & 0xFF));
  }
  return bytes.append(text);
}

// What stands between `from` and `to` in text; empty when it does not.
std::string_view between(std::string_view text, std::string_view from, std::string_view to) {
  const std::size_t begin = text.find(from);
  if (begin == std::string_view::npos) return {};
  const std::size_t end = text.find(to, begin + from.size());
  if (end == std::string_view::npos) return {};
  return text.substr(begin + from.size(), end - begin - from.size());
}

std::string accept_key(std::string_view key) {
  const std::string salted = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest;
  ::SHA1(reinterpret_cast<const unsigned char*>(salted.data()), salted.size(), digest.data());
  std::array<unsigned char, 32> text{};
  ::EVP_EncodeBlock(text.data(), digest.data(), static_cast<int>(digest.size()));
  return reinterpret_cast<const char*>(text.data());
}

class Floor {
 public:
  explicit Floor(int listener) : listener_(listener), epoll_(::epoll_create1(0)) {
    watch(listener_, EPOLLIN, EPOLL_CTL_ADD);
  }

  [[noreturn]] void run() {
    std::array<epoll_event, 512> events;
    for (;;) {
      const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < count; ++i) {
        const int fd = events[static_cast<std::size_t>(i)].data.fd;
        if (fd == listener_) {
          accept();
        } else if (events[static_cast<std::size_t>(i)].events & EPOLLOUT) {
          watch(fd, EPOLLIN, EPOLL_CTL_MOD);
          flush(*connections_[static_cast<std::size_t>(fd)]);
        } else {
          receive(*connections_[static_cast<std::size_t>(fd)]);
        }
      }
      for (Connection* connection : dirty_) flush(*connection);
      dirty_.clear();
      for (const int fd : gone_) connections_[static_cast<std::size_t>(fd)].reset();
      for (const int fd : gone_) ::close(fd);
      gone_.clear();
    }
  }

 private:
  void watch(int fd, std::uint32_t events, int operation) {
    epoll_event event{events, {.fd = fd}};
    ::epoll_ctl(epoll_, operation, fd, &event);
  }

  void accept() {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const auto slot = static_cast<std::size_t>(fd);
    if (slot >= connections_.size()) connections_.resize(slot + 1);
    connections_[slot] = std::make_unique<Connection>(fd);
    watch(fd, EPOLLIN, EPOLL_CTL_ADD);
  }

  void receive(Connection& connection) {
    const ssize_t count = ::recv(connection.fd, buffer_.data(), buffer_.size(), 0);
    if (count <= 0) return leave(connection);
    const auto bytes = std::span(buffer_).first(static_cast<std::size_t>(count));
    if (connection.is_upgraded) return use_frames(connection, bytes);
    const std::string_view head(bytes.data(), bytes.size());
    connection.is_upgraded = true;
    connection.room = between(head, "&g=", " ");
    rooms_[connection.room].push_back(&connection);
    const std::string_view key = between(head, "Sec-WebSocket-Key: ", "\r\n");
    say(connection, std::make_shared<std::string>(
                        fmt::format("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                                    "Connection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n\r\n",
                                    accept_key(key)) +
                        frame(R"(0{"sid":"floor","upgrades":[],"pingInterval":25000,)"
                              R"("pingTimeout":20000,"maxPayload":1000000})")));
  }

  void use_frames(Connection& connection, std::span<char> bytes) {
    while (bytes.size() >= 6) {
      const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
      std::size_t length = byte(1) & 0x7F;
      std::size_t header = 6;
      if (length == 126) {
        length = static_cast<std::size_t>(byte(2)) << 8 | byte(3);
        header = 8;
      }
      if (bytes.size() < header + length) return;
      for (std::size_t i = 0; i < length; ++i) bytes[header + i] ^= bytes[header - 4 + i % 4];
      use(connection, {bytes.data() + header, length});
      bytes = bytes.subspan(header + length);
    }
  }

  void use(Connection& connection, std::string_view packet) {
    if (packet == "40") {
      say(connection, std::make_shared<std::string>(frame(R"(40{"sid":"floor"})")));
    } else if (packet.starts_with(R"(42["send")")) {
      const std::string_view group = between(packet, R"("g":")", "\"");
      const auto message = std::make_shared<std::string>(frame(fmt::format(
          R"(42["group-message:{0}",{{"id":{1},"type":0,"content":"{2}","userId":7,)"
          R"("groupId":"{0}","createAt":"2026-01-01T00:00:00.000Z",)"
          R"("updateAt":"2026-01-01T00:00:00.000Z","fileId":null,"coverId":null,"file":null,)"
          R"("cover":null,"t":{3},)"
          R"("user":{{"id":7,"username":"sender","nickname":"Sender","avatar":null}}}}])",
          group, ++last_id_, between(packet, R"("text":")", "\""),
          between(packet, R"("t":)", ","))));
      for (Connection* member : rooms_[std::string(group)]) say(*member, message);
    } else if (packet.starts_with("420")) {
      const std::string_view value = between(packet, ",", "]");
      say(connection, std::make_shared<std::string>(frame(fmt::format("430[{}]", value))));
    }
  }

  void say(Connection& connection, Bytes bytes) {
    connection.out.push_back(std::move(bytes));
    if (connection.is_dirty) return;
    connection.is_dirty = true;
    dirty_.push_back(&connection);
  }

  void flush(Connection& connection) {
    connection.is_dirty = false;
    std::array<iovec, 128> pieces;
    std::size_t begin = 0;
    while (begin < connection.out.size()) {
      std::size_t count = 0;
      for (; count < pieces.size() && begin + count < connection.out.size(); ++count) {
        const std::string& bytes = *connection.out[begin + count];
        const std::size_t skip = count == 0 ? connection.sent : 0;
        pieces[count] = {const_cast<char*>(bytes.data()) + skip, bytes.size() - skip};
      }
      msghdr message{};
      message.msg_iov = pieces.data();
      message.msg_iovlen = count;
      const ssize_t written = ::sendmsg(connection.fd, &message, MSG_NOSIGNAL);
      if (written < 0) {
        watch(connection.fd, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
        break;
      }
      connection.sent += static_cast<std::size_t>(written);
      while (begin < connection.out.size() && connection.sent >= connection.out[begin]->size()) {
        connection.sent -= connection.out[begin++]->size();
      }
    }
    connection.out.erase(connection.out.begin(),
                         connection.out.begin() + static_cast<std::ptrdiff_t>(begin));
    if (connection.out.empty()) std::vector<Bytes>().swap(connection.out);
  }

  void leave(Connection& connection) {
    ::epoll_ctl(epoll_, EPOLL_CTL_DEL, connection.fd, nullptr);
    std::erase(rooms_[connection.room], &connection);
    std::erase(dirty_, &connection);
    gone_.push_back(connection.fd);
  }

  const int listener_;
  const int epoll_;
  std::array<char, 65536> buffer_;
  std::vector<std::unique_ptr<Connection>> connections_;  // By file descriptor
  std::unordered_map<std::string, std::vector<Connection*>> rooms_;
  std::vector<Connection*> dirty_;
  std::vector<int> gone_;
  long last_id_ = 0;
};

int listen_on(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return -1;
  return ::listen(fd, 4096) == 0 ? fd : -1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: floor PORT\n");
    return 2;
  }
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  const int listener = listen_on(static_cast<std::uint16_t>(std::atoi(argv[1])));
  if (listener < 0) {
    fmt::print(stderr, "floor: cannot listen on {}\n", argv[1]);
    return 1;
  }
  std::make_unique<Floor>(listener)->run();
}
