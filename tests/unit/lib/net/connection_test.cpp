// SPDX-License-Identifier: MIT
#include "net/connection.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/shard.hpp"

namespace coterie::net {
namespace {

constexpr std::size_t bound = 16 * 1024;  // Of what may wait; a socket of the kernel takes more.

class Silent final : public Connection::Protocol {
 public:
  explicit Silent(std::optional<CloseReason>& closed) : closed_(closed) {}
  std::size_t on_bytes(std::span<char> bytes) override { return bytes.size(); }
  void on_end() override {}
  void on_closed(CloseReason reason) override { closed_ = reason; }

 private:
  std::optional<CloseReason>& closed_;
};

// A connection on a shard whose turns the test takes, and the peer's end of its stream.
struct Fixture {
  Fixture() {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    peer = ends[1];
    family.push_back(std::make_unique<Shard>(0, family));
    in_a_turn([this, fd = ends[0]](Shard& shard) {
      connection = shard.adopt(std::make_unique<Connection>(fd, "127.0.0.1", bound));
      connection->set_protocol(std::make_unique<Silent>(closed));
    });
  }
  ~Fixture() {
    ::close(peer);
    family[0]->stop();
    family[0]->step();
  }

  template <class Use>
  void in_a_turn(Use use) {
    family[0]->post([this, use] { use(*family[0]); });
    family[0]->step();
  }
  std::size_t read_all() {
    std::vector<char> buffer(64 * 1024);
    std::size_t total = 0;
    for (;;) {
      const ssize_t count = ::read(peer, buffer.data(), buffer.size());
      if (count <= 0) return total;
      total += static_cast<std::size_t>(count);
    }
  }

  int peer = -1;
  std::vector<std::unique_ptr<Shard>> family;
  Connection* connection = nullptr;
  std::optional<CloseReason> closed;
};

TEST(Connection, may_say_more_in_a_turn_than_may_wait_when_the_kernel_takes_it) {
  Fixture f;
  f.in_a_turn([&f](Shard&) {
    for (int i = 0; i < 8; ++i) f.connection->send(SharedBytes(std::string(bound / 2, 'x')));
  });
  EXPECT_EQ(f.closed, std::nullopt);
  EXPECT_EQ(f.read_all(), 4 * bound);
}

TEST(Connection, is_closed_as_a_slow_consumer_when_the_kernel_takes_no_more) {
  Fixture f;
  std::size_t sent = 0;
  f.in_a_turn([&](Shard&) {
    for (int i = 0; i < 10'000 && f.connection->is_open(); ++i) {
      f.connection->send(SharedBytes(std::string(1000, 'x')));
      sent += 1000;
    }
  });
  EXPECT_EQ(f.closed, CloseReason::slow_consumer);
  EXPECT_LT(f.read_all(), sent);
}

TEST(Connection, is_closed_for_one_piece_that_is_larger_than_what_may_wait) {
  Fixture f;
  f.in_a_turn([&f](Shard&) { f.connection->send(SharedBytes(std::string(bound + 1, 'x'))); });
  EXPECT_EQ(f.closed, CloseReason::slow_consumer);
}

}  // namespace
}  // namespace coterie::net
